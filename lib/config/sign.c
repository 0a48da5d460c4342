/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/sign.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "config/config.h"

/* ---- sections ---- */

static int
by_domain(const void *name, const void *one)
{
	return strcmp(
	    name, (*(const struct pst_sign_domain *const *)one)->domain);
}

static const struct pst_sign_domain *
named(const struct pst_sign_domains *domains, const char *name)
{
	const struct pst_sign_domain **found;

	if (domains->sorted == NULL)
		return NULL;
	found = bsearch(name, domains->sorted, domains->count,
	    sizeof(*domains->sorted), by_domain);
	return found == NULL ? NULL : *found;
}

const struct pst_sign_domain *
pst_sign_domains_find(
    const struct pst_sign_domains *domains, const char *from_domain)
{
	const struct pst_sign_domain *found = named(domains, from_domain);
	const char *name = pst_domain_parent(from_domain);

	if (found != NULL || name == NULL || domains->max_labels == 0)
		return found;
	/* Drop labels that cannot match, or 127 labels mean 127 searches. */
	name = pst_domain_last_labels(name, domains->max_labels);
	for (; name != NULL; name = pst_domain_parent(name)) {
		found = named(domains, name);
		if (found != NULL && found->subdomains)
			return found;
	}
	return NULL;
}

/* ---- logins ---- */

/* No login of an entry is longer (config/sign_reader.c). */
#define MAX_LOGIN 320

static int
by_login(const void *wanted, const void *entry)
{
	const struct pst_str *login = wanted;
	struct pst_str own = pst_str(((const struct pst_login *)entry)->login);

	for (size_t i = 0; i < login->len && i < own.len; i++) {
		int a = pst_lower(login->ptr[i]), b = own.ptr[i];

		if (a != b)
			return (unsigned char)a < (unsigned char)b ? -1 : 1;
	}
	return (login->len > own.len) - (login->len < own.len);
}

static const struct pst_login *
entry_of(const struct pst_logins *logins, struct pst_str login)
{
	return bsearch(&login, logins->items, logins->count,
	    sizeof(*logins->items), by_login);
}

static const struct pst_login *
closest(const struct pst_logins *logins, struct pst_str login)
{
	const struct pst_login *found;
	char any[MAX_LOGIN + 1];
	size_t at = pst_str_rfind(login, '@');

	if (login.len > 0 && login.len <= MAX_LOGIN) {
		found = entry_of(logins, login);
		if (found == NULL && at > 0 && at < login.len) {
			struct pst_str domain = pst_str_from(login, at);

			any[0] = '*';
			memcpy(any + 1, domain.ptr, domain.len);
			found = entry_of(
			    logins, (struct pst_str){any, 1 + domain.len});
		}
		if (found != NULL)
			return found;
	}
	return entry_of(logins, PST_STR("*"));
}

bool
pst_logins_allow(const struct pst_logins *logins, struct pst_str login,
    const char *from_domain)
{
	const struct pst_login *found;

	if (logins->count == 0)
		return true;
	found = closest(logins, login);
	for (size_t i = 0; found != NULL && i < found->domain_count; i++) {
		const char *domain = found->domains[i];

		if (domain[0] != '.' ? strcmp(domain, from_domain) == 0 :
				       strcmp(domain + 1, from_domain) != 0 &&
			    pst_domain_is_below(from_domain, domain + 1))
			return true;
	}
	return false;
}

/* ---- keys ---- */

/* A key that is to be read, and where the file asks for it. */
struct wanted {
	struct pst_sign_pair *pair;
	const struct pst_sign_domain *domain;
};

static int
by_file(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = strcmp(x->pair->file, y->pair->file);

	if (order != 0)
		return order;
	return (x->domain->line > y->domain->line) -
	    (x->domain->line < y->domain->line);
}

/* All pairs, sorted by file; the caller frees them. */
static struct wanted *
list_pairs(const struct pst_sign_domains *domains, size_t *count)
{
	struct wanted *all =
	    calloc(domains->count + 1, PST_SIGN_MAX * sizeof(*all));

	if (all == NULL)
		abort();
	*count = 0;
	for (size_t i = 0; i < domains->count; i++) {
		struct pst_sign_domain *one = &domains->items[i];

		for (size_t k = 0; k < one->pair_count; k++)
			all[(*count)++] = (struct wanted){&one->pairs[k], one};
	}
	if (*count > 0)
		qsort(all, *count, sizeof(*all), by_file);
	return all;
}

static bool
is_forbidden(const char *file)
{
	return faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) == -1 &&
	    errno == EACCES;
}

/* Reads the key of the first of some pairs with one file. */
static struct pst_sign_key *
read_key(const struct pst_config *config, const struct wanted *first,
    struct pst_problems *problems, size_t *forbidden)
{
	struct pst_sign_key *key;
	struct pst_err why;

	if (forbidden != NULL && is_forbidden(first->pair->file)) {
		(*forbidden)++;
		return NULL;
	}
	key = pst_sign_key_read(first->pair->file, &why);
	if (key == NULL)
		(void)pst_problems_add(problems, PST_PROBLEM_ERROR,
		    pst_config_file(config),
		    first->domain->written[PST_SIGN_KEY].line,
		    "sign \"%s\": key: %s", first->domain->domain, why.text);
	return key;
}

void
pst_sign_domains_check_keys(
    struct pst_config *config, struct pst_problems *problems, size_t *forbidden)
{
	size_t count, next;
	struct wanted *all = list_pairs(&config->sign_domains, &count);

	for (size_t i = 0; i < count; i = next) {
		struct pst_sign_key *key = all[i].pair->key;

		if (key == NULL)
			key = read_key(config, &all[i], problems, forbidden);
		all[i].pair->key = key;
		for (next = i + 1; next < count &&
		     strcmp(all[i].pair->file, all[next].pair->file) == 0;
		     next++) {
			if (key != NULL && all[next].pair->key == NULL)
				all[next].pair->key = pst_sign_key_ref(key);
		}
	}
	free(all);
}

bool
pst_sign_domains_read_keys(struct pst_config *config, struct pst_err *err)
{
	struct pst_problems problems = {.arena = pst_arena_new()};
	bool ok;

	pst_sign_domains_check_keys(config, &problems, NULL);
	pst_problems_sort(&problems);
	pst_problems_first(&problems, err);
	ok = problems.errors == 0;
	pst_arena_free(problems.arena);
	return ok;
}

void
pst_sign_domains_forget_keys(struct pst_config *config)
{
	struct pst_sign_domains *domains = &config->sign_domains;

	for (size_t i = 0; i < domains->count; i++) {
		struct pst_sign_domain *one = &domains->items[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			pst_sign_key_unref(one->pairs[k].key);
			one->pairs[k].key = NULL;
		}
	}
}

bool
pst_sign_is_used(const struct pst_config *config)
{
	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		if (pst_config_at(config, i)->sign)
			return true;
	}
	return false;
}

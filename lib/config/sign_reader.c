/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/sign_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "config/list_file.h"

const struct pst_titled_option pst_sign_options[PST_SIGN_OPTIONS] = {
    [PST_SIGN_SELECTOR] = {"selector", true, false},
    [PST_SIGN_KEY] = {"key", true, false},
    [PST_SIGN_SUBDOMAINS] = {"subdomains", false, false},
};

/* ---- sections ---- */

/* The arguments of pst_sign_domain_make(), for the functions below. */
struct maker {
	struct pst_sign_domain *domain;
	const char *title; /* escaped */
	struct pst_arena *arena;
	unsigned *line;
	struct pst_err *err;
};

static bool
fail_option(
    const struct maker *m, enum pst_sign_option option, const char *sentence)
{
	unsigned line = m->domain->written[option].line;

	*m->line = line == 0 ? m->domain->line : line;
	return pst_err_set(m->err, "sign \"%s\": %s%s%s", m->title,
	    line == 0 ? "" : pst_sign_options[option].name,
	    line == 0 ? "" : ": ", sentence);
}

static bool
take_title(const struct maker *m)
{
	const char *title = m->domain->domain;
	const char *name =
	    pst_domain_normalize(m->arena, pst_str(title + (title[0] == '.')));

	if (name == NULL)
		return pst_err_set(m->err,
		    "the title of a section sign must be a domain, as in sign "
		    "\"example.com\", not \"%s\"",
		    m->title);
	if (title[0] == '.')
		return pst_err_set(m->err,
		    "sign \"%s\": write sign \"%s\" with subdomains = yes to "
		    "sign mail of all domains below it",
		    m->title, name);
	m->domain->domain = name;
	return true;
}

static bool
take_counts(const struct maker *m)
{
	const struct pst_titled_value *selectors =
	    &m->domain->written[PST_SIGN_SELECTOR];
	const struct pst_titled_value *keys = &m->domain->written[PST_SIGN_KEY];

	if (selectors->count == 0)
		return fail_option(m, PST_SIGN_SELECTOR,
		    "there is no selector; write selector = s1, the name under "
		    "which the public key is published");
	if (keys->count == 0)
		return fail_option(m, PST_SIGN_KEY,
		    "there is no key; write key = \"/path/of/the/private/key\"");
	if (selectors->count > PST_SIGN_MAX)
		return fail_option(m, PST_SIGN_SELECTOR,
		    pst_arena_printf(m->arena,
			"a message gets %d signatures at most; remove some "
			"selectors and their keys",
			PST_SIGN_MAX));
	if (selectors->count != keys->count)
		return fail_option(m, PST_SIGN_KEY,
		    pst_arena_printf(m->arena,
			"each selector needs one key file, in the same order, "
			"but there are %zu and %zu; correct one of the lists",
			selectors->count, keys->count));
	return true;
}

/* Only the syntax counts: selectors are often dates, such as 20260701. */
static bool
take_selector(
    const struct maker *m, struct pst_sign_pair *pair, const char *text)
{
	const size_t more = sizeof("._domainkey.") - 1;
	char *selector = pst_arena_strdup(m->arena, text);

	if (!pst_domain_is_ldh(pst_str(text)))
		return fail_option(m, PST_SIGN_SELECTOR,
		    pst_arena_printf(m->arena,
			"\"%s\" cannot be part of a domain name; write letters, "
			"digits and hyphens, as in s1",
			pst_list_shown(m->arena, pst_str(text))));
	if (strlen(text) + more + strlen(m->domain->domain) > PST_DOMAIN_MAX)
		return fail_option(m, PST_SIGN_SELECTOR,
		    "its name in the DNS would be too long; choose a shorter "
		    "one");
	for (char *c = selector; *c != '\0'; c++)
		*c = pst_lower(*c);
	for (size_t i = 0; i < m->domain->pair_count; i++) {
		if (strcmp(m->domain->pairs[i].selector, selector) == 0)
			return fail_option(m, PST_SIGN_SELECTOR,
			    pst_arena_printf(m->arena,
				"%s is there twice, and a selector has one "
				"key; remove one",
				selector));
	}
	pair->selector = selector;
	return true;
}

static bool
take_pairs(const struct maker *m)
{
	const struct pst_titled_value *written = m->domain->written;

	for (size_t i = 0; i < written[PST_SIGN_SELECTOR].count; i++) {
		struct pst_sign_pair pair = {
		    .file = written[PST_SIGN_KEY].parts[i]};

		if (!take_selector(
			m, &pair, written[PST_SIGN_SELECTOR].parts[i]))
			return false;
		/* The daemon's working directory must not matter. */
		if (pair.file[0] != '/')
			return fail_option(m, PST_SIGN_KEY,
			    pst_arena_printf(m->arena,
				"\"%s\" must be the absolute path of a file, "
				"as in /etc/postern/keys/s1.pem",
				pst_list_shown(m->arena, pst_str(pair.file))));
		m->domain->pairs[m->domain->pair_count++] = pair;
	}
	return true;
}

static bool
take_subdomains(const struct maker *m)
{
	const struct pst_titled_value *value =
	    &m->domain->written[PST_SIGN_SUBDOMAINS];

	if (value->line == 0)
		return true;
	m->domain->subdomains = strcmp(value->parts[0], "yes") == 0;
	return m->domain->subdomains || strcmp(value->parts[0], "no") == 0 ||
	    fail_option(m, PST_SIGN_SUBDOMAINS, "must be yes or no");
}

bool
pst_sign_domain_make(struct pst_sign_domain *domain, struct pst_arena *arena,
    unsigned *line, struct pst_err *err)
{
	const struct maker m = {domain,
	    pst_list_shown(arena, pst_str(domain->domain)), arena, line, err};

	*line = domain->line;
	return take_title(&m) && take_counts(&m) && take_pairs(&m) &&
	    take_subdomains(&m);
}

static int
by_domain(const void *a, const void *b)
{
	const struct pst_sign_domain *x =
	    *(const struct pst_sign_domain *const *)a;
	const struct pst_sign_domain *y =
	    *(const struct pst_sign_domain *const *)b;
	int order = strcmp(x->domain, y->domain);

	if (order != 0)
		return order;
	return (x->line > y->line) - (x->line < y->line);
}

bool
pst_sign_domains_index(struct pst_sign_domains *domains,
    struct pst_arena *arena, const char *file, struct pst_problems *problems)
{
	size_t count = domains->count, labels;
	bool good = true;

	if (count > PST_SIGN_MAX_DOMAINS)
		return pst_problems_add(problems, PST_PROBLEM_ERROR, file,
		    domains->items[PST_SIGN_MAX_DOMAINS].line,
		    "there may be at most %d sections sign; move the other "
		    "domains to another instance",
		    PST_SIGN_MAX_DOMAINS);
	domains->sorted =
	    pst_arena_array(arena, count, sizeof(*domains->sorted));
	for (size_t i = 0; i < count; i++) {
		domains->sorted[i] = &domains->items[i];
		labels = pst_domain_labels(domains->items[i].domain);
		if (domains->items[i].subdomains &&
		    labels > domains->max_labels)
			domains->max_labels = labels;
	}
	if (count > 0)
		qsort(domains->sorted, count, sizeof(*domains->sorted),
		    by_domain);
	for (size_t i = 1; i < count; i++) {
		const struct pst_sign_domain *one = domains->sorted[i];
		const struct pst_sign_domain *before = domains->sorted[i - 1];

		if (strcmp(one->domain, before->domain) == 0)
			good = pst_problems_add(problems, PST_PROBLEM_ERROR,
			    file, one->line,
			    "sign \"%s\": line %u has the same domain; put all "
			    "keys of a domain into one section",
			    one->domain, before->line);
	}
	return good;
}

/* ---- logins ---- */

#define MAX_LOGIN 320 /* as in config/sign.c */
#define BLANKS " \t"

struct login_maker {
	struct pst_arena *arena;
	struct pst_login *items;
	size_t count, capacity;
};

static bool
fail_entry(struct pst_arena *arena, struct pst_str entry, const char *why,
    struct pst_err *err)
{
	return pst_err_set(
	    err, "\"%s\": %s", pst_list_shown(arena, entry), why);
}

/* Takes what comes before the next blank. */
static struct pst_str
take_word(struct pst_str *rest)
{
	struct pst_str word;
	size_t len = 0;

	*rest = pst_str_trim(*rest);
	while (len < rest->len && strchr(BLANKS, rest->ptr[len]) == NULL)
		len++;
	word = pst_str_first(*rest, len);
	*rest = pst_str_trim(pst_str_from(*rest, len));
	return word;
}

static bool
is_login(struct pst_str login)
{
	size_t star = pst_str_find(login, '*');

	for (size_t i = 0; i < login.len; i++) {
		unsigned char c = (unsigned char)login.ptr[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	if (login.len == 0 || login.len > MAX_LOGIN)
		return false;
	return star == login.len || login.len == 1 ||
	    (star == 0 && login.len > 2 && login.ptr[1] == '@' &&
		pst_str_find(pst_str_from(login, 1), '*') == login.len - 1);
}

static const char *
lowered(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = pst_lower(copy[i]);
	return copy;
}

static const char *
take_domain(struct pst_arena *arena, struct pst_str word)
{
	bool below = word.len > 1 && word.ptr[0] == '.';
	const char *name =
	    pst_domain_normalize(arena, pst_str_from(word, below));

	return name == NULL || !below ? name :
					pst_arena_printf(arena, ".%s", name);
}

/* Reads one entry; its domains have as many places as it has octets, halved. */
static bool
read_entry(struct pst_arena *arena, struct pst_str entry, struct pst_login *out,
    struct pst_err *err)
{
	struct pst_str rest = entry;
	struct pst_str login = take_word(&rest);
	const char **domains =
	    pst_arena_array(arena, rest.len / 2 + 1, sizeof(*domains));

	if (!is_login(login))
		return fail_entry(arena, entry,
		    "the first word must be a login, \"*@example.org\" for all "
		    "logins of that domain, or \"*\" for all others",
		    err);
	if (rest.len == 0)
		return fail_entry(arena, entry,
		    "after the login, name the domains that it may use, as in "
		    "\"alice example.com\"",
		    err);
	*out = (struct pst_login){.domains = domains};
	while (rest.len > 0) {
		struct pst_str word = take_word(&rest);
		const char *name = take_domain(arena, word);

		if (name == NULL)
			return fail_entry(arena, entry,
			    pst_arena_printf(arena,
				"\"%s\" is not a domain; write example.com, or "
				".example.com for all domains below it, with "
				"blanks between them",
				pst_list_shown(arena, word)),
			    err);
		domains[out->domain_count++] = name;
	}
	out->login = lowered(arena, login);
	return true;
}

bool
pst_logins_check(
    struct pst_arena *arena, struct pst_str entry, struct pst_err *err)
{
	struct pst_login login;

	return read_entry(arena, entry, &login, err);
}

static bool
add_login(void *arg, struct pst_str entry, struct pst_err *err)
{
	struct login_maker *maker = arg;
	struct pst_login *bigger;

	if (maker->count == maker->capacity) {
		maker->capacity =
		    maker->capacity == 0 ? 8 : 2 * maker->capacity;
		bigger = pst_arena_array(
		    maker->arena, maker->capacity, sizeof(*bigger));
		if (maker->count > 0)
			memcpy(bigger, maker->items,
			    maker->count * sizeof(*bigger));
		maker->items = bigger;
	}
	return read_entry(
	    maker->arena, entry, &maker->items[maker->count++], err);
}

static int
by_login(const void *a, const void *b)
{
	return strcmp(((const struct pst_login *)a)->login,
	    ((const struct pst_login *)b)->login);
}

/* Joins logins[0..count), entries of one login. */
static struct pst_login
join(struct pst_arena *arena, const struct pst_login *logins, size_t count)
{
	struct pst_login whole = {.login = logins[0].login};
	const char **domains;
	size_t total = 0;

	if (count == 1)
		return logins[0];
	for (size_t i = 0; i < count; i++)
		total += logins[i].domain_count;
	domains = pst_arena_array(arena, total, sizeof(*domains));
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < logins[i].domain_count; k++)
			domains[whole.domain_count++] = logins[i].domains[k];
	}
	whole.domains = domains;
	return whole;
}

bool
pst_logins_make(struct pst_logins *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err)
{
	struct login_maker maker = {.arena = arena};
	size_t next;

	out->items = NULL;
	out->count = 0;
	if (!pst_list_read(arena, parts, count,
		(struct pst_list_taker){add_login, &maker}, err))
		return false;
	if (maker.count > 0)
		qsort(maker.items, maker.count, sizeof(*maker.items), by_login);
	for (size_t i = 0; i < maker.count; i = next) {
		for (next = i + 1; next < maker.count &&
		     by_login(&maker.items[i], &maker.items[next]) == 0;
		     next++)
			continue;
		maker.items[out->count++] =
		    join(arena, &maker.items[i], next - i);
	}
	out->items = maker.items;
	return true;
}

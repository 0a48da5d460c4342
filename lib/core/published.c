/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/published.h"

#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

struct pair {
	char *domain, *selector, *public;
	enum pst_published_state state;
	int64_t since_ms;
};

struct pst_published {
	pthread_mutex_t lock; /* protects all below */
	struct pair *pairs;   /* sorted */
	size_t count;
};

static char *
copy(const char *text)
{
	char *copied = strdup(text);

	if (copied == NULL)
		abort();
	return copied;
}

static int
compare(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;
	int order = strcmp(a->domain, b->domain);

	if (order == 0)
		order = strcmp(a->selector, b->selector);
	return order != 0 ? order : strcmp(a->public, b->public);
}

static void
free_pairs(struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].domain);
		free(pairs[i].selector);
		free(pairs[i].public);
	}
	free(pairs);
}

struct pst_published *
pst_published_new(void)
{
	struct pst_published *table = calloc(1, sizeof(*table));

	if (table == NULL)
		abort();
	pst_mutex_init(&table->lock);
	return table;
}

void
pst_published_free(struct pst_published *table)
{
	if (table == NULL)
		return;
	free_pairs(table->pairs, table->count);
	pst_mutex_destroy(&table->lock);
	free(table);
}

static struct pair *
find(const struct pst_published *table, const struct pair *sought)
{
	if (table->count == 0)
		return NULL;
	return bsearch(
	    sought, table->pairs, table->count, sizeof(*sought), compare);
}

static size_t
collect(const struct pst_sign_domains *domains, struct pair *pairs)
{
	size_t count = 0;

	for (size_t i = 0; i < domains->count; i++) {
		const struct pst_sign_domain *domain = &domains->items[i];

		for (size_t j = 0; j < domain->pair_count; j++) {
			const struct pst_sign_pair *from = &domain->pairs[j];

			if (from->key == NULL)
				continue;
			pairs[count++] = (struct pair){
			    .domain = copy(domain->domain),
			    .selector = copy(from->selector),
			    .public = copy(pst_sign_key_public(from->key)),
			};
		}
	}
	return count;
}

void
pst_published_set(
    struct pst_published *table, const struct pst_sign_domains *domains)
{
	struct pair *old,
	    *pairs = calloc(domains->count * PST_SIGN_MAX + 1, sizeof(*pairs));
	size_t old_count, count;

	if (pairs == NULL)
		abort();
	count = collect(domains, pairs);
	qsort(pairs, count, sizeof(*pairs), compare);
	pst_mutex_lock(&table->lock);
	for (size_t i = 0; i < count; i++) {
		const struct pair *known = find(table, &pairs[i]);

		if (known != NULL) {
			pairs[i].state = known->state;
			pairs[i].since_ms = known->since_ms;
		}
	}
	old = table->pairs;
	old_count = table->count;
	table->pairs = pairs;
	table->count = count;
	pst_mutex_unlock(&table->lock);
	free_pairs(old, old_count);
}

/* Only for find(), which does not change the texts. */
static struct pair
sought(const char *domain, const char *selector, const struct pst_sign_key *key)
{
	return (struct pair){.domain = (char *)(uintptr_t)domain,
	    .selector = (char *)(uintptr_t)selector,
	    .public = (char *)(uintptr_t)pst_sign_key_public(key)};
}

enum pst_published_state
pst_published_note(struct pst_published *table, const char *domain,
    const char *selector, const struct pst_sign_key *key,
    enum pst_published_state told, int64_t now_ms)
{
	const struct pair names = sought(domain, selector, key);
	enum pst_published_state before = PST_PUBLISHED_UNKNOWN;
	struct pair *pair;

	pst_mutex_lock(&table->lock);
	pair = find(table, &names);
	if (pair != NULL) {
		before = pair->state;
		if (told != PST_PUBLISHED_UNKNOWN && told != before) {
			pair->state = told;
			pair->since_ms = now_ms;
		}
	}
	pst_mutex_unlock(&table->lock);
	return before;
}

enum pst_published_state
pst_published_get(struct pst_published *table, const char *domain,
    const char *selector, const struct pst_sign_key *key, int64_t *since_ms)
{
	const struct pair names = sought(domain, selector, key);
	enum pst_published_state state = PST_PUBLISHED_UNKNOWN;
	const struct pair *pair;

	*since_ms = 0;
	pst_mutex_lock(&table->lock);
	pair = find(table, &names);
	if (pair != NULL) {
		state = pair->state;
		*since_ms = pair->since_ms;
	}
	pst_mutex_unlock(&table->lock);
	return state;
}

bool
pst_published_state_is_wrong(enum pst_published_state state)
{
	return state == PST_PUBLISHED_ABSENT || state == PST_PUBLISHED_OTHER ||
	    state == PST_PUBLISHED_REVOKED;
}

bool
pst_published_is_wrong(struct pst_published *table, const char *domain,
    const char *selector, const struct pst_sign_key *key)
{
	int64_t since_ms;

	return pst_published_state_is_wrong(
	    pst_published_get(table, domain, selector, key, &since_ms));
}

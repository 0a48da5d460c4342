/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/deferrals.h"

#include <assert.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/domain.h"
#include "base/thread.h"

/* Half of SHA-256: nobody can find two keys that share an entry. */
#define MARK_BYTES 16

#define NOBODY UINT32_MAX

/*
 * An entry is in the chain of its bucket, and in the list of all by when it was
 * last seen; an unused one is in the chain of unused ones.
 */
struct entry {
	unsigned char mark[MARK_BYTES];
	int64_t first_ms, seen_ms;
	uint32_t next;
	uint32_t newer, older;
};

struct pst_deferrals {
	pthread_mutex_t lock; /* protects everything below */
	struct entry *entries;
	uint32_t *buckets; /* the first entry of each chain */
	uint32_t bucket_count;
	uint32_t newest, oldest;
	uint32_t unused;         /* entries that were used before */
	size_t max, used, begun; /* begun: ever used */
};

struct pst_deferrals *
pst_deferrals_new(size_t max)
{
	struct pst_deferrals *table = calloc(1, sizeof(*table));

	assert(max > 0 && max < NOBODY);
	if (table == NULL)
		abort();
	pst_mutex_init(&table->lock);
	table->max = max;
	table->bucket_count = (uint32_t)max;
	table->entries = calloc(max, sizeof(*table->entries));
	table->buckets = calloc(max, sizeof(*table->buckets));
	if (table->entries == NULL || table->buckets == NULL)
		abort();
	for (uint32_t i = 0; i < table->bucket_count; i++)
		table->buckets[i] = NOBODY;
	table->newest = table->oldest = table->unused = NOBODY;
	return table;
}

void
pst_deferrals_free(struct pst_deferrals *table)
{
	pst_mutex_destroy(&table->lock);
	free(table->entries);
	free(table->buckets);
	free(table);
}

static void
make_mark(const struct pst_deferral_key *key, unsigned char mark[MARK_BYTES])
{
	static const char kinds[] = {
	    [PST_DEFERRAL_POLICY] = 'p',
	    [PST_DEFERRAL_SPF] = 's',
	    [PST_DEFERRAL_KEY] = 'k',
	};
	char text[3 * (PST_DOMAIN_MAX + 1) + 1];
	unsigned char digest[PST_DIGEST_BYTES];
	const char *parts[] = {
	    key->author, key->name, key->selector == NULL ? "" : key->selector};
	size_t len = 0;

	text[len++] = kinds[key->kind];
	for (size_t i = 0; i < PST_COUNT(parts); i++) {
		struct pst_str part =
		    pst_str_first(pst_str(parts[i]), PST_DOMAIN_MAX);

		memcpy(text + len, part.ptr, part.len);
		len += part.len;
		text[len++] = '\0';
	}
	pst_digest_sha256(text, len, digest);
	memcpy(mark, digest, MARK_BYTES);
}

static uint32_t *
bucket_of(struct pst_deferrals *table, const unsigned char mark[MARK_BYTES])
{
	uint32_t number;

	memcpy(&number, mark, sizeof(number));
	return &table->buckets[number % table->bucket_count];
}

/* Returns the link to the entry with that mark, or the end of its chain. */
static uint32_t *
find(struct pst_deferrals *table, const unsigned char mark[MARK_BYTES])
{
	uint32_t *link = bucket_of(table, mark);

	while (*link != NOBODY &&
	    memcmp(table->entries[*link].mark, mark, MARK_BYTES) != 0)
		link = &table->entries[*link].next;
	return link;
}

static void
leave_list(struct pst_deferrals *table, uint32_t at)
{
	const struct entry *entry = &table->entries[at];

	*(entry->newer == NOBODY ? &table->newest :
				   &table->entries[entry->newer].older) =
	    entry->older;
	*(entry->older == NOBODY ? &table->oldest :
				   &table->entries[entry->older].newer) =
	    entry->newer;
}

static void
enter_list(struct pst_deferrals *table, uint32_t at)
{
	struct entry *entry = &table->entries[at];

	entry->newer = NOBODY;
	entry->older = table->newest;
	*(table->newest == NOBODY ? &table->oldest :
				    &table->entries[table->newest].newer) = at;
	table->newest = at;
}

/* Removes the entry that a link of a chain leads to. */
static void
discard(struct pst_deferrals *table, uint32_t *link)
{
	uint32_t at = *link;

	leave_list(table, at);
	*link = table->entries[at].next;
	table->entries[at].next = table->unused;
	table->unused = at;
	table->used--;
}

/* Removes the entries that are too old, and one more if the table is full. */
static void
make_room(struct pst_deferrals *table, int64_t now_ms)
{
	while (table->oldest != NOBODY) {
		const struct entry *entry = &table->entries[table->oldest];

		if (table->used < table->max &&
		    now_ms - entry->seen_ms < PST_DEFERRALS_FORGET_MS)
			return;
		discard(table, find(table, entry->mark));
	}
}

static uint32_t
add(struct pst_deferrals *table, const unsigned char mark[MARK_BYTES],
    int64_t now_ms)
{
	uint32_t *link = bucket_of(table, mark);
	uint32_t at = table->unused;

	if (at == NOBODY)
		at = (uint32_t)table->begun++;
	else
		table->unused = table->entries[at].next;
	table->entries[at] = (struct entry){.first_ms = now_ms, .next = *link};
	memcpy(table->entries[at].mark, mark, MARK_BYTES);
	*link = at;
	table->used++;
	return at;
}

int64_t
pst_deferrals_fail(struct pst_deferrals *table,
    const struct pst_deferral_key *key, int64_t now_ms)
{
	unsigned char mark[MARK_BYTES];
	int64_t lasted_ms;
	uint32_t at;

	make_mark(key, mark);
	pst_mutex_lock(&table->lock);
	at = *find(table, mark);
	if (at != NOBODY &&
	    now_ms - table->entries[at].seen_ms < PST_DEFERRALS_FORGET_MS) {
		leave_list(table, at);
	} else {
		make_room(table, now_ms);
		at = add(table, mark, now_ms);
	}
	enter_list(table, at);
	table->entries[at].seen_ms = now_ms;
	lasted_ms = now_ms - table->entries[at].first_ms;
	pst_mutex_unlock(&table->lock);
	return lasted_ms;
}

void
pst_deferrals_answer(
    struct pst_deferrals *table, const struct pst_deferral_key *key)
{
	unsigned char mark[MARK_BYTES];
	uint32_t *link;

	/* Nearly always nothing fails, and then no digest is needed. */
	if (pst_deferrals_count(table) == 0)
		return;
	make_mark(key, mark);
	pst_mutex_lock(&table->lock);
	link = find(table, mark);
	if (*link != NOBODY)
		discard(table, link);
	pst_mutex_unlock(&table->lock);
}

size_t
pst_deferrals_count(struct pst_deferrals *table)
{
	size_t used;

	pst_mutex_lock(&table->lock);
	used = table->used;
	pst_mutex_unlock(&table->lock);
	return used;
}

/* ---- the findings of a message ---- */

struct judge {
	struct pst_deferrals *table;
	int64_t now_ms;
	unsigned cap_ms;
	bool ours;       /* the failure is ours: only answers count */
	bool only_looks; /* the table stays as it is */
};

/* Returns what pst_deferrals_fail() would return. */
static int64_t
look(struct pst_deferrals *table, const struct pst_deferral_key *key,
    int64_t now_ms)
{
	unsigned char mark[MARK_BYTES];
	int64_t lasted_ms = 0;
	uint32_t at;

	make_mark(key, mark);
	pst_mutex_lock(&table->lock);
	at = *find(table, mark);
	if (at != NOBODY &&
	    now_ms - table->entries[at].seen_ms < PST_DEFERRALS_FORGET_MS)
		lasted_ms = now_ms - table->entries[at].first_ms;
	pst_mutex_unlock(&table->lock);
	return lasted_ms;
}

static bool
is_overdue(const struct judge *judge, const struct pst_deferral_key *key)
{
	int64_t lasted_ms;

	if (judge->ours || judge->cap_ms == 0)
		return false;
	lasted_ms = judge->only_looks ?
	    look(judge->table, key, judge->now_ms) :
	    pst_deferrals_fail(judge->table, key, judge->now_ms);
	return lasted_ms >= (int64_t)judge->cap_ms;
}

static void
note_answer(const struct judge *judge, const struct pst_deferral_key *key)
{
	if (!judge->only_looks)
		pst_deferrals_answer(judge->table, key);
}

static void
judge_policy(const struct judge *judge, struct pst_findings *findings)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	const struct pst_deferral_key key = {
	    .kind = PST_DEFERRAL_POLICY,
	    .author = dmarc->author_domain,
	    .name = dmarc->author_domain,
	};

	switch (dmarc->knowledge) {
	case PST_DMARC_UNKNOWN:
	case PST_DMARC_INHERITED:
		findings->policy_overdue = is_overdue(judge, &key);
		return;
	case PST_DMARC_REMEMBERED:
		return;
	case PST_DMARC_ABSENT:
	case PST_DMARC_LEARNED:
		note_answer(judge, &key);
		return;
	}
}

static void
judge_spf(const struct judge *judge, struct pst_findings *findings)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	const struct pst_deferral_key key = {
	    .kind = PST_DEFERRAL_SPF,
	    .author = dmarc->author_domain,
	    .name = findings->spf.domain,
	};

	if (key.name == NULL)
		return;
	if (dmarc->spf_undecided || dmarc->spf_may_align)
		findings->spf_overdue = is_overdue(judge, &key);
	else if (findings->spf.result != PST_RESULT_TEMPERROR)
		note_answer(judge, &key);
}

static void
judge_sig(
    const struct judge *judge, const char *author, struct pst_dkim_sig *sig)
{
	const struct pst_deferral_key key = {
	    .kind = PST_DEFERRAL_KEY,
	    .author = author,
	    .name = sig->domain,
	    .selector = sig->selector,
	};

	if (!sig->checked || sig->domain == NULL || sig->selector == NULL)
		return;
	if (sig->may_align ||
	    (sig->aligned && sig->result == PST_RESULT_TEMPERROR))
		sig->overdue = is_overdue(judge, &key);
	else if (sig->bits > 0) /* its key is known */
		note_answer(judge, &key);
}

static void
judge_all(
    struct judge judge, bool resolver_failed, struct pst_findings *findings)
{
	const char *author = findings->dmarc.author_domain;

	judge.ours = resolver_failed || findings->crowded;
	if (author == NULL)
		return;
	judge_policy(&judge, findings);
	judge_spf(&judge, findings);
	for (size_t i = 0; i < findings->dkim.count; i++)
		judge_sig(&judge, author, &findings->dkim.sigs[i]);
}

void
pst_deferrals_judge(struct pst_deferrals *table, int64_t now_ms,
    unsigned cap_ms, bool resolver_failed, struct pst_findings *findings)
{
	judge_all(
	    (struct judge){.table = table, .now_ms = now_ms, .cap_ms = cap_ms},
	    resolver_failed, findings);
}

void
pst_deferrals_foresee(struct pst_deferrals *table, int64_t now_ms,
    unsigned cap_ms, bool resolver_failed, struct pst_findings *findings)
{
	judge_all((struct judge){.table = table,
		      .now_ms = now_ms,
		      .cap_ms = cap_ms,
		      .only_looks = true},
	    resolver_failed, findings);
}

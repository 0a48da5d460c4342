/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/day.h"
#include "base/hash.h"

#define FIRST_SLOTS 1024
#define FIRST_ENTRIES 256

#define HOUR_SECONDS 3600

/* The estimate has no meaning beyond this. */
#define MAX_NETWORKS 1000

struct pst_tally_limits
pst_tally_limits(enum pst_tally_question question)
{
	switch (question) {
	case PST_TALLY_FROM_DOMAIN:
	case PST_TALLY_SENDER:
		return (struct pst_tally_limits){32768, 8192};
	case PST_TALLY_NETWORK:
		return (struct pst_tally_limits){8192, 8192};
	case PST_TALLY_RCPT_DOMAIN:
		return (struct pst_tally_limits){0, 8192};
	case PST_TALLY_RULE:
	case PST_TALLY_REASON:
	case PST_TALLY_HOUR:
		return (struct pst_tally_limits){0, 1024};
	}
	abort();
}

/* ---- sketches ---- */

/*
 * The number of networks after which, on average, so many bits are set: the
 * k-th bit takes BITS / (BITS - k + 1) of them.
 */
unsigned
pst_tally_networks(const unsigned char sketch[PST_TALLY_SKETCH])
{
	const unsigned bits = PST_TALLY_SKETCH * 8;
	unsigned free_bits = bits;
	double estimate = 0;

	for (size_t i = 0; i < PST_TALLY_SKETCH; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			if ((sketch[i] >> bit & 1u) != 0)
				estimate += (double)bits / free_bits--;
		}
	}
	return free_bits == 0 || estimate > MAX_NETWORKS ?
	    MAX_NETWORKS :
	    (unsigned)(estimate + 0.5);
}

static void
set_bit(unsigned char sketch[PST_TALLY_SKETCH], unsigned bit)
{
	sketch[bit / 8] = (unsigned char)(sketch[bit / 8] | 1u << bit % 8);
}

/* ---- rows ---- */

void
pst_tally_row_add(struct pst_tally_row *to, const struct pst_tally_row *from)
{
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		to->done[i] += from->done[i];
		to->would[i] += from->would[i];
	}
	to->aligned += from->aligned;
	to->indirect += from->indirect;
	for (size_t i = 0; i < PST_TALLY_SKETCH; i++)
		to->networks[i] |= from->networks[i];
}

uint64_t
pst_tally_row_messages(const struct pst_tally_row *row)
{
	uint64_t messages = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		messages += row->done[i];
	return messages;
}

uint64_t *
pst_tally_row_number(struct pst_tally_row *row, size_t i)
{
	static const enum pst_action order[PST_TALLY_ACTIONS] = {
	    PST_ACTION_ACCEPT, PST_ACTION_TAG, PST_ACTION_QUARANTINE,
	    PST_ACTION_REJECT, PST_ACTION_TEMPFAIL};

	if (i < PST_TALLY_ACTIONS)
		return &row->done[order[i]];
	if (i < 2 * PST_TALLY_ACTIONS)
		return &row->would[order[i - PST_TALLY_ACTIONS]];
	return i == 2 * PST_TALLY_ACTIONS ? &row->aligned : &row->indirect;
}

/* ---- the table ---- */

static void *
must(void *ptr)
{
	if (ptr == NULL)
		abort();
	return ptr;
}

void
pst_tally_table_init(struct pst_tally_table *table, size_t max)
{
	unsigned char secret[PST_SIPHASH_KEY_BYTES];

	*table = (struct pst_tally_table){.max = max};
	if (getentropy(secret, sizeof(secret)) == -1)
		abort();
	pst_siphash_begin(&table->begun, secret);
	table->begun_network = table->begun;
	table->arena = pst_arena_new();
	table->slot_count = FIRST_SLOTS;
	table->slots = must(calloc(FIRST_SLOTS, sizeof(table->slots[0])));
}

void
pst_tally_table_free(struct pst_tally_table *table)
{
	pst_arena_free(table->arena);
	free(table->entries);
	free(table->slots);
}

void
pst_tally_table_clear(struct pst_tally_table *table)
{
	pst_arena_free(table->arena);
	table->arena = pst_arena_new();
	table->count = 0;
	memset(table->slots, 0, table->slot_count * sizeof(table->slots[0]));
}

uint64_t
pst_tally_table_hash(const struct pst_tally_table *table, struct pst_str key)
{
	struct pst_siphash hash = table->begun;

	pst_siphash_add(&hash, key);
	return pst_siphash_digest(&hash);
}

void
pst_tally_table_sketch(struct pst_tally_table *table,
    const unsigned char secret[PST_SIPHASH_KEY_BYTES])
{
	pst_siphash_begin(&table->begun_network, secret);
	table->can_sketch = true;
}

/* Keys of different questions and days that are equal do not meet. */
static uint32_t
tag_of(const struct pst_tally_row *row, uint64_t hash)
{
	hash ^= hash >> 32;
	return (uint32_t)(hash + (uint64_t)row->question * 7919 +
	    (uint64_t)row->day * 104729);
}

static void
grow_slots(struct pst_tally_table *table)
{
	struct pst_tally_slot *old = table->slots;
	const size_t count = table->slot_count;

	table->slot_count *= 2;
	table->slots = must(calloc(table->slot_count, sizeof(table->slots[0])));
	for (size_t i = 0; i < count; i++) {
		size_t at = old[i].tag & (table->slot_count - 1);

		if (old[i].entry == 0)
			continue;
		while (table->slots[at].entry != 0)
			at = (at + 1) & (table->slot_count - 1);
		table->slots[at] = old[i];
	}
	free(old);
}

static void
grow(struct pst_tally_table *table)
{
	if (table->count == table->capacity) {
		table->capacity =
		    table->capacity == 0 ? FIRST_ENTRIES : 2 * table->capacity;
		table->entries = must(realloc(table->entries,
		    table->capacity * sizeof(table->entries[0])));
	}
	if (2 * (table->count + 1) > table->slot_count)
		grow_slots(table);
}

/* Returns NULL if there is none; *at is then the slot for it. */
static struct pst_tally_entry *
find(struct pst_tally_table *table, const struct pst_tally_row *row, size_t len,
    uint64_t hash, size_t *at)
{
	const uint32_t tag = tag_of(row, hash);

	*at = tag & (table->slot_count - 1);
	while (table->slots[*at].entry != 0) {
		const struct pst_tally_slot slot = table->slots[*at];
		struct pst_tally_entry *entry = &table->entries[slot.entry - 1];

		if (slot.tag == tag && entry->hash == hash &&
		    entry->key_len == len &&
		    entry->row.question == row->question &&
		    entry->row.day == row->day &&
		    memcmp(entry->row.key, row->key, len) == 0)
			return entry;
		*at = (*at + 1) & (table->slot_count - 1);
	}
	return NULL;
}

static struct pst_tally_entry *
make(struct pst_tally_table *table, const struct pst_tally_row *row, size_t len,
    const char *org)
{
	struct pst_tally_entry *entry;

	grow(table);
	entry = &table->entries[table->count++];
	*entry = (struct pst_tally_entry){
	    .row = {.day = row->day, .question = row->question}};
	entry->row.key = pst_arena_memdup(table->arena, row->key, len);
	entry->key_len = len;
	entry->org = org[0] == '\0' ? "" : pst_arena_strdup(table->arena, org);
	return entry;
}

struct pst_tally_entry *
pst_tally_table_get(struct pst_tally_table *table,
    const struct pst_tally_row *row, const char *org, uint64_t hash)
{
	const size_t len = strlen(row->key);
	struct pst_tally_row other = *row;
	struct pst_tally_entry *entry;
	size_t at;

	entry = find(table, row, len, hash, &at);
	if (entry != NULL)
		return entry;
	other.key = PST_TALLIES_OTHER;
	if (table->count >= table->max && strcmp(row->key, other.key) != 0)
		return pst_tally_table_get(table, &other, "",
		    pst_tally_table_hash(table, pst_str(other.key)));
	entry = make(table, row, len, org);
	entry->hash = hash;
	/* The slots may have moved. */
	at = tag_of(row, hash) & (table->slot_count - 1);
	while (table->slots[at].entry != 0)
		at = (at + 1) & (table->slot_count - 1);
	table->slots[at] =
	    (struct pst_tally_slot){(uint32_t)table->count, tag_of(row, hash)};
	return entry;
}

/* ---- counting ---- */

/* What a message adds to each of its rows. */
struct addition {
	struct pst_tally_table *table;
	const struct pst_summary *summary;
	uint64_t n;
	int64_t day;
	int bit; /* of the network; -1: none */
};

static void
add(const struct addition *a, enum pst_tally_question question, const char *key,
    const char *org, uint64_t hash)
{
	const struct pst_summary *summary = a->summary;
	const struct pst_tally_row wanted = {
	    .day = a->day, .question = question, .key = key};
	struct pst_tally_row *row =
	    &pst_tally_table_get(a->table, &wanted, org, hash)->row;

	row->done[summary->done] += a->n;
	row->would[summary->would] += a->n;
	if (summary->aligned)
		row->aligned += a->n;
	if (summary->indirect)
		row->indirect += a->n;
	if (a->bit >= 0)
		set_bit(row->networks, (unsigned)a->bit);
}

/* For keys that no sender chooses. */
static void
add_own(
    const struct addition *a, enum pst_tally_question question, const char *key)
{
	add(a, question, key, "",
	    pst_hash(PST_HASH_START ^ pst_hash_secret(), pst_str(key)));
}

static const char *
or_dash(const char *text)
{
	return text[0] == '\0' ? "-" : text;
}

/* The hash of the From domain goes on to that of the sender. */
static void
add_from(const struct addition *a)
{
	const struct pst_summary *summary = a->summary;
	const struct pst_str domain = pst_str(or_dash(summary->from_domain));
	const struct pst_str via = pst_str(summary->via);
	const char *org =
	    summary->from_domain[0] == '\0' ? "" : summary->org_domain;
	char key[PST_TALLY_MAX_KEY + 1];
	struct pst_siphash hash = a->table->begun;

	if (domain.len + 1 + via.len >= sizeof(key))
		abort(); /* pst_summary_of() limits both */
	pst_siphash_add(&hash, domain);
	add(a, PST_TALLY_FROM_DOMAIN, domain.ptr, org,
	    pst_siphash_digest(&hash));
	memcpy(key, domain.ptr, domain.len);
	key[domain.len] = ' ';
	memcpy(key + domain.len + 1, via.ptr, via.len + 1);
	pst_siphash_add(&hash, pst_str(key + domain.len));
	add(a, PST_TALLY_SENDER, key, org, pst_siphash_digest(&hash));
}

static void
add_hour(const struct addition *a)
{
	int64_t second = a->summary->seen_s - pst_day_begin(a->day);
	unsigned hour = (unsigned)(second / HOUR_SECONDS);
	const char key[] = {
	    (char)('0' + hour / 10), (char)('0' + hour % 10), '\0'};

	add_own(a, PST_TALLY_HOUR, key);
}

void
pst_tally_table_count(struct pst_tally_table *table,
    const struct pst_summary *summary, uint64_t n)
{
	const struct pst_str network = pst_str(or_dash(summary->network));
	struct pst_siphash hash = table->begun_network;
	struct addition a = {.table = table,
	    .summary = summary,
	    .n = n,
	    .day = pst_day_of(summary->seen_s),
	    .bit = -1};
	uint64_t digest;

	pst_siphash_add(&hash, network);
	digest = pst_siphash_digest(&hash);
	if (table->can_sketch && summary->network[0] != '\0')
		a.bit = (int)(digest % (PST_TALLY_SKETCH * 8));
	add_from(&a);
	add(&a, PST_TALLY_NETWORK, network.ptr, "", digest);
	for (unsigned i = 0; i < summary->rcpt_count; i++)
		add(&a, PST_TALLY_RCPT_DOMAIN, summary->rcpt_domains[i], "",
		    pst_tally_table_hash(
			table, pst_str(summary->rcpt_domains[i])));
	add_own(&a, PST_TALLY_RULE, or_dash(summary->rule));
	add_own(&a, PST_TALLY_REASON, or_dash(summary->reason));
	add_hour(&a);
}

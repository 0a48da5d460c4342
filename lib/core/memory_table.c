/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/memory_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/day.h"
#include "base/hash.h"

/*
 * Rows are numbered by their slots, and everything that refers to a row does so
 * by that number: half the size of a pointer, and a row may be moved when its
 * record gets longer.
 */
#define NONE UINT32_MAX

/* First those that never passed aligned, each by days. */
#define RANKS (2 * (PST_MEMORY_MAX_DAYS + 1))

struct entry {
	uint32_t hash;
	uint32_t next;         /* in the chain of its hash */
	uint32_t older, newer; /* in the list of its rank */
	/* Seconds since 1970 fit until 2106. */
	uint32_t record_epoch, first_epoch, aligned_epoch, last_day;
	uint16_t record_len;
	uint8_t days, rank;
	char text[]; /* the domain with a NUL, then the record */
};

/* The rows of one rank, in the order in which they were last put. */
struct list {
	uint32_t oldest, newest;
};

struct pst_memory_table {
	size_t max, used; /* rows */
	size_t max_bytes, bytes;
	size_t with_record;
	struct entry **rows; /* by slot; NULL: a free one */
	size_t ever_used;    /* slots from here on were never used */
	uint32_t *gaps;      /* free slots below that */
	size_t gap_count;
	uint32_t *chains;
	size_t chain_mask;
	struct list ranks[RANKS];
	/* The slots of changed rows: a ring, in which each slot is once. */
	uint32_t *changed;
	bool *is_changed;
	size_t first_changed, changed_count;
};

static void *
array(size_t count, size_t size)
{
	void *ptr = calloc(count, size);

	if (ptr == NULL)
		abort();
	return ptr;
}

struct pst_memory_table *
pst_memory_table_new(size_t max_domains)
{
	struct pst_memory_table *table = array(1, sizeof(*table));
	size_t chains = 1;

	assert(max_domains > 0 && max_domains < NONE);
	while (chains < max_domains)
		chains *= 2;
	table->max = max_domains;
	table->max_bytes = max_domains * PST_MEMORY_ROW_BYTES;
	table->rows = array(max_domains, sizeof(*table->rows));
	table->gaps = array(max_domains, sizeof(*table->gaps));
	table->chains = array(chains, sizeof(*table->chains));
	table->chain_mask = chains - 1;
	memset(table->chains, 0xff, chains * sizeof(*table->chains));
	table->changed = array(max_domains, sizeof(*table->changed));
	table->is_changed = array(max_domains, sizeof(*table->is_changed));
	for (size_t i = 0; i < RANKS; i++)
		table->ranks[i] = (struct list){NONE, NONE};
	return table;
}

void
pst_memory_table_free(struct pst_memory_table *table)
{
	for (size_t i = 0; i < table->ever_used; i++)
		free(table->rows[i]);
	free(table->rows);
	free(table->gaps);
	free(table->chains);
	free(table->changed);
	free(table->is_changed);
	free(table);
}

static size_t
name_len(const struct entry *entry)
{
	return strlen(entry->text);
}

static size_t
text_size(size_t domain_len, size_t record_len)
{
	return sizeof(struct entry) + domain_len + 1 + record_len;
}

static size_t
size_of(const struct entry *entry)
{
	return text_size(name_len(entry), entry->record_len);
}

static uint32_t
hash_of(const char *domain)
{
	return pst_hash_fold(
	    pst_hash(PST_HASH_START ^ pst_hash_secret(), pst_str(domain)));
}

/* Returns the link that names the row of this domain, or the chain's end. */
static uint32_t *
find(const struct pst_memory_table *table, const char *domain, uint32_t hash)
{
	uint32_t *at = &table->chains[hash & table->chain_mask];

	while (*at != NONE) {
		struct entry *entry = table->rows[*at];

		if (entry->hash == hash && strcmp(entry->text, domain) == 0)
			break;
		at = &entry->next;
	}
	return at;
}

static void
show(const struct entry *entry, struct pst_memory_row *out)
{
	*out = (struct pst_memory_row){
	    .domain = entry->text,
	    .record = {entry->text + name_len(entry) + 1, entry->record_len},
	    .record_epoch = entry->record_epoch,
	    .days = entry->days,
	    .last_day = entry->last_day,
	    .first_epoch = entry->first_epoch,
	    .aligned_epoch = entry->aligned_epoch,
	};
}

bool
pst_memory_table_get(const struct pst_memory_table *table, const char *domain,
    struct pst_memory_row *out)
{
	uint32_t slot = *find(table, domain, hash_of(domain));

	if (slot != NONE)
		show(table->rows[slot], out);
	return slot != NONE;
}

static uint8_t
rank_of(const struct pst_memory_row *row)
{
	unsigned first = row->aligned_epoch > 0 ? PST_MEMORY_MAX_DAYS + 1 : 0;

	return (uint8_t)(first + row->days);
}

/* ---- the lists by rank ---- */

static void
link_newest(struct pst_memory_table *table, uint32_t slot)
{
	struct entry *entry = table->rows[slot];
	struct list *list = &table->ranks[entry->rank];

	entry->older = list->newest;
	entry->newer = NONE;
	if (list->newest != NONE)
		table->rows[list->newest]->newer = slot;
	else
		list->oldest = slot;
	list->newest = slot;
}

static void
leave_list(struct pst_memory_table *table, uint32_t slot)
{
	const struct entry *entry = table->rows[slot];
	struct list *list = &table->ranks[entry->rank];

	if (entry->older != NONE)
		table->rows[entry->older]->newer = entry->newer;
	else
		list->oldest = entry->newer;
	if (entry->newer != NONE)
		table->rows[entry->newer]->older = entry->older;
	else
		list->newest = entry->older;
}

/* ---- making room ---- */

static void
evict(struct pst_memory_table *table, uint32_t slot)
{
	struct entry *entry = table->rows[slot];

	leave_list(table, slot);
	*find(table, entry->text, entry->hash) = entry->next;
	table->bytes -= size_of(entry);
	table->with_record -= entry->record_len > 0;
	table->used--;
	free(entry);
	table->rows[slot] = NULL;
	table->gaps[table->gap_count++] = slot;
}

static bool
is_stale(const struct entry *entry, int64_t now_epoch)
{
	struct pst_memory_row row;

	show(entry, &row);
	return pst_memory_seen(&row) <
	    now_epoch - (int64_t)PST_MEMORY_KEEP_DAYS * PST_DAY_SECONDS;
}

/* Returns the row to give up for one of this rank; NONE if there is none. */
static uint32_t
victim(const struct pst_memory_table *table, uint8_t rank, int64_t now_epoch)
{
	uint32_t first = NONE;

	for (size_t i = 0; i < RANKS; i++) {
		uint32_t slot = table->ranks[i].oldest;

		if (slot == NONE)
			continue;
		if (is_stale(table->rows[slot], now_epoch))
			return slot;
		if (first == NONE && i <= rank)
			first = slot;
	}
	return first;
}

/* Gives up rows until there is room for so much more. */
static bool
make_room(struct pst_memory_table *table, size_t rows, size_t bytes,
    uint8_t rank, int64_t now_epoch)
{
	while (table->used + rows > table->max ||
	    table->bytes + bytes > table->max_bytes) {
		uint32_t slot = victim(table, rank, now_epoch);

		if (slot == NONE)
			return false;
		evict(table, slot);
	}
	return true;
}

/* ---- putting ---- */

static uint32_t
in_32_bits(int64_t number)
{
	if (number < 0)
		return 0;
	return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* Writes all but the links; *entry has room for the texts, or has them. */
static void
fill(struct entry *entry, const struct pst_memory_row *row)
{
	size_t domain_size = strlen(row->domain) + 1;

	entry->record_epoch = in_32_bits(row->record_epoch);
	entry->first_epoch = in_32_bits(row->first_epoch);
	entry->aligned_epoch = in_32_bits(row->aligned_epoch);
	entry->last_day = in_32_bits(row->last_day);
	entry->record_len = (uint16_t)row->record.len;
	entry->days = (uint8_t)row->days;
	entry->rank = rank_of(row);
	memmove(entry->text, row->domain, domain_size);
	if (row->record.len > 0)
		memmove(entry->text + domain_size, row->record.ptr,
		    row->record.len);
}

static struct entry *
new_entry(const struct pst_memory_row *row, uint32_t hash, uint32_t next)
{
	struct entry *entry =
	    malloc(text_size(strlen(row->domain), row->record.len));

	if (entry == NULL)
		abort();
	entry->hash = hash;
	entry->next = next;
	fill(entry, row);
	return entry;
}

static uint32_t
add(struct pst_memory_table *table, const struct pst_memory_row *row,
    int64_t now_epoch)
{
	uint32_t hash = hash_of(row->domain);
	size_t size = text_size(strlen(row->domain), row->record.len);
	uint32_t slot;

	if (!make_room(table, 1, size, rank_of(row), now_epoch))
		return NONE;
	slot = table->gap_count > 0 ? table->gaps[--table->gap_count] :
				      (uint32_t)table->ever_used++;
	table->used++;
	table->bytes += size;
	table->rows[slot] = new_entry(row, hash, NONE);
	*find(table, row->domain, hash) = slot;
	return slot;
}

/* The row is in no list meanwhile, so that it is not given up itself. */
static void
replace(struct pst_memory_table *table, uint32_t slot,
    const struct pst_memory_row *row, int64_t now_epoch)
{
	struct pst_memory_row now = *row;
	struct entry *old = table->rows[slot];
	size_t old_size = size_of(old);

	leave_list(table, slot);
	table->bytes -= old_size;
	table->with_record -= old->record_len > 0;
	if (!make_room(table, 0, text_size(strlen(now.domain), now.record.len),
		rank_of(&now), now_epoch))
		now.record.len = 0;
	if (now.record.len == old->record_len) {
		fill(old, &now);
	} else {
		/* The texts may be those of the old entry. */
		table->rows[slot] = new_entry(&now, old->hash, old->next);
		free(old);
	}
	table->bytes += size_of(table->rows[slot]);
}

static void
mark_changed(struct pst_memory_table *table, uint32_t slot)
{
	if (table->is_changed[slot])
		return;
	table->is_changed[slot] = true;
	table->changed[(table->first_changed + table->changed_count++) %
	    table->max] = slot;
}

bool
pst_memory_table_put(struct pst_memory_table *table,
    const struct pst_memory_row *row, int64_t now_epoch, bool changed)
{
	uint32_t slot = *find(table, row->domain, hash_of(row->domain));

	assert(row->days <= PST_MEMORY_MAX_DAYS);
	assert(row->record.len <= PST_MEMORY_MAX_RECORD);
	if (slot != NONE)
		replace(table, slot, row, now_epoch);
	else
		slot = add(table, row, now_epoch);
	if (slot == NONE)
		return false;
	table->with_record += table->rows[slot]->record_len > 0;
	link_newest(table, slot);
	if (changed)
		mark_changed(table, slot);
	return true;
}

bool
pst_memory_table_take(
    struct pst_memory_table *table, struct pst_memory_row *out)
{
	while (table->changed_count > 0) {
		uint32_t slot = table->changed[table->first_changed];

		table->first_changed = (table->first_changed + 1) % table->max;
		table->changed_count--;
		table->is_changed[slot] = false;
		/* It may have been given up since. */
		if (table->rows[slot] != NULL) {
			show(table->rows[slot], out);
			return true;
		}
	}
	return false;
}

void
pst_memory_table_change_all(struct pst_memory_table *table)
{
	for (size_t i = 0; i < table->ever_used; i++) {
		if (table->rows[i] != NULL)
			mark_changed(table, (uint32_t)i);
	}
}

void
pst_memory_table_figures(
    const struct pst_memory_table *table, struct pst_memory_figures *out)
{
	const size_t places = sizeof(*table->rows) + sizeof(*table->gaps) +
	    sizeof(*table->changed) + sizeof(*table->is_changed);

	out->domains = table->used;
	out->with_record = table->with_record;
	out->bytes = table->bytes + table->max * places +
	    (table->chain_mask + 1) * sizeof(*table->chains);
}

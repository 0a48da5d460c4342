/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/memory.h"

#include <stdlib.h>

#include "base/day.h"
#include "base/domain.h"
#include "base/hash.h"
#include "base/thread.h"
#include "core/memory_table.h"

#define YOUNG_S (7 * PST_DAY_SECONDS)
/* How often a record that is seen again counts as changed. */
#define GRAIN_S 3600

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */

/*
 * How many new domains each client network has added today. Each network has
 * two places in a table of counts, and the smaller count is its own (a
 * count-min sketch): no network gets more than its limit, however many there
 * are, and an honest one gets less only if others have filled both its places.
 */
#define COUNTS 16384

struct newcomers {
	int64_t day;
	uint16_t counts[COUNTS];
};

struct pst_memory {
	pthread_mutex_t mutex; /* protects all below */
	struct pst_memory_table *table;
	struct newcomers newcomers;
	int64_t born_epoch;
	int64_t now_epoch; /* the latest time that was told */
	uint64_t refused;
};

struct pst_memory *
pst_memory_new(size_t max_domains, int64_t born_epoch)
{
	struct pst_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		abort();
	pst_mutex_init(&memory->mutex);
	memory->table = pst_memory_table_new(max_domains);
	memory->born_epoch = born_epoch;
	return memory;
}

void
pst_memory_free(struct pst_memory *memory)
{
	if (memory == NULL)
		return;
	pst_memory_table_free(memory->table);
	pst_mutex_destroy(&memory->mutex);
	free(memory);
}

/* ---- new domains ---- */

static uint64_t
hash_network(const struct pst_ip *client)
{
	const struct pst_ip network = pst_ip_network(client);
	const struct pst_str octets = {
	    (const char *)network.octets, sizeof(network.octets)};

	return pst_hash(PST_HASH_START ^ pst_hash_secret(), octets);
}

/* Counts one more domain of that network; false if it has had its share. */
static bool
may_add(struct newcomers *newcomers, const struct pst_ip *client, int64_t day)
{
	uint64_t hash = hash_network(client);
	uint16_t *one = &newcomers->counts[hash % COUNTS];
	uint16_t *other = &newcomers->counts[(hash >> 32) % COUNTS];
	uint16_t count;

	if (newcomers->day != day) {
		memset(newcomers->counts, 0, sizeof(newcomers->counts));
		newcomers->day = day;
	}
	count = *one < *other ? *one : *other;
	if (count >= PST_MEMORY_MAX_NEW)
		return false;
	if (*one == count)
		*one = (uint16_t)(count + 1);
	if (*other == count)
		*other = (uint16_t)(count + 1);
	return true;
}

/* ---- what a message teaches ---- */

/* One domain, while it takes in a lesson. */
struct pupil {
	const struct pst_memory_lesson *lesson;
	int64_t day;
	struct pst_memory_row row;
	bool is_new;
	bool changed;
};

static bool
is_text(struct pst_str record)
{
	return record.len <= PST_MEMORY_MAX_RECORD &&
	    pst_str_find(record, '\0') == record.len && pst_str_is_utf8(record);
}

static void
note_record(struct pupil *pupil, struct pst_str record)
{
	struct pst_memory_row *row = &pupil->row;
	int64_t now_epoch = pupil->lesson->now_epoch;

	if (!is_text(record))
		record = PST_STR("");
	if (!pst_str_eq(row->record, record) ||
	    row->record_epoch / GRAIN_S != now_epoch / GRAIN_S)
		pupil->changed = true;
	row->record = record;
	row->record_epoch = now_epoch;
}

static void
note_authenticated(struct pupil *pupil)
{
	struct pst_memory_row *row = &pupil->row;

	/* A clock that was set back does not count a day twice. */
	if (pupil->day <= row->last_day)
		return;
	if (pupil->day - row->last_day > PST_MEMORY_KEEP_DAYS)
		row->days = 0;
	if (row->days < PST_MEMORY_MAX_DAYS)
		row->days++;
	row->last_day = pupil->day;
	pupil->changed = true;
}

static void
note_aligned(struct pupil *pupil)
{
	if (pst_day_of(pupil->row.aligned_epoch) != pupil->day)
		pupil->changed = true;
	pupil->row.aligned_epoch = pupil->lesson->now_epoch;
}

static bool
is(const char *name, const char *domain)
{
	return name != NULL && strcmp(name, domain) == 0;
}

/* Returns what the lesson says of the domain's record, or NULL. */
static const struct pst_memory_answer *
answer_of(const struct pst_memory_lesson *lesson, const char *domain)
{
	for (size_t i = 0; i < lesson->answer_count; i++) {
		if (is(lesson->answers[i].domain, domain))
			return &lesson->answers[i];
	}
	return NULL;
}

static bool
has_authenticated(const struct pst_memory_lesson *lesson, const char *domain)
{
	for (size_t i = 0; i < lesson->authenticated_count; i++) {
		if (is(lesson->authenticated[i], domain))
			return true;
	}
	return false;
}

/*
 * Takes in all that the lesson says of a domain at once: its rank decides
 * whether there is a place for it.
 */
static void
learn_of(struct pst_memory *memory, const struct pst_memory_lesson *lesson,
    const char *domain)
{
	struct pupil pupil = {
	    .lesson = lesson, .day = pst_day_of(lesson->now_epoch)};
	struct pst_memory_row *row = &pupil.row;
	const struct pst_memory_answer *answer = answer_of(lesson, domain);

	pupil.is_new = !pst_memory_table_get(memory->table, domain, row);
	if (pupil.is_new)
		*row = (struct pst_memory_row){.domain = domain,
		    .record = PST_STR(""),
		    .first_epoch = lesson->now_epoch};
	if (has_authenticated(lesson, domain))
		note_authenticated(&pupil);
	if (is(lesson->aligned, domain) ||
	    (lesson->aligned != NULL && answer != NULL &&
		answer->record.len > 0 &&
		pst_domain_is_below(lesson->aligned, domain)))
		note_aligned(&pupil);
	if (answer != NULL)
		note_record(&pupil, answer->record);
	/* The absence of a record alone is not remembered. */
	if (pupil.is_new && row->record.len == 0 && row->days == 0 &&
	    row->aligned_epoch == 0)
		return;
	if ((pupil.is_new &&
		!may_add(&memory->newcomers, &lesson->client, pupil.day)) ||
	    !pst_memory_table_put(
		memory->table, row, lesson->now_epoch, pupil.changed))
		memory->refused++;
}

void
pst_memory_learn(
    struct pst_memory *memory, const struct pst_memory_lesson *lesson)
{
	pst_mutex_lock(&memory->mutex);
	if (lesson->now_epoch > memory->now_epoch)
		memory->now_epoch = lesson->now_epoch;
	/* To learn of a domain twice changes nothing. */
	for (size_t i = 0; i < lesson->authenticated_count; i++)
		learn_of(memory, lesson, lesson->authenticated[i]);
	for (size_t i = 0; i < lesson->answer_count; i++)
		learn_of(memory, lesson, lesson->answers[i].domain);
	if (lesson->aligned != NULL)
		learn_of(memory, lesson, lesson->aligned);
	pst_mutex_unlock(&memory->mutex);
}

/* ---- what is known ---- */

bool
pst_memory_recall(struct pst_memory *memory, const char *domain,
    int64_t now_epoch, int64_t max_age_s, struct pst_recalled *out)
{
	struct pst_memory_row row;
	int64_t age_s = 0;
	bool found;

	pst_mutex_lock(&memory->mutex);
	found = pst_memory_table_get(memory->table, domain, &row) &&
	    row.record.len > 0;
	if (found && row.record_epoch < now_epoch)
		age_s = now_epoch - row.record_epoch;
	found = found && age_s <= max_age_s;
	if (found) {
		out->record.ptr = pst_arena_memdup(
		    out->arena, row.record.ptr, row.record.len);
		out->record.len = row.record.len;
		out->age_s = age_s;
	}
	pst_mutex_unlock(&memory->mutex);
	return found;
}

unsigned
pst_memory_earlier_days(
    struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	int64_t day = pst_day_of(now_epoch);
	struct pst_memory_row row;
	bool found;

	pst_mutex_lock(&memory->mutex);
	found = pst_memory_table_get(memory->table, domain, &row) &&
	    row.days > 0 && day - row.last_day <= PST_MEMORY_KEEP_DAYS;
	pst_mutex_unlock(&memory->mutex);
	if (!found)
		return 0;
	/* If the last day is not over, it is not an earlier one. */
	return row.last_day < day ? row.days : row.days - 1;
}

bool
pst_memory_is_young(struct pst_memory *memory, int64_t now_epoch)
{
	bool young;

	pst_mutex_lock(&memory->mutex);
	young = now_epoch - memory->born_epoch < YOUNG_S;
	pst_mutex_unlock(&memory->mutex);
	return young;
}

/* ---- the disk ---- */

size_t
pst_memory_take_changed(struct pst_memory *memory, struct pst_arena *arena,
    struct pst_memory_row *rows, size_t max)
{
	size_t count = 0;

	pst_mutex_lock(&memory->mutex);
	while (
	    count < max && pst_memory_table_take(memory->table, &rows[count])) {
		struct pst_memory_row *row = &rows[count++];

		row->domain = pst_arena_strdup(arena, row->domain);
		row->record.ptr =
		    pst_arena_memdup(arena, row->record.ptr, row->record.len);
	}
	pst_mutex_unlock(&memory->mutex);
	return count;
}

void
pst_memory_change_all(struct pst_memory *memory)
{
	pst_mutex_lock(&memory->mutex);
	pst_memory_table_change_all(memory->table);
	pst_mutex_unlock(&memory->mutex);
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
pst_memory_seen(const struct pst_memory_row *row)
{
	return larger(larger(row->record_epoch, row->aligned_epoch),
	    larger(row->first_epoch, row->last_day * PST_DAY_SECONDS));
}

static void
combine_days(struct pst_memory_row *into, const struct pst_memory_row *other)
{
	int64_t apart = other->last_day - into->last_day;

	if (apart > PST_MEMORY_KEEP_DAYS ||
	    (apart >= -PST_MEMORY_KEEP_DAYS && other->days > into->days))
		into->days = other->days;
	into->last_day = larger(into->last_day, other->last_day);
}

void
pst_memory_combine(
    struct pst_memory_row *into, const struct pst_memory_row *other)
{
	combine_days(into, other);
	if (other->record_epoch > into->record_epoch) {
		into->record = other->record;
		into->record_epoch = other->record_epoch;
	}
	into->aligned_epoch = larger(into->aligned_epoch, other->aligned_epoch);
	if (other->first_epoch < into->first_epoch)
		into->first_epoch = other->first_epoch;
}

/* Whether a time is one that a calendar has, so that no difference overflows. */
static bool
is_time(int64_t epoch)
{
	return epoch >= 0 && epoch <= LAST_SECOND;
}

bool
pst_memory_is_sound(const struct pst_memory_row *row)
{
	return row->domain[0] != '\0' &&
	    pst_domain_is_ldh(pst_str(row->domain)) && is_text(row->record) &&
	    row->days <= PST_MEMORY_MAX_DAYS && is_time(row->record_epoch) &&
	    is_time(row->first_epoch) && is_time(row->aligned_epoch) &&
	    row->last_day >= 0 && row->last_day <= pst_day_of(LAST_SECOND);
}

void
pst_memory_merge(struct pst_memory *memory, const struct pst_memory_row *row)
{
	struct pst_memory_row merged;

	if (!pst_memory_is_sound(row))
		return;
	pst_mutex_lock(&memory->mutex);
	if (pst_memory_table_get(memory->table, row->domain, &merged))
		pst_memory_combine(&merged, row);
	else
		merged = *row;
	/* The client network of that mail has paid for the row elsewhere. */
	(void)pst_memory_table_put(
	    memory->table, &merged, memory->now_epoch, false);
	pst_mutex_unlock(&memory->mutex);
}

void
pst_memory_set_born(struct pst_memory *memory, int64_t born_epoch)
{
	pst_mutex_lock(&memory->mutex);
	if (born_epoch < memory->born_epoch)
		memory->born_epoch = born_epoch;
	pst_mutex_unlock(&memory->mutex);
}

void
pst_memory_figures(struct pst_memory *memory, struct pst_memory_figures *out)
{
	pst_mutex_lock(&memory->mutex);
	pst_memory_table_figures(memory->table, out);
	out->born_epoch = memory->born_epoch;
	out->refused = memory->refused;
	pst_mutex_unlock(&memory->mutex);
}

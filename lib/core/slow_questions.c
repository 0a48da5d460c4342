/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/slow_questions.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "core/counters.h"

#define GIVEN_UP (PST_DNS_PAUSED + 1)
#define NAME_SIZE (PST_SLOW_NAME_WORDS * sizeof(uint64_t))

/* ---- adding ---- */

#define RELAXED memory_order_relaxed
/*
 * A reader of a part that was written after `turn` became odd sees that.
 * There are no fences, which ThreadSanitizer does not know.
 */
#define RELEASE memory_order_release
#define ACQUIRE memory_order_acquire

static bool
is_stale(const struct pst_slow_entry *entry, int64_t now_ms)
{
	return atomic_load_explicit(&entry->name_len, RELAXED) == 0 ||
	    now_ms - atomic_load_explicit(&entry->at_ms, RELAXED) >
	    PST_SLOW_LIFE_MS;
}

/*
 * Returns the place for a question: its own, a free one, or that of the fastest;
 * NULL if all are slower.
 */
static struct pst_slow_entry *
find_place(
    struct pst_slow_table *table, uint64_t hash, uint32_t ms, int64_t now_ms)
{
	struct pst_slow_entry *best = NULL;
	uint32_t least = ms;

	for (size_t i = 0; i < PST_SLOW_PLACES; i++) {
		struct pst_slow_entry *entry = &table->entries[i];
		uint32_t entry_ms = atomic_load_explicit(&entry->ms, RELAXED);

		if (is_stale(entry, now_ms)) {
			best = entry;
			least = 0;
		} else if (atomic_load_explicit(&entry->hash, RELAXED) ==
		    hash) {
			return ms > entry_ms ? entry : NULL;
		} else if (entry_ms < least) {
			best = entry;
			least = entry_ms;
		}
	}
	return best;
}

static void
write_entry(struct pst_slow_entry *entry, const struct pst_resolver_note *note,
    uint64_t hash, int64_t now_ms)
{
	uint64_t words[PST_SLOW_NAME_WORDS] = {0};
	struct pst_str name = pst_str_first(note->name, sizeof(words));
	/* Odd already if a process was killed while it wrote. */
	uint32_t turn = atomic_load_explicit(&entry->turn, RELAXED) | 1;

	memcpy(words, name.ptr, name.len);
	atomic_store_explicit(&entry->turn, turn, RELAXED);
	atomic_store_explicit(&entry->ms, note->ms, RELEASE);
	atomic_store_explicit(&entry->at_ms, now_ms, RELEASE);
	atomic_store_explicit(&entry->type, note->type, RELEASE);
	atomic_store_explicit(&entry->outcome,
	    note->event == PST_RESOLVER_GIVEN_UP ? GIVEN_UP :
						   (uint32_t)note->status,
	    RELEASE);
	atomic_store_explicit(&entry->hash, hash, RELEASE);
	atomic_store_explicit(&entry->name_len, name.len, RELEASE);
	for (size_t i = 0; i < PST_SLOW_NAME_WORDS; i++)
		atomic_store_explicit(&entry->name[i], words[i], RELEASE);
	atomic_store_explicit(&entry->turn, turn + 1, RELEASE);
}

void
pst_slow_table_add(struct pst_slow_table *table,
    const struct pst_resolver_note *note, int64_t now_ms)
{
	uint64_t hash = pst_hash_octet(
	    pst_hash(PST_HASH_START, note->name), (char)note->type);
	struct pst_slow_entry *entry;

	if (note->name.len == 0)
		return;
	entry = find_place(table, hash, note->ms, now_ms);
	if (entry != NULL)
		write_entry(entry, note, hash, now_ms);
}

void
pst_slow_questions_note(const struct pst_resolver_note *note)
{
	struct pst_slow_table *own = pst_counters_own_slow();

	if (own != NULL)
		pst_slow_table_add(own, note, pst_clock_ms(&pst_clock_system));
}

/* ---- reading ---- */

struct copy {
	uint32_t ms;
	uint32_t type;
	uint32_t outcome;
	size_t name_len;
	uint64_t name[PST_SLOW_NAME_WORDS];
};

/* Returns false if the entry is free, too old or just being written. */
static bool
take(const struct pst_slow_entry *entry, int64_t now_ms, struct copy *out)
{
	uint32_t turn = atomic_load_explicit(&entry->turn, ACQUIRE);

	if (turn % 2 != 0 || is_stale(entry, now_ms))
		return false;
	out->ms = atomic_load_explicit(&entry->ms, ACQUIRE);
	out->type = atomic_load_explicit(&entry->type, ACQUIRE);
	out->outcome = atomic_load_explicit(&entry->outcome, ACQUIRE);
	out->name_len = atomic_load_explicit(&entry->name_len, ACQUIRE);
	for (size_t i = 0; i < PST_SLOW_NAME_WORDS; i++)
		out->name[i] = atomic_load_explicit(&entry->name[i], ACQUIRE);
	return atomic_load_explicit(&entry->turn, RELAXED) == turn &&
	    out->name_len <= NAME_SIZE && out->outcome <= GIVEN_UP;
}

static int
slower_first(const void *a, const void *b)
{
	const struct pst_slow_question *one = a, *other = b;

	if (one->ms != other->ms)
		return one->ms > other->ms ? -1 : 1;
	return strcmp(one->name, other->name);
}

size_t
pst_slow_tables_read(struct pst_arena *arena,
    const struct pst_slow_table *tables, size_t count, int64_t now_ms,
    struct pst_slow_question out[PST_SLOW_MAX])
{
	struct pst_slow_question *all =
	    pst_arena_array(arena, count * PST_SLOW_PLACES, sizeof(*all));
	struct copy copy;
	size_t n = 0;

	for (size_t i = 0; i < count * PST_SLOW_PLACES; i++) {
		if (!take(&tables[i / PST_SLOW_PLACES]
			       .entries[i % PST_SLOW_PLACES],
			now_ms, &copy))
			continue;
		all[n++] = (struct pst_slow_question){
		    .name = pst_escaped(arena,
			(struct pst_str){
			    (const char *)copy.name, copy.name_len}),
		    .type = pst_dns_type_word((enum pst_dns_type)copy.type),
		    .outcome = copy.outcome == GIVEN_UP ?
			"GIVEN_UP" :
			pst_dns_status_word((enum pst_dns_status)copy.outcome),
		    .ms = copy.ms,
		};
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), slower_first);
	if (n > PST_SLOW_MAX)
		n = PST_SLOW_MAX;
	if (n > 0)
		memcpy(out, all, n * sizeof(*all));
	return n;
}

void
pst_slow_questions_json(struct pst_json *json, const struct pst_counters *block)
{
	struct pst_slow_question found[PST_SLOW_MAX];
	size_t count = block == NULL ?
	    0 :
	    pst_slow_tables_read(pst_json_arena(json), pst_counters_slow(block),
		PST_COUNTERS_SLOTS, pst_clock_ms(&pst_clock_system), found);

	pst_json_open_array(json, "slow_questions");
	for (size_t i = 0; i < count; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "name", found[i].name);
		pst_json_text(json, "type", found[i].type);
		pst_json_number(json, "ms", found[i].ms);
		pst_json_text(json, "outcome", found[i].outcome);
		pst_json_close(json);
	}
	pst_json_close(json);
}

size_t
pst_slow_questions_from_json(struct pst_arena *arena,
    const struct pst_json_value *object, const struct pst_slow_question **out)
{
	const struct pst_json_value *rows =
	    pst_json_member(object, "slow_questions");
	struct pst_slow_question *found =
	    pst_arena_array(arena, PST_SLOW_MAX, sizeof(*found));
	size_t count = 0;

	*out = found;
	while (count < PST_SLOW_MAX) {
		const struct pst_json_value *row =
		    pst_json_element(rows, count);
		struct pst_slow_question *at = &found[count];

		at->name = pst_json_as_text(pst_json_member(row, "name"));
		at->type = pst_json_as_text(pst_json_member(row, "type"));
		at->outcome = pst_json_as_text(pst_json_member(row, "outcome"));
		if (at->name == NULL || at->type == NULL ||
		    at->outcome == NULL ||
		    !pst_json_as_number(pst_json_member(row, "ms"), &at->ms))
			break;
		count++;
	}
	return count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/tally.h"

#include "base/hash.h"

#define FIRST_SLOTS 64

struct entry {
	struct pst_str name;
	uint64_t count;
	struct entry *next; /* in the same slot */
};

struct pst_tally {
	struct pst_arena *arena;
	struct entry **slots;
	size_t slot_count; /* a power of two */
	size_t entry_count;
	uint64_t sum;
};

struct pst_tally *
pst_tally_new(struct pst_arena *arena)
{
	struct pst_tally *tally = pst_arena_alloc(arena, sizeof(*tally));

	tally->arena = arena;
	tally->slot_count = FIRST_SLOTS;
	tally->slots =
	    pst_arena_array(arena, FIRST_SLOTS, sizeof(*tally->slots));
	return tally;
}

/* A sender could choose names that collide; that would only slow a run down. */
static struct entry **
slot_of(const struct pst_tally *tally, struct pst_str name)
{
	return &tally->slots[pst_hash_fold(pst_hash(PST_HASH_START, name)) &
	    (tally->slot_count - 1)];
}

static struct entry *
find(const struct pst_tally *tally, struct pst_str name)
{
	struct entry *entry = *slot_of(tally, name);

	while (entry != NULL && !pst_str_eq(entry->name, name))
		entry = entry->next;
	return entry;
}

static void
grow(struct pst_tally *tally)
{
	struct entry **old = tally->slots;
	size_t old_count = tally->slot_count;

	tally->slot_count *= 2;
	tally->slots = pst_arena_array(
	    tally->arena, tally->slot_count, sizeof(*tally->slots));
	for (size_t i = 0; i < old_count; i++)
		while (old[i] != NULL) {
			struct entry *entry = old[i];
			struct entry **slot = slot_of(tally, entry->name);

			old[i] = entry->next;
			entry->next = *slot;
			*slot = entry;
		}
}

static struct entry *
make(struct pst_tally *tally, struct pst_str name)
{
	struct entry *entry = pst_arena_alloc(tally->arena, sizeof(*entry));
	struct entry **slot;

	if (++tally->entry_count > tally->slot_count)
		grow(tally);
	slot = slot_of(tally, name);
	*entry = (struct entry){
	    .name = {pst_arena_memdup(tally->arena, name.ptr, name.len),
		name.len},
	    .next = *slot};
	*slot = entry;
	return entry;
}

void
pst_tally_add(struct pst_tally *tally, struct pst_str name, uint64_t n)
{
	struct entry *entry = find(tally, name);

	if (entry == NULL)
		entry = make(tally, name);
	entry->count += n;
	tally->sum += n;
}

uint64_t
pst_tally_of(const struct pst_tally *tally, struct pst_str name)
{
	const struct entry *entry = find(tally, name);

	return entry == NULL ? 0 : entry->count;
}

uint64_t
pst_tally_sum(const struct pst_tally *tally)
{
	return tally->sum;
}

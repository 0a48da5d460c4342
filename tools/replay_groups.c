/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/replay_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define FIRST_SLOTS 64

static uint64_t
hash_of(const struct pst_replay_group *group)
{
	/* A sender may have chosen the names. */
	uint64_t hash = PST_HASH_START ^ pst_hash_secret();

	hash = pst_hash(hash, pst_str(group->name));
	hash = pst_hash_octet(hash, '\0');
	hash = pst_hash(hash, pst_str(group->from));
	hash = pst_hash_octet(hash, '\0');
	return pst_hash(hash, pst_str(group->to));
}

static bool
is_same(const struct pst_replay_group *a, const struct pst_replay_group *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->from, b->from) == 0 &&
	    strcmp(a->to, b->to) == 0;
}

/* Returns the slot of a group, or the free one where it belongs. */
static size_t *
slot_of(
    const struct pst_replay_groups *groups, const struct pst_replay_group *key)
{
	size_t at = pst_hash_fold(hash_of(key)) & (groups->slot_count - 1);

	while (groups->slots[at] != 0 &&
	    !is_same(groups->items[groups->slots[at] - 1], key))
		at = (at + 1) & (groups->slot_count - 1);
	return &groups->slots[at];
}

/* At most half of the slots are used. */
static void
grow(struct pst_replay_groups *groups)
{
	struct pst_replay_group **bigger;

	if (groups->count * 2 < groups->slot_count)
		return;
	groups->slot_count =
	    groups->slot_count == 0 ? FIRST_SLOTS : groups->slot_count * 2;
	groups->capacity = groups->slot_count / 2;
	groups->slots = pst_arena_array(
	    groups->arena, groups->slot_count, sizeof(*groups->slots));
	bigger =
	    pst_arena_array(groups->arena, groups->capacity, sizeof(*bigger));
	if (groups->count > 0)
		memcpy(bigger, groups->items, groups->count * sizeof(*bigger));
	groups->items = bigger;
	for (size_t i = 0; i < groups->count; i++)
		*slot_of(groups, groups->items[i]) = i + 1;
}

void
pst_replay_groups_add(struct pst_replay_groups *groups,
    const struct pst_replay_group *key, const char *queue_id)
{
	struct pst_arena *arena = groups->arena;
	struct pst_replay_group *group;
	size_t *slot;

	grow(groups);
	slot = slot_of(groups, key);
	if (*slot == 0 && groups->count == PST_REPLAY_MAX_GROUPS) {
		groups->others++;
		return;
	}
	if (*slot == 0) {
		group = pst_arena_alloc(arena, sizeof(*group));
		group->name = pst_arena_strdup(arena, key->name);
		group->from = pst_arena_strdup(arena, key->from);
		group->to = pst_arena_strdup(arena, key->to);
		groups->items[groups->count++] = group;
		*slot = groups->count;
	}
	group = groups->items[*slot - 1];
	group->count++;
	if (group->example_count < PST_REPLAY_EXAMPLES && queue_id[0] != '\0')
		group->examples[group->example_count++] =
		    pst_arena_strdup(arena, queue_id);
}

static int
compare(const void *a, const void *b)
{
	const struct pst_replay_group *const *first = a, *const *second = b;
	int order;

	if ((*first)->count != (*second)->count)
		return (*first)->count > (*second)->count ? -1 : 1;
	order = strcmp((*first)->name, (*second)->name);
	if (order == 0)
		order = strcmp((*first)->from, (*second)->from);
	return order == 0 ? strcmp((*first)->to, (*second)->to) : order;
}

void
pst_replay_groups_sort(struct pst_replay_groups *groups)
{
	if (groups->count > 1)
		qsort(groups->items, groups->count, sizeof(*groups->items),
		    compare);
}

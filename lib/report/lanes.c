/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/lanes.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

#define NOTHING SIZE_MAX

struct lane {
	const char *domain;
	size_t first, last; /* the first and the last item; NOTHING if none */
	size_t same_slot;   /* the next lane in the same slot */
	int64_t next_ms;
};

struct pst_lanes {
	unsigned pause_ms;
	size_t max;
	struct lane *lanes;
	size_t lane_count;
	size_t *after; /* for each item, the next one in its lane */
	size_t item_count;
	size_t *slots; /* hash table of lanes by domain */
	size_t slot_mask;
	size_t turn;  /* the lane to look at first */
	size_t taken; /* the lane of the last item */
};

struct pst_lanes *
pst_lanes_new(struct pst_arena *arena, size_t max, unsigned pause_ms)
{
	struct pst_lanes *lanes = pst_arena_alloc(arena, sizeof(*lanes));
	size_t slots = 16;

	while (slots < max)
		slots *= 2;
	lanes->pause_ms = pause_ms;
	lanes->max = max;
	lanes->lanes = pst_arena_array(arena, max, sizeof(*lanes->lanes));
	lanes->after = pst_arena_array(arena, max, sizeof(*lanes->after));
	lanes->slots = pst_arena_array(arena, slots, sizeof(*lanes->slots));
	lanes->slot_mask = slots - 1;
	for (size_t i = 0; i < slots; i++)
		lanes->slots[i] = NOTHING;
	return lanes;
}

/* A sender could choose names that collide; that would only slow a run down. */
static size_t
slot_of(const struct pst_lanes *lanes, const char *domain)
{
	return pst_hash_fold(pst_hash(PST_HASH_START, pst_str(domain))) &
	    lanes->slot_mask;
}

static struct lane *
find(const struct pst_lanes *lanes, const char *domain)
{
	size_t i = lanes->slots[slot_of(lanes, domain)];

	while (i != NOTHING && strcmp(lanes->lanes[i].domain, domain) != 0)
		i = lanes->lanes[i].same_slot;
	return i == NOTHING ? NULL : &lanes->lanes[i];
}

static struct lane *
make(struct pst_lanes *lanes, const char *domain)
{
	size_t *slot = &lanes->slots[slot_of(lanes, domain)];
	struct lane *lane = &lanes->lanes[lanes->lane_count];

	*lane = (struct lane){.domain = domain,
	    .first = NOTHING,
	    .last = NOTHING,
	    .same_slot = *slot};
	*slot = lanes->lane_count++;
	return lane;
}

void
pst_lanes_add(struct pst_lanes *lanes, const char *domain)
{
	struct lane *lane = find(lanes, domain);
	size_t item = lanes->item_count++;

	assert(item < lanes->max);
	if (lane == NULL)
		lane = make(lanes, domain);
	if (lane->first == NOTHING)
		lane->first = item;
	else
		lanes->after[lane->last] = item;
	lane->last = item;
	lanes->after[item] = NOTHING;
}

size_t
pst_lanes_next(struct pst_lanes *lanes, int64_t now_ms, int64_t *until_ms)
{
	bool waits = false;

	for (size_t i = 0; i < lanes->lane_count; i++) {
		size_t at = (lanes->turn + i) % lanes->lane_count;
		struct lane *lane = &lanes->lanes[at];
		size_t item = lane->first;

		if (item == NOTHING)
			continue;
		if (lane->next_ms > now_ms) {
			if (!waits || lane->next_ms < *until_ms)
				*until_ms = lane->next_ms;
			waits = true;
			continue;
		}
		lane->first = lanes->after[item];
		lanes->turn = (at + 1) % lanes->lane_count;
		lanes->taken = at;
		return item;
	}
	return waits ? PST_LANES_WAIT : PST_LANES_NONE;
}

void
pst_lanes_sent(struct pst_lanes *lanes, int64_t now_ms)
{
	struct lane *lane = &lanes->lanes[lanes->taken];

	lane->next_ms = now_ms + lanes->pause_ms;
}

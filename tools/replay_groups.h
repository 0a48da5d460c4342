/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPLAY_GROUPS_H
#define PST_TOOLS_REPLAY_GROUPS_H

/*
 * What `postern replay` counts: messages that have something in common, such as
 * a From domain and what changes for them, with some examples.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PST_REPLAY_EXAMPLES 3
/* Groups of one kind; more are counted together. */
#define PST_REPLAY_MAX_GROUPS 50000

struct pst_replay_group {
	const char *name;
	const char *from, *to; /* what is done then and now */
	uint64_t count;
	const char *examples[PST_REPLAY_EXAMPLES]; /* queue ids */
	size_t example_count;
};

struct pst_replay_groups {
	struct pst_arena *arena;
	struct pst_replay_group **items; /* in no order until sorted */
	size_t count, capacity;
	size_t *slots; /* of a hash table: indexes in items, plus one */
	size_t slot_count;
	uint64_t others; /* messages of groups beyond the limit */
};

/* Texts are copied; those of *key that are not its group's are not looked at. */
void pst_replay_groups_add(struct pst_replay_groups *groups,
    const struct pst_replay_group *key, const char *queue_id);

/* Sorts: most messages first, then by name. Nothing can be added after it. */
void pst_replay_groups_sort(struct pst_replay_groups *groups);

#endif

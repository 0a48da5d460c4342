/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/indirect.h"

/* A memory at the time of one message. */
struct knowing {
	struct pst_known_days known;
	struct pst_memory *memory;
	int64_t now_epoch;
};

static unsigned
earlier_days(void *arg, const char *domain)
{
	const struct knowing *knowing = arg;

	return pst_memory_earlier_days(
	    knowing->memory, domain, knowing->now_epoch);
}

const struct pst_known_days *
pst_known_days_of(
    struct pst_arena *arena, struct pst_memory *memory, int64_t now_epoch)
{
	struct knowing *knowing;

	if (pst_memory_is_young(memory, now_epoch))
		return NULL;
	knowing = pst_arena_alloc(arena, sizeof(*knowing));
	*knowing = (struct knowing){{earlier_days, knowing}, memory, now_epoch};
	return &knowing->known;
}

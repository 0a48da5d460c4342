/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signed_times.h"

#include "base/hash.h"

static void
put(struct pst_signed_times *times, uint64_t hash, bool future)
{
	for (size_t i = 0; i < times->count; i++) {
		if (times->last[i].domain == hash) {
			times->last[i].future = future;
			return;
		}
	}
	times->last[times->next].domain = hash;
	times->last[times->next].future = future;
	times->next = (times->next + 1) % PST_SIGNED_TIMES_DOMAINS;
	if (times->count < PST_SIGNED_TIMES_DOMAINS)
		times->count++;
}

enum pst_signed_times_change
pst_signed_times_note(
    struct pst_signed_times *times, struct pst_str domain, bool future)
{
	size_t ahead = 0;

	put(times, pst_hash(PST_HASH_START, domain), future);
	if (times->count < PST_SIGNED_TIMES_ENOUGH)
		return PST_SIGNED_TIMES_SAME;
	for (size_t i = 0; i < times->count; i++)
		ahead += times->last[i].future;
	if (!times->behind && ahead * 4 >= times->count * 3) {
		times->behind = true;
		return PST_SIGNED_TIMES_BEHIND;
	}
	if (times->behind && ahead * 2 < times->count) {
		times->behind = false;
		return PST_SIGNED_TIMES_RIGHT;
	}
	return PST_SIGNED_TIMES_SAME;
}

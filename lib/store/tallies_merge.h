/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_MERGE_H
#define PST_STORE_TALLIES_MERGE_H

/*
 * Sums up packed rows by key. The rows of a pack are in the order of their keys,
 * so all packs are read side by side, and what belongs to a key comes together: a
 * table of all keys, which no cache of a processor has room for, is not needed.
 *
 * All packs are in memory as they are added, and each has at most as many octets
 * as the caller lets it have. Running out of memory aborts.
 */

#include "store/tallies_pack.h"

/* What a key has on all days: how many messages, and where its sum is. */
struct pst_tally_sum {
	uint64_t messages;
	size_t at;
};

struct pst_tally_merge;

struct pst_tally_merge *pst_tally_merge_new(enum pst_tally_question question);
void pst_tally_merge_free(struct pst_tally_merge *merge);

/*
 * Begins another pack, of that day. A day can have several, and their order does
 * not matter. The caller fills the octets, which are empty and valid until the
 * next call.
 */
struct pst_journal_octets *
pst_tally_merge_add(struct pst_tally_merge *merge, int64_t day);

/*
 * Sums up the packs, keys that begin with prefix only. The sums are in the order
 * of their keys (memcmp; a key goes before those that it is the beginning of), and
 * so are their places (at). The caller may sort them in another way; they are
 * valid until pst_tally_merge_clear(). False if a pack is damaged or its keys are
 * not in this order.
 */
bool pst_tally_merge_run(struct pst_tally_merge *merge, struct pst_str prefix,
    struct pst_tally_sum **sums, size_t *count) PST_MUST_CHECK;

/*
 * Reads a sum; the day is the newest. The key is valid until the next call.
 * Returns on how many days the key has rows.
 */
unsigned pst_tally_merge_read(struct pst_tally_merge *merge,
    const struct pst_tally_sum *sum, struct pst_tally_row *out);

/* Forgets packs and sums, but keeps their memory for the next ones. */
void pst_tally_merge_clear(struct pst_tally_merge *merge);

#endif

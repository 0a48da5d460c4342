/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_HAND_H
#define PST_STORE_JOURNAL_HAND_H

/*
 * The unit that a search has at hand: those of its entries that match, in the
 * order of time, and the octets of a block that was unpacked.
 */

#include "store/journal_pack.h"
#include "store/journal_unit.h"

/* What a search looks for. */
struct pst_journal_match {
	struct pst_journal_hashes hashes;
	int64_t since_s, until_s; /* included */
	bool oldest_first;
};

bool pst_journal_matches(const struct pst_journal_match *match,
    const struct pst_journal_record *record);

/* Whether a sound head has an entry that matches; only then unpack its body. */
bool pst_journal_match_head(
    const struct pst_journal_match *match, struct pst_str head);

/* Begin with all zero. */
struct pst_journal_hand {
	/* Of a block, which the records may point into */
	struct pst_journal_octets heads, body;
	struct pst_journal_record records[PST_JOURNAL_BLOCK_ENTRIES];
	size_t count, at;
};

void pst_journal_hand_free(struct pst_journal_hand *hand);

/* Takes the entries of a sound unit that match. The octets are the caller's. */
void pst_journal_hand_take(struct pst_journal_hand *hand,
    const struct pst_journal_match *match, struct pst_str head,
    struct pst_str body);

/*
 * Unpacks the body of a block, whose head is sound, and takes the entries that
 * match. The octets are copied. False if it is damaged.
 */
bool pst_journal_hand_unpack(struct pst_journal_hand *hand,
    const struct pst_journal_match *match, struct pst_journal_packer *packer,
    struct pst_str head, struct pst_str packed) PST_MUST_CHECK;

/* The entry that it is at, or NULL after the last. */
const struct pst_journal_record *
pst_journal_hand_record(const struct pst_journal_hand *hand, bool oldest_first);

#endif

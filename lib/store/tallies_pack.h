/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_PACK_H
#define PST_STORE_TALLIES_PACK_H

/*
 * Rows of tallies as octets: what the rows of a day that is over become, in the
 * order of their keys, so that many days can be read in a moment. The whole is
 * compressed by store/journal_pack.
 *
 *	row	number: octets that the key has in common with the one before,
 *		number: further octets; these octets;
 *		number: a bit for each of the numbers that is not 0;
 *		these numbers: done and would by action, aligned, indirect;
 *		octet: how many bits of the sketch are set, and an octet for each;
 *		255: the sketch follows as it is
 *	number	7 bits in each octet, the lowest first, 0x80: more follow
 */

#include "store/journal_unit.h"
#include "store/tallies_table.h"

/* Rows of one pack, and the octets that they have at most. */
#define PST_TALLY_PACK_ROWS 8192
#define PST_TALLY_PACK_MAX_ROW (PST_TALLY_MAX_KEY + 256)
#define PST_TALLY_PACK_MAX (PST_TALLY_PACK_ROWS * PST_TALLY_PACK_MAX_ROW)

/* The key before, which the next one continues; begin with zeros. */
struct pst_tally_packing {
	char key[PST_TALLY_MAX_KEY + 1];
	size_t len;
};

/* Adds a row; its day and question are not in the pack. */
void pst_tally_pack(struct pst_tally_packing *packing,
    struct pst_journal_octets *to, const struct pst_tally_row *row);

/*
 * Adds a row whose numbers and networks are packed already: the octets that
 * pst_tally_unpack_add() took.
 */
void pst_tally_pack_copy(struct pst_tally_packing *packing,
    struct pst_journal_octets *to, struct pst_str key, struct pst_str numbers);

/*
 * Take the next row off the octets, which must not be empty: first its key, which
 * is in *packing until the next call, then its numbers and networks, which are
 * added to those of a row. False if the octets are damaged.
 */
bool pst_tally_unpack_key(
    struct pst_tally_packing *packing, struct pst_str *octets) PST_MUST_CHECK;
bool pst_tally_unpack_add(
    struct pst_str *octets, struct pst_tally_row *row) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_INDEX_H
#define PST_STORE_JOURNAL_INDEX_H

/*
 * The index of a journal. A part is PST_JOURNAL_PART blocks of a stream. When
 * its last block is written, the hashes of all its entries are sorted and stored
 * as PST_JOURNAL_BUCKETS rows, by their highest bits; each hash is four octets
 * that also say in which of the blocks it is. So an entry costs a hundred
 * instructions and some octets for each key, where a row of a table for each hash
 * would cost thousands and about thirty. With so many buckets, a row fits into a
 * page of the database, and a search reads one page of each part.
 *
 * A search reads one row of each part, and those of many parts in one statement.
 * The blocks of the last part, which is not complete, have no rows: their
 * heads are read instead.
 */

#include "store/journal_file.h"

#define PST_JOURNAL_BUCKETS 128

struct pst_journal_part {
	int64_t stream, id;
};

/* Writes the rows of a part, replacing what it has. Inside a transaction. */
bool pst_journal_index_part(struct pst_journal *journal,
    struct pst_journal_part part, struct pst_err *err) PST_MUST_CHECK;

/* Deletes the rows of a part if it has no blocks any more. */
bool pst_journal_index_drop(struct pst_journal *journal,
    struct pst_journal_part part, struct pst_err *err) PST_MUST_CHECK;

/*
 * Finds the blocks that have all these hashes, in `count` parts from the given
 * one on, at most PST_JOURNAL_PARTS; all blocks without a hash. Bit n of
 * blocks is block n of its part; the times are those of the whole part. A part
 * without rows has no blocks.
 */
#define PST_JOURNAL_PARTS 64
struct pst_journal_found {
	uint64_t blocks;
	int64_t first_s, last_s;
};
bool pst_journal_index_find(struct pst_journal *journal,
    struct pst_journal_part first, const struct pst_journal_hashes *hashes,
    struct pst_journal_found out[PST_JOURNAL_PARTS],
    struct pst_err *err) PST_MUST_CHECK;

#endif

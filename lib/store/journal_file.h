/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_FILE_H
#define PST_STORE_JOURNAL_FILE_H

/* The inside of store/journal: what its files share. Not for others. */

#include "base/siphash.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/journal_pack.h"
#include "store/journal_unit.h"

#define PST_JOURNAL_STREAMS 2

/*
 * The write-ahead log is emptied at about 4 MB. Only a reader that stays in one
 * selection for long, or a program that is stopped in it, can keep it from that;
 * then nothing is added until it has gone. So much of max_bytes is left for it.
 */
#define PST_JOURNAL_WAL_BYTES (UINT64_C(16) << 20)

struct pst_journal {
	struct pst_db *db;
	char *path;
	unsigned char secret[PST_SIPHASH_KEY_BYTES];
	struct pst_journal_packer *packer;
	/* Memory that is kept from call to call */
	struct pst_journal_unit fresh[PST_JOURNAL_STREAMS];
	struct pst_journal_unit whole;
	struct pst_journal_octets packed;
};

/* A row of the table stream: it changes with each transaction. */
struct pst_journal_state {
	int64_t next_block, next_tail; /* their ids; they only grow */
	int64_t blocks, entries;       /* without the tail */
	int64_t bytes, raw_bytes;      /* of the blocks, with their heads */
	int64_t tail_entries, tail_bytes;
	int64_t newest_s; /* of any entry that was ever here; or 0 */
};

bool pst_journal_state_read(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_journal_state_write(struct pst_journal *journal, int64_t stream,
    const struct pst_journal_state *state, struct pst_err *err) PST_MUST_CHECK;

/*
 * Inserts a unit as the next block, and indexes the part that it completes; or
 * as the next row of the tail.
 */
bool pst_journal_put_block(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, const struct pst_journal_unit *unit,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_journal_put_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, const struct pst_journal_unit *unit,
    struct pst_err *err) PST_MUST_CHECK;

/* Adds the whole tail to a unit, in order. A row that is damaged is left out. */
bool pst_journal_get_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_unit *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_journal_drop_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, struct pst_err *err) PST_MUST_CHECK;

/*
 * Reads the current row of a selection, whose columns from `first` on are
 * entries, head and body. False if it is not sound. The slices live until the
 * next step.
 */
bool pst_journal_get_row(struct pst_journal *journal, unsigned first,
    struct pst_str *head, struct pst_str *body);

/*
 * The size of the database as this transaction has it: pages in use, and pages
 * that are free. pst_journal_wal_bytes() is the size of the log beside it.
 */
struct pst_journal_size {
	uint64_t used_bytes, free_bytes;
};
bool pst_journal_size(struct pst_journal *journal, struct pst_journal_size *out,
    struct pst_err *err) PST_MUST_CHECK;
uint64_t pst_journal_wal_bytes(const struct pst_journal *journal);

/*
 * Copies the write-ahead log into the file and empties it. *empty is false if
 * somebody reads what is in it.
 */
bool pst_journal_empty_wal(struct pst_journal *journal, bool *empty,
    struct pst_err *err) PST_MUST_CHECK;

#endif

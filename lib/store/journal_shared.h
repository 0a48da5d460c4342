/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SHARED_H
#define PST_STORE_JOURNAL_SHARED_H

/* The inside of store/journal_share: what its files share. Not for others. */

#include "store/db.h"
#include "store/journal_index.h"
#include "store/journal_share.h"

/* A row of journal_gateway. */
struct pst_shared_gateway {
	int64_t id; /* beginning with 1 */
	unsigned char secret[PST_SIPHASH_KEY_BYTES];
	char file[PST_JOURNAL_ID_SIZE]; /* the secret, as digits */
	char name[PST_JOURNAL_NAME_SIZE];
	int64_t since_s, seen_s;
	struct pst_journal_limits limits;
};

/* A row of journal_stream: it changes with each transaction. */
struct pst_shared_state {
	int64_t next_block, next_tail; /* of the file: what is not copied yet */
	int64_t entries, blocks, bytes; /* of the blocks, with their index */
};

/* The stream of a gateway, in a transaction or a search. */
struct pst_shared_stream {
	struct pst_db *db;
	int64_t gateway, stream;
};

/*
 * Whether the database has the tables. Fails if they are of a version that this
 * program does not know.
 */
bool pst_shared_exists(
    struct pst_db *db, bool *exists, struct pst_err *err) PST_MUST_CHECK;

/* Creates the tables unless they exist. */
bool pst_shared_make(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

/*
 * Begins a transaction that changes what is kept of a gateway; others that do so
 * wait. *gone is true, and nothing begun, if the gateway has been deleted.
 */
bool
pst_shared_begin(struct pst_db *db, const struct pst_shared_gateway *gateway,
    bool *gone, struct pst_err *err) PST_MUST_CHECK;

/* All gateways, by name; the caller frees *out. */
bool pst_shared_gateways(struct pst_db *db, struct pst_shared_gateway **out,
    size_t *count, struct pst_err *err) PST_MUST_CHECK;

/* Reads the row that a selection of PST_SHARED_GATEWAY is at; false: damaged. */
#define PST_SHARED_GATEWAY                                                     \
	"id, file, name, since_s, seen_s, retention_s, max_bytes"
bool pst_shared_read_gateway(
    struct pst_db *db, struct pst_shared_gateway *out) PST_MUST_CHECK;

bool pst_shared_state_read(const struct pst_shared_stream *stream,
    struct pst_shared_state *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_shared_state_write(const struct pst_shared_stream *stream,
    const struct pst_shared_state *state, struct pst_err *err) PST_MUST_CHECK;

/* A unit as a row has it; the body is compressed. */
struct pst_shared_unit {
	int64_t first_s, last_s;
	int64_t
	    age_s; /* what counts for its age: last_s, or the database's time
	                  at which it was copied if that was earlier */
	int64_t raw_bytes, entries;
	struct pst_str head, body;
};

/* Adds a block, and its sums to the state, and indexes it. */
bool pst_shared_put_block(const struct pst_shared_stream *stream, int64_t id,
    const struct pst_shared_unit *unit, struct pst_shared_state *state,
    struct pst_err *err) PST_MUST_CHECK;

/* Deletes a block and its young rows, and its sums from the state. */
bool pst_shared_take_block(const struct pst_shared_stream *stream, int64_t id,
    struct pst_shared_state *state, struct pst_err *err) PST_MUST_CHECK;

/* The same, and the rows of its part, too, if that has no block any more. */
bool pst_shared_drop_block(const struct pst_shared_stream *stream, int64_t id,
    struct pst_shared_state *state, struct pst_err *err) PST_MUST_CHECK;

/* ---- the index, store/journal_share_index.c ---- */

/*
 * A block is indexed when it arrives: PST_SHARED_YOUNG rows with its hashes. When
 * the last block of a part has arrived, its rows are replaced by PST_SHARED_OLD
 * rows for all 64. Both have the same form; `first` is the block, or the first
 * one of the part. So a search reads one short row of each part, and some of the
 * newest one.
 */
#define PST_SHARED_YOUNG 16
#define PST_SHARED_OLD 1024

/* Writes the rows of a young block; *hashes is how many it has. */
bool pst_shared_index_block(const struct pst_shared_stream *stream, int64_t id,
    const struct pst_shared_unit *unit, int64_t *hashes,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_shared_index_drop_block(const struct pst_shared_stream *stream,
    int64_t id, struct pst_err *err) PST_MUST_CHECK;

/* Writes the rows of a part again, of its blocks, and drops the young ones. */
bool pst_shared_index_part(const struct pst_shared_stream *stream, int64_t part,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_shared_index_drop_part(const struct pst_shared_stream *stream,
    int64_t part, struct pst_err *err) PST_MUST_CHECK;

/* As pst_journal_index_find(), for parts that are complete or not. */
bool pst_shared_index_find(const struct pst_shared_stream *stream,
    int64_t first_part, const struct pst_journal_hashes *hashes,
    struct pst_journal_found out[PST_JOURNAL_PARTS],
    struct pst_err *err) PST_MUST_CHECK;

/* ---- deleting, store/journal_share_trim.c ---- */

/*
 * Deletes of one gateway what is old as of now_s, and what is too much, a few
 * blocks a call. *more is true if there are others.
 */
bool
pst_shared_trim(struct pst_db *db, const struct pst_shared_gateway *gateway,
    int64_t now_s, bool *more, struct pst_err *err) PST_MUST_CHECK;

/* ---- copying, store/journal_share_copy.c ---- */

/*
 * Copies a few blocks of a stream, and its tail, in one transaction. *more is
 * true if blocks are left. *behind is true, and nothing done, if the file is
 * behind what is here: it was restored, or copied to another gateway.
 */
struct pst_shared_copy {
	struct pst_journal *journal; /* opened to read */
	struct pst_db *db;
	const struct pst_shared_gateway *gateway;
	int64_t now_s; /* of the database */
	bool more, behind, gone;
	uint64_t blocks; /* that were copied */
};
bool pst_shared_copy(struct pst_shared_copy *copy, int64_t stream,
    struct pst_err *err) PST_MUST_CHECK;

#endif

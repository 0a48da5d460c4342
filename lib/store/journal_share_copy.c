/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Copying from a journal file. A transaction of the shared database locks the
 * gateway's row first and reads the file then: whoever forgets an address in
 * the file and then here has it in neither afterwards.
 */

#include <stdlib.h>

#include "store/journal_shared.h"

/* Blocks of one transaction. */
#define STEP_BLOCKS 8

struct work {
	struct pst_shared_copy *copy;
	struct pst_shared_stream stream;
	struct pst_shared_state state;
	/* Of the file, as one statement has read them */
	int64_t next_block, next_tail, first_tail;
	struct pst_journal_unit tail; /* its rows that are not here yet */
	struct pst_journal_octets head, body; /* of a block */
};

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the tail ---- */

/* Reads how far the file is, and the rows of the tail from next_tail on. */
static bool
read_tail(struct work *work, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT stream.next_block, stream.next_tail,"
	    " (SELECT COALESCE(MIN(id), stream.next_tail) FROM tail"
	    " WHERE stream = $1), tail.entries, tail.head, tail.body"
	    " FROM stream LEFT JOIN tail ON tail.stream = stream.stream"
	    " AND tail.id >= $2 WHERE stream.stream = $1 ORDER BY tail.id";
	struct pst_journal *journal = work->copy->journal;
	const struct pst_db_value values[] = {
	    pst_db_int(work->stream.stream), pst_db_int(work->state.next_tail)};
	struct pst_journal_record record;
	struct pst_str head, body;

	if (!pst_db_select(journal->db, sql, values, PST_COUNT(values), err))
		return false;
	while (!pst_journal_unit_is_full(&work->tail) &&
	    pst_db_next(journal->db)) {
		work->next_block = pst_db_number(journal->db, 0);
		work->next_tail = pst_db_number(journal->db, 1);
		work->first_tail = pst_db_number(journal->db, 2);
		if (!pst_journal_get_row(journal, 3, &head, &body))
			continue;
		while (!pst_journal_unit_is_full(&work->tail) &&
		    pst_journal_unit_next(&head, &body, &record))
			pst_journal_unit_copy(&work->tail, &record);
	}
	return pst_db_end(journal->db, err);
}

/* Adds the rows that were read as one row, which names the coming block. */
static bool
put_tail(struct work *work, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO journal_tail (gateway, stream, block, id, first_s,"
	    " last_s, age_s, raw_bytes, entries, head, body)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	const struct pst_journal_unit *tail = &work->tail;
	struct pst_journal *journal = work->copy->journal;

	work->state.next_tail = work->next_tail;
	if (tail->entries == 0)
		return true;
	pst_journal_pack(journal->packer, pst_journal_octets_slice(&tail->body),
	    &journal->packed);
	return pst_db_run(work->stream.db, sql,
	    (struct pst_db_value[]){pst_db_int(work->stream.gateway),
		pst_db_int(work->stream.stream), pst_db_int(work->next_block),
		pst_db_int(work->next_tail - 1), pst_db_int(tail->first_s),
		pst_db_int(tail->last_s),
		pst_db_int(lesser(tail->last_s, work->copy->now_s)),
		pst_db_int((int64_t)tail->body.len),
		pst_db_int((int64_t)tail->entries),
		pst_db_blob(pst_journal_octets_slice(&tail->head)),
		pst_db_blob(pst_journal_octets_slice(&journal->packed))},
	    11, NULL, err);
}

/*
 * Deletes rows whose rows in the file are gone although no block was made of
 * them: they are too old, or the tail was written again without an address.
 */
static bool
drop_stale(struct work *work, struct pst_err *err)
{
	static const char sql[] = "DELETE FROM journal_tail WHERE gateway = $1"
				  " AND stream = $2 AND block = $3 AND id < $4";
	const struct pst_db_value values[] = {pst_db_int(work->stream.gateway),
	    pst_db_int(work->stream.stream), pst_db_int(work->next_block),
	    pst_db_int(work->first_tail)};

	return pst_db_run(
	    work->stream.db, sql, values, PST_COUNT(values), NULL, err);
}

/* ---- blocks ---- */

/*
 * Reads the first block from the id on. Its octets are copied, so that nothing
 * of the file is locked while the database works. *id is that of the block;
 * next_block of the file if there is none. A damaged block is left out.
 */
static bool
read_block(struct work *work, int64_t *id, struct pst_shared_unit *out,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT id, first_s, last_s, raw_bytes, entries, head, body"
	    " FROM block WHERE stream = $1 AND id >= $2 AND id < $3"
	    " ORDER BY id";
	const struct pst_db_value values[] = {pst_db_int(work->stream.stream),
	    pst_db_int(*id), pst_db_int(work->next_block)};
	struct pst_db *db = work->copy->journal->db;
	bool found = false;

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (!found && pst_db_next(db)) {
		struct pst_str head = pst_db_octets(db, 5);

		*out = (struct pst_shared_unit){.first_s = pst_db_number(db, 1),
		    .last_s = pst_db_number(db, 2),
		    .age_s = lesser(pst_db_number(db, 2), work->copy->now_s),
		    .raw_bytes = pst_db_number(db, 3),
		    .entries = pst_db_number(db, 4)};
		found = pst_journal_unit_is_sound(
		    head, (uint64_t)out->entries, (uint64_t)out->raw_bytes);
		if (!found)
			continue;
		*id = pst_db_number(db, 0);
		work->head.len = work->body.len = 0;
		pst_journal_octets_add(&work->head, head);
		pst_journal_octets_add(&work->body, pst_db_octets(db, 6));
		out->head = pst_journal_octets_slice(&work->head);
		out->body = pst_journal_octets_slice(&work->body);
	}
	if (!found)
		*id = work->next_block;
	return pst_db_end(db, err);
}

/* Steps to a later block, and merges the index of a part that it leaves. */
static bool
advance(struct work *work, int64_t to, struct pst_err *err)
{
	const int64_t part = work->state.next_block / PST_JOURNAL_PART;

	work->state.next_block = to;
	return to / PST_JOURNAL_PART == part ||
	    pst_shared_index_part(&work->stream, part, err);
}

/* Adds a block in place of what was copied of the tail that it was made of. */
static bool
put_block(
    struct work *work, const struct pst_shared_unit *unit, struct pst_err *err)
{
	static const char sql[] = "DELETE FROM journal_tail WHERE gateway = $1"
				  " AND stream = $2 AND block = $3";
	const int64_t id = work->state.next_block;
	const struct pst_db_value values[] = {pst_db_int(work->stream.gateway),
	    pst_db_int(work->stream.stream), pst_db_int(id)};

	work->copy->blocks++;
	return pst_shared_put_block(
		   &work->stream, id, unit, &work->state, err) &&
	    pst_db_run(
		work->stream.db, sql, values, PST_COUNT(values), NULL, err) &&
	    advance(work, id + 1, err);
}

/* A block that is not in the file any more was too old, or is in no file. */
static bool
copy_blocks(struct work *work, struct pst_err *err)
{
	for (unsigned i = 0;
	     i < STEP_BLOCKS && work->state.next_block < work->next_block;
	     i++) {
		struct pst_shared_unit unit;
		int64_t id = work->state.next_block;

		if (!read_block(work, &id, &unit, err) ||
		    !advance(work, id, err))
			return false;
		if (id < work->next_block && !put_block(work, &unit, err))
			return false;
	}
	work->copy->more = work->state.next_block < work->next_block;
	return true;
}

/* ---- all ---- */

static bool
copy_all(struct work *work, struct pst_err *err)
{
	if (!pst_shared_state_read(&work->stream, &work->state, err) ||
	    !read_tail(work, err))
		return false;
	work->copy->behind = work->next_block < work->state.next_block ||
	    work->next_tail < work->state.next_tail;
	return work->copy->behind ||
	    (put_tail(work, err) && drop_stale(work, err) &&
		copy_blocks(work, err) &&
		pst_shared_state_write(&work->stream, &work->state, err));
}

/* Most of the time there is nothing new, and nothing is written. */
static bool
has_news(struct work *work, bool *out, struct pst_err *err)
{
	struct pst_journal_state state;

	if (!pst_journal_state_read(
		work->copy->journal, work->stream.stream, &state, err) ||
	    !pst_shared_state_read(&work->stream, &work->state, err))
		return false;
	*out = work->state.next_block != state.next_block ||
	    work->state.next_tail != state.next_tail;
	return true;
}

bool
pst_shared_copy(
    struct pst_shared_copy *copy, int64_t stream, struct pst_err *err)
{
	struct work work = {
	    .copy = copy, .stream = {copy->db, copy->gateway->id, stream}};
	bool news = false, ok;

	copy->more = copy->behind = copy->gone = false;
	ok = has_news(&work, &news, err);
	if (ok && news) {
		ok =
		    pst_shared_begin(copy->db, copy->gateway, &copy->gone, err);
		if (ok && !copy->gone)
			ok = pst_db_finish(copy->db, copy_all(&work, err), err);
	}
	pst_journal_unit_free(&work.tail);
	free(work.head.ptr);
	free(work.body.ptr);
	return ok;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Deleting what is old, and what the file has no room for. */

#include "store/journal_file.h"
#include "store/journal_index.h"

/* In a call, which is a transaction: so long other processes wait. */
#define STEP_BLOCKS 8
#define STEP_PAGES "256"

struct work {
	struct pst_journal *journal;
	struct pst_journal_state states[PST_JOURNAL_STREAMS];
	unsigned deleted; /* blocks, and tails */
};

/* The block to delete next. */
struct block {
	int64_t id, entries, raw_bytes, bytes;
	bool exists;
};

struct selection {
	const char *sql;
	struct pst_db_value values[2];
	size_t count;
};

static bool
find_block(struct work *work, const struct selection *what, struct block *out,
    struct pst_err *err)
{
	struct pst_db *db = work->journal->db;

	if (!pst_db_select(db, what->sql, what->values, what->count, err))
		return false;
	out->exists = pst_db_next(db);
	if (out->exists) {
		out->id = pst_db_number(db, 0);
		out->entries = pst_db_number(db, 1);
		out->raw_bytes = pst_db_number(db, 2) + pst_db_number(db, 3);
		out->bytes = pst_db_number(db, 3) + pst_db_number(db, 4);
	}
	return pst_db_end(db, err);
}

#define COLUMNS "id, entries, raw_bytes, LENGTH(head), LENGTH(body)"

static bool
find_oldest(
    struct work *work, int64_t stream, struct block *out, struct pst_err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM block"
				  " WHERE stream = $1 ORDER BY id LIMIT 1";
	const struct selection what = {sql, {pst_db_int(stream)}, 1};

	return find_block(work, &what, out, err);
}

static bool
find_expired(struct work *work, int64_t stream, int64_t limit_s,
    struct block *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT " COLUMNS " FROM block"
	    " WHERE stream = $1 AND last_s < $2 ORDER BY last_s LIMIT 1";
	const struct selection what = {
	    sql, {pst_db_int(stream), pst_db_int(limit_s)}, 2};

	return find_block(work, &what, out, err);
}

static bool
delete_block(struct work *work, int64_t stream, const struct block *block,
    struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM block WHERE stream = $1 AND id = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(stream), pst_db_int(block->id)};
	struct pst_journal_state *state = &work->states[stream];

	if (!pst_db_run(
		work->journal->db, sql, values, PST_COUNT(values), NULL, err))
		return false;
	work->deleted++;
	state->blocks--;
	state->entries -= block->entries;
	state->bytes -= block->bytes;
	state->raw_bytes -= block->raw_bytes;
	return pst_journal_index_drop(work->journal,
	    (struct pst_journal_part){stream, block->id / PST_JOURNAL_PART},
	    err);
}

/* ---- by age ---- */

/*
 * On a gateway with little mail, the tail may hold some weeks. Its rows are in
 * the order in which they arrived, so mostly one look at the first is enough.
 */
static bool
expire_tail(
    struct work *work, int64_t stream, int64_t limit_s, struct pst_err *err)
{
	static const char first_sql[] =
	    "SELECT last_s FROM tail"
	    " WHERE stream = $1 ORDER BY id LIMIT 1";
	static const char sql[] =
	    "DELETE FROM tail WHERE stream = $1 AND last_s < $2";
	static const char entries_sql[] = "SELECT COALESCE(SUM(entries), 0)"
					  " FROM tail WHERE stream = $1";
	static const char bytes_sql[] =
	    "SELECT COALESCE(SUM(LENGTH(head) + LENGTH(body)), 0)"
	    " FROM tail WHERE stream = $1";
	const struct pst_db_value values[] = {
	    pst_db_int(stream), pst_db_int(limit_s)};
	struct pst_journal_state *state = &work->states[stream];
	struct pst_db *db = work->journal->db;
	int64_t first_s = limit_s;

	if (!pst_db_get_number(db, first_sql, values, 1, &first_s, NULL, err))
		return false;
	if (first_s >= limit_s)
		return true;
	work->deleted++;
	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err) &&
	    pst_db_get_number(
		db, entries_sql, values, 1, &state->tail_entries, NULL, err) &&
	    pst_db_get_number(
		db, bytes_sql, values, 1, &state->tail_bytes, NULL, err);
}

static bool
expire(struct work *work, int64_t stream, int64_t limit_s, struct pst_err *err)
{
	struct block block = {.exists = true};

	if (!expire_tail(work, stream, limit_s, err))
		return false;
	while (work->deleted < STEP_BLOCKS) {
		if (!find_expired(work, stream, limit_s, &block, err))
			return false;
		if (!block.exists)
			return true;
		if (!delete_block(work, stream, &block, err))
			return false;
	}
	return true;
}

/* What is older than this is expired. */
static int64_t
limit_of(const struct work *work, int64_t retention_s, int64_t now_s)
{
	int64_t newest_s = work->states[0].newest_s;

	if (work->states[1].newest_s > newest_s)
		newest_s = work->states[1].newest_s;
	return (newest_s < now_s ? newest_s : now_s) - retention_s;
}

/* ---- by size ---- */

/* Which stream loses a block: the one above its share. */
static int64_t
victim_of(const struct work *work, uint64_t room)
{
	const struct pst_journal_state *states = work->states;

	if (states[PST_JOURNAL_OTHER].blocks <= 0)
		return PST_JOURNAL_ACCEPTED;
	if (states[PST_JOURNAL_ACCEPTED].blocks <= 0)
		return PST_JOURNAL_OTHER;
	return states[PST_JOURNAL_ACCEPTED].bytes > (int64_t)(room / 4) ?
	    PST_JOURNAL_ACCEPTED :
	    PST_JOURNAL_OTHER;
}

static bool
shrink(struct work *work, uint64_t room, bool *more, struct pst_err *err)
{
	struct pst_journal_size size;

	for (;;) {
		struct block block;
		int64_t victim = victim_of(work, room);

		if (!pst_journal_size(work->journal, &size, err))
			return false;
		*more = size.used_bytes > room;
		if (!*more || work->deleted >= STEP_BLOCKS)
			return true;
		if (!find_oldest(work, victim, &block, err))
			return false;
		if (!block.exists) {
			*more = false;
			return true;
		}
		if (!delete_block(work, victim, &block, err))
			return false;
	}
}

/* A log of this size belongs to the file; half of a very small one. */
static uint64_t
room_of(const struct pst_journal_limits *limits)
{
	return limits->max_bytes > 2 * PST_JOURNAL_WAL_BYTES ?
	    limits->max_bytes - PST_JOURNAL_WAL_BYTES :
	    limits->max_bytes / 2;
}

/* Gives pages back to the disk if the file is larger than it may be. */
static bool
give_back(
    struct pst_journal *journal, uint64_t room, bool *more, struct pst_err *err)
{
	static const char sql[] = "PRAGMA incremental_vacuum(" STEP_PAGES ")";
	struct pst_journal_size size;

	if (!pst_journal_size(journal, &size, err))
		return false;
	if (size.used_bytes + size.free_bytes <= room || size.free_bytes == 0)
		return true;
	*more = true;
	return pst_db_script(journal->db, sql, err);
}

static bool
work_on(struct work *work, const struct pst_journal_limits *limits,
    int64_t now_s, bool *more, struct pst_err *err)
{
	int64_t limit_s;

	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (!pst_journal_state_read(
			work->journal, i, &work->states[i], err))
			return false;
	}
	limit_s = limit_of(work, limits->retention_s, now_s);
	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (!expire(work, i, limit_s, err))
			return false;
	}
	if (!shrink(work, room_of(limits), more, err))
		return false;
	if (work->deleted >= STEP_BLOCKS)
		*more = true;
	for (int64_t i = 0; work->deleted > 0 && i < PST_JOURNAL_STREAMS; i++) {
		if (!pst_journal_state_write(
			work->journal, i, &work->states[i], err))
			return false;
	}
	return true;
}

bool
pst_journal_trim(struct pst_journal *journal,
    const struct pst_journal_limits *limits, int64_t now_s, bool *more,
    struct pst_err *err)
{
	struct work work = {.journal = journal};
	bool ok;

	*more = false;
	if (!pst_db_begin(journal->db, err))
		return false;
	ok = work_on(&work, limits, now_s, more, err);
	return pst_db_finish(journal->db, ok, err) &&
	    give_back(journal, room_of(limits), more, err);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Deleting what is old, and what a gateway may not keep any more. */

#include "store/journal_shared.h"

/* Blocks of one transaction. */
#define STEP_BLOCKS 16

/* A gateway that has nothing here and was not heard of for so long is gone. */
#define GONE_S (30 * INT64_C(86400))

struct work {
	struct pst_db *db;
	const struct pst_shared_gateway *gateway;
	struct pst_shared_stream streams[PST_JOURNAL_STREAMS];
	struct pst_shared_state states[PST_JOURNAL_STREAMS];
	unsigned deleted;
};

/* The first number of a stream's row; -1 if there is none. */
static bool
find_block(const struct pst_shared_stream *stream, const char *sql,
    int64_t limit, int64_t *id, struct pst_err *err)
{
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(limit)};

	*id = -1;
	return pst_db_get_number(
	    stream->db, sql, values, PST_COUNT(values), id, NULL, err);
}

static bool
expire(struct work *work, int64_t at, int64_t limit_s, struct pst_err *err)
{
	static const char tail_sql[] =
	    "DELETE FROM journal_tail"
	    " WHERE gateway = $1 AND stream = $2 AND age_s < $3";
	static const char sql[] =
	    "SELECT id FROM journal_block WHERE gateway = $1 AND stream = $2"
	    " AND age_s < $3 ORDER BY age_s LIMIT 1";
	const struct pst_shared_stream *stream = &work->streams[at];
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(limit_s)};
	int64_t id;

	if (!pst_db_run(
		work->db, tail_sql, values, PST_COUNT(values), NULL, err))
		return false;
	while (work->deleted < STEP_BLOCKS) {
		if (!find_block(stream, sql, limit_s, &id, err))
			return false;
		if (id < 0)
			return true;
		work->deleted++;
		if (!pst_shared_drop_block(stream, id, &work->states[at], err))
			return false;
	}
	return true;
}

/* As store/journal.h says of the shares of the streams. */
static int64_t
victim_of(const struct work *work)
{
	const struct pst_shared_state *states = work->states;

	if (states[PST_JOURNAL_OTHER].blocks <= 0)
		return PST_JOURNAL_ACCEPTED;
	if (states[PST_JOURNAL_ACCEPTED].blocks <= 0)
		return PST_JOURNAL_OTHER;
	return states[PST_JOURNAL_ACCEPTED].bytes >
		(int64_t)(work->gateway->limits.max_bytes / 4) ?
	    PST_JOURNAL_ACCEPTED :
	    PST_JOURNAL_OTHER;
}

static bool
shrink(struct work *work, struct pst_err *err)
{
	/* The third value is the same for both statements, and used by one. */
	static const char sql[] =
	    "SELECT id FROM journal_block WHERE gateway = $1 AND stream = $2"
	    " AND id >= $3 ORDER BY id LIMIT 1";

	while (work->deleted < STEP_BLOCKS &&
	    work->states[0].bytes + work->states[1].bytes >
		(int64_t)work->gateway->limits.max_bytes) {
		const int64_t victim = victim_of(work);
		int64_t id;

		if (!find_block(&work->streams[victim], sql, 0, &id, err))
			return false;
		if (id < 0)
			return true;
		work->deleted++;
		if (!pst_shared_drop_block(
			&work->streams[victim], id, &work->states[victim], err))
			return false;
	}
	return true;
}

/* ---- gateways that are gone ---- */

static bool
drop_gateway(struct work *work, int64_t now_s, struct pst_err *err)
{
	static const char *const steps[] = {
	    "DELETE FROM journal_stream WHERE gateway = $1",
	    "DELETE FROM journal_gateway WHERE id = $1",
	};
	static const char sql[] =
	    "SELECT (SELECT COUNT(*) FROM journal_block WHERE gateway = $1)"
	    " + (SELECT COUNT(*) FROM journal_tail WHERE gateway = $1)";
	const struct pst_db_value value = pst_db_int(work->gateway->id);
	int64_t rows;

	if (work->gateway->seen_s > now_s - GONE_S)
		return true;
	if (!pst_db_get_number(work->db, sql, &value, 1, &rows, NULL, err))
		return false;
	for (size_t i = 0; rows == 0 && i < PST_COUNT(steps); i++) {
		if (!pst_db_run(work->db, steps[i], &value, 1, NULL, err))
			return false;
	}
	return true;
}

static bool
trim_all(struct work *work, int64_t now_s, struct pst_err *err)
{
	const int64_t limit_s = now_s - work->gateway->limits.retention_s;

	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		work->streams[i] =
		    (struct pst_shared_stream){work->db, work->gateway->id, i};
		if (!pst_shared_state_read(
			&work->streams[i], &work->states[i], err) ||
		    !expire(work, i, limit_s, err))
			return false;
	}
	if (!shrink(work, err))
		return false;
	for (int64_t i = 0; work->deleted > 0 && i < PST_JOURNAL_STREAMS; i++) {
		if (!pst_shared_state_write(
			&work->streams[i], &work->states[i], err))
			return false;
	}
	return drop_gateway(work, now_s, err);
}

bool
pst_shared_trim(struct pst_db *db, const struct pst_shared_gateway *gateway,
    int64_t now_s, bool *more, struct pst_err *err)
{
	struct work work = {.db = db, .gateway = gateway};
	bool gone;

	*more = false;
	if (!pst_shared_begin(db, gateway, &gone, err))
		return false;
	if (gone)
		return true;
	if (!pst_db_finish(db, trim_all(&work, now_s, err), err))
		return false;
	*more = work.deleted >= STEP_BLOCKS;
	return true;
}

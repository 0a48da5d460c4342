/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "store/journal_pack.h"
#include "store/tallies_pack.h"
#include "store/trusted_clock.h"

/* What one step deletes. */
#define MAX_ROWS 2000
#define MAX_PACKS 4

/* Rows of so many days still change: another worker may be late. */
#define OPEN_DAYS 2

/* ---- the clock ---- */

/* Rows are a weak witness, for a file that has no note yet. */
static bool
read_newest(struct pst_db *db, int64_t *newest_s, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COALESCE(MAX(day), 0) FROM (SELECT MAX(day) AS day"
	    " FROM pack UNION ALL SELECT MAX(day) AS day FROM room) AS days";
	int64_t day = 0;

	if (!pst_db_get_number(db, sql, NULL, 0, &day, NULL, err))
		return false;
	*newest_s = day <= 0 ? 0 : pst_day_end(day);
	return true;
}

/* Inside a transaction, so that several workers note one after the other. */
static bool
ask_clock(struct pst_tallies_file *file, struct pst_tallies_now now,
    struct pst_trusted_now *out, struct pst_err *err)
{
	struct pst_clock_evidence evidence = {.wall_s = now.wall_s,
	    .ran_s = file->asked ? (now.ms - file->asked_ms) / 1000 : 0};

	if (!pst_trusted_clock_read_note(file->db, &evidence, err) ||
	    (evidence.note_s == 0 &&
		!read_newest(file->db, &evidence.newest_s, err)))
		return false;
	*out = pst_trusted_clock_judge(&evidence);
	if (out->note_s > 0 &&
	    !pst_trusted_clock_write_note(file->db, out, err))
		return false;
	/* A clock that is still watched is watched from the start. */
	if (file->asked && out->note_s == 0)
		return true;
	file->asked = true;
	file->asked_ms = now.ms;
	return true;
}

/* ---- deleting ---- */

/* A statement that deletes what is older than $1, at most $2 = max of it. */
struct deletion {
	const char *sql;
	int64_t max;
};

static bool
delete_some(struct pst_db *db, const struct deletion *deletion, int64_t before,
    bool *more, struct pst_err *err)
{
	const struct pst_db_value values[] = {
	    pst_db_int(before), pst_db_int(deletion->max)};
	int64_t deleted = 0;

	if (!pst_db_run(
		db, deletion->sql, values, PST_COUNT(values), &deleted, err))
		return false;
	*more = *more || deleted >= deletion->max;
	return true;
}

/* Forgets proven keys; their number is counted again, as it is cheap. */
static bool
forget_proven(
    struct pst_db *db, int64_t before, bool *more, struct pst_err *err)
{
	static const struct deletion delete = {
	    "DELETE FROM proven WHERE (question, key) IN (SELECT question, key"
	    " FROM proven WHERE last_day < $1 ORDER BY last_day LIMIT $2)",
	    MAX_ROWS};
	static const char clear[] = "DELETE FROM room WHERE day = -1";
	static const char count[] =
	    "INSERT INTO room (question, day, class, row_count)"
	    " SELECT question, -1, 1, COUNT(*) FROM proven GROUP BY question";
	static const char old[] =
	    "SELECT COUNT(*) FROM (SELECT 1 FROM proven WHERE last_day < $1"
	    " LIMIT 1) AS some";
	const struct pst_db_value value = pst_db_int(before);
	int64_t some = 0;

	if (!pst_db_get_number(db, old, &value, 1, &some, NULL, err))
		return false;
	return some == 0 ||
	    (delete_some(db, &delete, before, more, err) &&
		pst_db_run(db, clear, NULL, 0, NULL, err) &&
		pst_db_run(db, count, NULL, 0, NULL, err));
}

static bool
delete_old(struct pst_db *db, int64_t before, bool *more, struct pst_err *err)
{
	static const struct deletion deletions[] = {
	    {"DELETE FROM pack WHERE (question, day, part) IN (SELECT question,"
	     " day, part FROM pack WHERE day < $1 LIMIT $2)",
		MAX_PACKS},
	    {"DELETE FROM tally WHERE (question, day, key) IN (SELECT question,"
	     " day, key FROM tally WHERE day < $1 LIMIT $2)",
		MAX_ROWS},
	    {"DELETE FROM room WHERE (question, day, class) IN (SELECT"
	     " question, day, class FROM room WHERE day >= 0 AND day < $1"
	     " LIMIT $2)",
		MAX_ROWS},
	};

	for (size_t i = 0; i < PST_COUNT(deletions); i++) {
		if (!delete_some(db, &deletions[i], before, more, err))
			return false;
	}
	return true;
}

/* ---- packing ---- */

/* A day and question with rows that do not change any more. */
struct closed {
	bool found;
	int64_t question, day;
};

static bool
find_closed(
    struct pst_db *db, int64_t before, struct closed *out, struct pst_err *err)
{
	static const char sql[] = "SELECT question, day FROM room"
				  " WHERE day >= 0 AND day < $1 LIMIT 1";
	const struct pst_db_value value = pst_db_int(before);

	if (!pst_db_select(db, sql, &value, 1, err))
		return false;
	out->found = pst_db_next(db);
	if (out->found) {
		out->question = pst_db_number(db, 0);
		out->day = pst_db_number(db, 1);
	}
	return pst_db_end(db, err);
}

/* Packs the first rows, in the order of their keys; *count is how many. */
static bool
read_rows(struct pst_db *db, const struct closed *closed,
    struct pst_journal_octets *plain, int64_t *count, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT key, " PST_TALLIES_COLUMNS " FROM tally"
	    " WHERE question = $1 AND day = $2 ORDER BY key LIMIT $3";
	const struct pst_db_value values[] = {pst_db_int(closed->question),
	    pst_db_int(closed->day), pst_db_int(PST_TALLY_PACK_ROWS)};
	struct pst_tally_packing packing = {.len = 0};

	*count = 0;
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(db)) {
		const struct pst_str key = pst_db_column(db, 0);
		struct pst_tally_row row = {.key = key.ptr};

		++*count;
		/* Only in a damaged file */
		if (key.len == 0 || strlen(key.ptr) > PST_TALLY_MAX_KEY)
			continue;
		pst_tallies_row_of(db, 1, &row);
		pst_tally_pack(&packing, plain, &row);
	}
	return pst_db_end(db, err);
}

static bool
put_pack(struct pst_db *db, const struct closed *closed,
    const struct pst_journal_octets *plain,
    const struct pst_journal_octets *packed, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO pack SELECT $1, $2, COALESCE(MAX(part), 0) + 1, $3, $4"
	    " FROM pack WHERE question = $1 AND day = $2";
	const struct pst_db_value values[] = {pst_db_int(closed->question),
	    pst_db_int(closed->day), pst_db_int((int64_t)plain->len),
	    pst_db_blob((struct pst_str){packed->ptr, packed->len})};

	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err);
}

static bool
delete_packed(struct pst_db *db, const struct closed *closed, int64_t count,
    struct pst_err *err)
{
	static const char rows[] =
	    "DELETE FROM tally WHERE question = $1 AND day = $2 AND key IN"
	    " (SELECT key FROM tally WHERE question = $1 AND day = $2"
	    " ORDER BY key LIMIT $3)";
	static const char room[] =
	    "DELETE FROM room WHERE question = $1 AND day = $2";
	const struct pst_db_value values[] = {pst_db_int(closed->question),
	    pst_db_int(closed->day), pst_db_int(count)};

	return pst_db_run(db, rows, values, 3, NULL, err) &&
	    (count == PST_TALLY_PACK_ROWS ||
		pst_db_run(db, room, values, 2, NULL, err));
}

static bool
pack(struct pst_db *db, const struct closed *closed, struct pst_err *err)
{
	struct pst_journal_octets plain = {.len = 0}, packed = {.len = 0};
	struct pst_journal_packer *packer = pst_journal_packer_new();
	int64_t count;
	bool ok = read_rows(db, closed, &plain, &count, err);

	if (ok && plain.len > 0) {
		pst_journal_pack(
		    packer, (struct pst_str){plain.ptr, plain.len}, &packed);
		ok = put_pack(db, closed, &plain, &packed, err);
	}
	ok = ok && delete_packed(db, closed, count, err);
	pst_journal_packer_free(packer);
	free(plain.ptr);
	free(packed.ptr);
	return ok;
}

static bool
pack_some(struct pst_db *db, int64_t before, bool *more, struct pst_err *err)
{
	struct closed closed;

	if (!find_closed(db, before, &closed, err))
		return false;
	if (!closed.found)
		return true;
	*more = true;
	return pack(db, &closed, err);
}

/* ---- a step ---- */

static bool
step(struct pst_tallies_file *file, struct pst_tallies_now now,
    int64_t retention_s, bool *more, struct pst_err *err)
{
	struct pst_trusted_now believed;
	int64_t today;

	if (!ask_clock(file, now, &believed, err))
		return false;
	today = pst_day_of(believed.now_s);
	if (!delete_old(file->db, pst_day_of(believed.now_s - retention_s),
		more, err) ||
	    !forget_proven(
		file->db, today - PST_TALLIES_PROVEN_DAYS, more, err))
		return false;
	return *more || pack_some(file->db, today - OPEN_DAYS + 1, more, err);
}

bool
pst_tallies_file_tend(struct pst_tallies_file *file, struct pst_tallies_now now,
    int64_t retention_s, bool *more, struct pst_err *err)
{
	*more = false;
	if (!pst_db_begin(file->db, err))
		return false;
	return pst_db_finish(
	    file->db, step(file, now, retention_s, more, err), err);
}

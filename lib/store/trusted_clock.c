/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/trusted_clock.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/day.h"
#include "store/schema.h"

/* So far ahead of the note a clock may be: a system can be off for a day. */
#define BELIEVED_S PST_DAY_SECONDS

/* Clocks that differ by less are not worth a remark. */
#define REMARK_S 3600

/* How fast the believed time follows a clock that is ahead, and one behind. */
#define CATCH_UP 2
#define FALL_BACK 24

/* Without a row and without a note, a clock is first watched for so long. */
#define WATCHED_S 3600

/* A note that is less out of date than this is not written again. */
#define NOTE_S 600

/* ---- the judgement ---- */

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
doubt(struct pst_trusted_now *out, enum pst_clock_doubt why, int64_t off_s)
{
	out->doubt = why;
	out->off_s = off_s;
}

/*
 * How long time has passed since the note was made: several processes share it,
 * so it may be younger than the last time that this one asked.
 */
static int64_t
passed(const struct pst_clock_evidence *evidence, int64_t clock_s)
{
	int64_t since_s = evidence->note_s == 0 ?
	    evidence->ran_s :
	    clock_s - evidence->noted_at_s;

	return greater(0, lesser(since_s, evidence->ran_s));
}

/* The clock, compared with what the store has seen. */
static void
compare_with_store(const struct pst_clock_evidence *evidence, int64_t clock_s,
    struct pst_trusted_now *out)
{
	bool noted = evidence->note_s != 0;
	int64_t seen_s = noted ? evidence->note_s : evidence->newest_s;
	int64_t passed_s = passed(evidence, clock_s);

	out->now_s = out->note_s = clock_s;
	if (clock_s > seen_s + passed_s + BELIEVED_S) {
		doubt(out, PST_CLOCK_AHEAD, clock_s - seen_s);
		out->now_s = out->note_s = seen_s + CATCH_UP * passed_s;
	} else if (clock_s < seen_s) {
		if (clock_s < seen_s - REMARK_S)
			doubt(out, PST_CLOCK_BEHIND, seen_s - clock_s);
		/* Rows alone are a weak witness: one can be dated wrongly. */
		if (noted)
			out->note_s =
			    greater(clock_s, seen_s - FALL_BACK * passed_s);
	}
}

struct pst_trusted_now
pst_trusted_clock_judge(const struct pst_clock_evidence *evidence)
{
	int64_t wall_s = evidence->wall_s, server_s = evidence->database_s;
	int64_t clock_s = server_s == 0 ? wall_s : lesser(wall_s, server_s);
	struct pst_trusted_now out = {.now_s = clock_s,
	    .noted_at_s = clock_s,
	    .doubt = PST_CLOCK_PLAUSIBLE};

	if (evidence->note_s != 0 || evidence->newest_s != 0)
		compare_with_store(evidence, clock_s, &out);
	else if (evidence->ran_s >= WATCHED_S)
		out.note_s = clock_s;
	if (server_s == 0)
		return out;
	/* The server is the better witness: it tells which clock is wrong. */
	if (wall_s > server_s + REMARK_S)
		doubt(&out, PST_CLOCK_AHEAD_OF_SERVER, wall_s - server_s);
	else if (wall_s < server_s - REMARK_S)
		doubt(&out, PST_CLOCK_BEHIND_SERVER, server_s - wall_s);
	return out;
}

/* ---- the evidence ---- */

bool
pst_trusted_clock_read_note(
    struct pst_db *db, struct pst_clock_evidence *out, struct pst_err *err)
{
	static const char sql[] = "SELECT value FROM meta WHERE name = 'clock'";
	struct pst_str text;
	uint64_t note_s, at_s;
	size_t space;

	if (!pst_db_select(db, sql, NULL, 0, err))
		return false;
	if (pst_db_next(db)) {
		text = pst_db_column(db, 0);
		space = pst_str_find(text, ' ');
		if (pst_str_to_u64(
			pst_str_first(text, space), INT64_MAX / 4, &note_s) &&
		    pst_str_to_u64(
			pst_str_from(text, space + 1), INT64_MAX / 4, &at_s)) {
			out->note_s = (int64_t)note_s;
			out->noted_at_s = (int64_t)at_s;
		}
	}
	return pst_db_end(db, err);
}

/* Only the newest day's policies are looked at: they have an index by day. */
static bool
read_newest(struct pst_db *db, int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST(COALESCE(MAX(s), 0) AS BIGINT) FROM ("
	    "SELECT MAX(seen_s) AS s FROM policy"
	    " WHERE day = (SELECT MAX(day) FROM policy)"
	    " UNION ALL SELECT MAX(made_s) FROM report"
	    " UNION ALL SELECT MAX(shipped_s) FROM batch"
	    " UNION ALL SELECT MAX(seen_s) FROM failure"
	    " UNION ALL SELECT MAX(imported_s) FROM feedback"
	    " UNION ALL SELECT MAX(seen_s) FROM memory) AS newest";

	*out = 0;
	return pst_db_get_number(db, sql, NULL, 0, out, NULL, err);
}

bool
pst_trusted_clock_server(struct pst_db *db, int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)";

	return !pst_db_is_shared(db) ||
	    pst_db_get_number(db, sql, NULL, 0, out, NULL, err);
}

bool
pst_trusted_clock_write_note(
    struct pst_db *db, const struct pst_trusted_now *now, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO meta (name, value) VALUES ('clock', $1)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	char text[48];
	struct pst_db_value value;

	(void)snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, now->note_s,
	    now->noted_at_s);
	value = pst_db_text(text);
	return pst_db_run(db, sql, &value, 1, NULL, err);
}

static bool
write_note(
    struct pst_db *db, const struct pst_trusted_now *now, struct pst_err *err)
{
	return pst_schema_begin(db, err) &&
	    pst_db_finish(db, pst_trusted_clock_write_note(db, now, err), err);
}

static bool
is_news(const struct pst_clock_evidence *evidence,
    const struct pst_trusted_now *now)
{
	int64_t moved_s = now->note_s - evidence->note_s;

	return now->note_s > 0 &&
	    (evidence->note_s == 0 || moved_s >= NOTE_S ||
		(now->doubt != PST_CLOCK_PLAUSIBLE &&
		    (moved_s != 0 || now->noted_at_s != evidence->noted_at_s)));
}

bool
pst_trusted_clock_ask(struct pst_trusted_clock *trusted, struct pst_db *db,
    struct pst_trusted_now *out, struct pst_err *err)
{
	int64_t now_ms = pst_clock_ms(trusted->clock);
	struct pst_clock_evidence evidence = {
	    .wall_s = pst_clock_epoch(trusted->clock),
	    .ran_s = trusted->asked ? (now_ms - trusted->asked_ms) / 1000 : 0,
	};

	if (!pst_trusted_clock_read_note(db, &evidence, err) ||
	    (evidence.note_s == 0 &&
		!read_newest(db, &evidence.newest_s, err)) ||
	    !pst_trusted_clock_server(db, &evidence.database_s, err))
		return false;
	*out = pst_trusted_clock_judge(&evidence);
	if (is_news(&evidence, out) && !write_note(db, out, err))
		return false;
	/* A clock that is still watched is watched from the start. */
	if (trusted->asked && out->note_s == 0)
		return true;
	trusted->asked = true;
	trusted->asked_ms = now_ms;
	return true;
}

void
pst_trusted_clock_say(const struct pst_trusted_now *now, struct pst_err *text)
{
	long long hours = (long long)((now->off_s + 1800) / 3600);
	char day[PST_DAY_TEXT_SIZE];

	switch (now->doubt) {
	case PST_CLOCK_PLAUSIBLE:
		(void)pst_err_set(text, "the clock agrees with the store");
		break;
	case PST_CLOCK_AHEAD:
		(void)pst_err_set(text,
		    "the clock of this system is %lld h ahead of the time at "
		    "which the store was last used, so only what was old on %s "
		    "is deleted; correct the clock; if the clock is right and "
		    "nothing has run here for so long, nothing is to be done",
		    hours, pst_day_text(pst_day_of(now->now_s), day));
		break;
	case PST_CLOCK_BEHIND:
		(void)pst_err_set(text,
		    "the clock of this system is %lld h behind the time at "
		    "which the store was last used, so reports get the wrong "
		    "day, and DKIM signatures can seem to be from the future; "
		    "correct the clock",
		    hours);
		break;
	case PST_CLOCK_AHEAD_OF_SERVER:
		(void)pst_err_set(text,
		    "the clock of this system is %lld h ahead of that of the "
		    "shared database, so rows are deleted by the database's; "
		    "correct the clock that is wrong",
		    hours);
		break;
	case PST_CLOCK_BEHIND_SERVER:
		(void)pst_err_set(text,
		    "the clock of this system is %lld h behind that of the "
		    "shared database, so rows are deleted later than they "
		    "could be; correct the clock that is wrong",
		    hours);
		break;
	}
}

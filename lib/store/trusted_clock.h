/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TRUSTED_CLOCK_H
#define PST_STORE_TRUSTED_CLOCK_H

/*
 * What time it is for deleting by age. A clock that is ahead would delete rows
 * that are not old, in a shared database those of all gateways, so the clock is
 * compared with witnesses before anything is deleted (R-SEC-22):
 *
 * - the clock of a shared database. The earlier one of both counts.
 * - the note: the time that was believed last, which each store keeps in its
 *   table meta. A running daemon renews it every hour, also without mail, so it
 *   is fresh even if the newest row is a month old.
 * - the newest row, for a store that has no note yet.
 *
 * A clock that is up to a day ahead of the note is believed. Beyond that it can
 * be wrong, or the system was off: nobody can tell. So the believed time then
 * passes, from the note on, at most twice as fast as time really does. A clock
 * that is 500 days ahead deletes nothing early on the first day that it runs
 * but what is a day older than the rest, and a system that was off for a month
 * deletes what is old in a month. Somebody reads the log meanwhile.
 *
 * A clock that is behind deletes too little, which does no harm. The note then
 * follows it at a day per hour, so that a note that a wrong clock has left does
 * not stay for ever, while a clock that lost its battery does no damage until
 * the time servers are reached.
 */

#include "base/clock.h"
#include "base/err.h"
#include "base/macros.h"
#include "store/db.h"

/* All are seconds since 1970 but ran_s; 0 stands for what is not known. */
struct pst_clock_evidence {
	int64_t wall_s;     /* the clock of this system */
	int64_t database_s; /* the clock of the shared database */
	int64_t newest_s;   /* the newest row in the store */
	int64_t note_s;     /* the time that was believed last */
	int64_t noted_at_s; /* and what the clock said then */
	int64_t ran_s; /* this process has run so long since it last asked */
};

enum pst_clock_doubt {
	PST_CLOCK_PLAUSIBLE,
	PST_CLOCK_AHEAD,           /* of the note or the newest row */
	PST_CLOCK_BEHIND,          /* them */
	PST_CLOCK_AHEAD_OF_SERVER, /* of the shared database */
	PST_CLOCK_BEHIND_SERVER,
};

struct pst_trusted_now {
	int64_t now_s;  /* what is old, is old as of this time */
	int64_t note_s; /* to be noted; 0: no note yet */
	int64_t noted_at_s;
	enum pst_clock_doubt doubt;
	int64_t off_s; /* by how much the clock differs; not negative */
};

/* Judges the clock by its witnesses. It depends on nothing else. */
struct pst_trusted_now
pst_trusted_clock_judge(const struct pst_clock_evidence *evidence);

/* What a thread keeps between two questions; the caller sets the clock. */
struct pst_trusted_clock {
	const struct pst_clock *clock;
	bool asked;
	int64_t asked_ms;
};

/*
 * Collects the evidence in a store that this program may write to, judges, and
 * renews the note. False with a sentence in err if the store fails; then
 * nothing may be deleted.
 */
bool pst_trusted_clock_ask(struct pst_trusted_clock *trusted, struct pst_db *db,
    struct pst_trusted_now *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Reads the clock of a shared database; for a file *out stays as it is. It
 * changes nothing.
 */
bool pst_trusted_clock_server(
    struct pst_db *db, int64_t *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * The note in the table meta of a store of another kind, which collects its own
 * evidence: sets note_s and noted_at_s if there is one, and writes it, in the
 * caller's transaction.
 */
bool pst_trusted_clock_read_note(struct pst_db *db,
    struct pst_clock_evidence *out, struct pst_err *err) PST_MUST_CHECK;
bool pst_trusted_clock_write_note(struct pst_db *db,
    const struct pst_trusted_now *now, struct pst_err *err) PST_MUST_CHECK;

/* Writes a sentence for the operator about a doubt. */
void
pst_trusted_clock_say(const struct pst_trusted_now *now, struct pst_err *text);

#endif

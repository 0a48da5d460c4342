/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_H
#define PST_STORE_TALLIES_H

/*
 * How many messages there were, by what an operator asks for: a table for each
 * question, with a row for each day and key. An SQLite file of its own,
 * "<journal.path>-tallies"; best effort, as the journal is: mail never waits for
 * it, and a file that cannot be written costs numbers and nothing else.
 *
 * A sender chooses most keys, so each table has a limit of rows a day, in two
 * halves: one for keys whose mail has passed aligned, on that day or on one of
 * the PST_TALLIES_PROVEN_DAYS before it, and one for the others. So made-up From
 * domains cannot wash the genuine ones out. When a half is full, a key that has
 * had more messages than its smallest row takes its place, and what the row had
 * is added to the row "other" of its day and table, so sums stay right.
 *
 * A sender can also make any number of names below a domain of his own pass. One
 * organizational domain has at most PST_TALLIES_PER_ORG rows for From domains,
 * and as many for senders, in each half; what is beyond them is counted as
 * "*.ORGDOMAIN". The DNS of that sender says what an organizational domain is,
 * so names with the same last two labels have at most PST_TALLIES_PER_NEAR rows
 * in the half of the proven keys. A key that was proven on an earlier day goes
 * before those of the day.
 *
 * The rows of a day are rows of SQL for as long as they change. A day later they
 * are packed (store/tallies_pack.h).
 *
 * Several workers add to one file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "core/summary.h"

#define PST_TALLIES_PER_ORG 32
#define PST_TALLIES_PER_NEAR 2048
#define PST_TALLIES_PROVEN_DAYS 30
#define PST_TALLIES_OTHER "other" /* the key of what has no row of its own */

enum pst_tally_question {
	PST_TALLY_FROM_DOMAIN, /* key: the From domain, "-" if there is none */
	PST_TALLY_SENDER,      /* key: from_domain, a blank, via */
	PST_TALLY_NETWORK,     /* key: the client's network */
	PST_TALLY_RCPT_DOMAIN,
	PST_TALLY_RULE,
	PST_TALLY_REASON,
	PST_TALLY_HOUR, /* key: "00" to "23", UTC */
};
#define PST_TALLY_QUESTIONS (PST_TALLY_HOUR + 1)
#define PST_TALLY_ACTIONS (PST_ACTION_TEMPFAIL + 1)

/* How many rows a question has on a day, besides "other" and "*.ORGDOMAIN". */
struct pst_tally_limits {
	int64_t proven; /* 0: alignment is not looked at */
	int64_t others;
};
struct pst_tally_limits pst_tally_limits(enum pst_tally_question question);

/* The different client networks of a row, estimated: bits of a hash each. */
#define PST_TALLY_SKETCH 32

struct pst_tally_row {
	int64_t day; /* days since 1970, UTC */
	enum pst_tally_question question;
	const char *key;
	uint64_t done[PST_TALLY_ACTIONS];  /* by what was done */
	uint64_t would[PST_TALLY_ACTIONS]; /* by what enforcing does */
	uint64_t aligned;                  /* an aligned identifier passed */
	uint64_t indirect;
	unsigned char networks[PST_TALLY_SKETCH];
};

/* Estimates how many different networks are in a sketch, or in several that were
 * joined by `or`: right for a few, about a tenth off at 200, at most 1000. */
unsigned pst_tally_networks(const unsigned char sketch[PST_TALLY_SKETCH]);

/* ---- counting: in a worker ---- */

struct pst_tallies;

/*
 * Says once why the file cannot be written, after the second time that it could
 * not or at the end, and once (NULL) that it can be.
 */
struct pst_tallies_log {
	void (*call)(void *arg, const char *why);
	void *arg;
};

/*
 * Starts the thread that writes to the file about once in flush_ms, or, while
 * there are many different keys, about thirty times as seldom; without mail it
 * sleeps. The path is copied. What is not written yet is in a table in memory; if
 * the file cannot be written for so long that this is full, new keys are counted
 * as "other".
 */
struct pst_tallies *pst_tallies_start(const char *path, int64_t retention_s,
    unsigned flush_ms, struct pst_tallies_log log);
#define PST_TALLIES_FLUSH_MS 20000

/* After a reload. */
void pst_tallies_retain(struct pst_tallies *tallies, int64_t retention_s);

/* Counts a message, in any thread; it never waits for the file. */
void pst_tallies_count(
    struct pst_tallies *tallies, const struct pst_summary *summary);

/* Writes what is left, within a second, ends the thread and frees it. */
void pst_tallies_stop(struct pst_tallies *tallies);

/* ---- asking: in the command ---- */

/* "<journal path>-tallies", in the arena. */
const char *pst_tallies_path(struct pst_arena *arena, const char *journal_path);

struct pst_tally_query {
	enum pst_tally_question question;
	int64_t first_day, last_day; /* inclusive */
	bool by_day; /* a row for each day and key; else one for each key, with
	                day = the newest */
	const char *key_prefix; /* NULL: all keys */
};

/*
 * Calls visit for each row, those with most messages first, or by day if by_day.
 * days is the number of days on which the key had messages (1 if by_day). The row
 * is valid during the call. Returns false with a sentence in err if the file
 * cannot be read; a file that does not exist is a failure, with a sentence that
 * says what to do.
 */
struct pst_tally_visitor {
	bool (*visit)(
	    void *arg, const struct pst_tally_row *row, unsigned days);
	void *arg;
};
bool pst_tallies_ask(const char *path, const struct pst_tally_query *query,
    struct pst_tally_visitor visitor, struct pst_err *err) PST_MUST_CHECK;

#endif

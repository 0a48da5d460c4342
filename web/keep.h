/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_KEEP_H
#define PST_WEB_KEEP_H

/*
 * Sums of the tallies, kept in memory: a page of a gateway with a million
 * messages a day must not wait for the files.
 *
 * A thread makes the usual ones at the start, and renews those that were asked
 * for lately before anybody asks again: each minute, or more seldom the longer it
 * takes, so it uses a small share of one processor; not at all while the file
 * does not change. A request gets what is there. Only a question that is not kept
 * is waited for: what was asked for within the last hour is kept, and of the
 * usual ones what is at most half an hour old.
 */

#include "base/macros.h"
#include "store/forecast.h"
#include "store/tallies.h"

/* Rows that are kept of each question, those with most messages. */
#define PST_WEB_KEPT_ROWS 500
/* Senders that are kept of each kind of a forecast. */
#define PST_WEB_KEPT_SENDERS 100
#define PST_WEB_MAX_DAYS 90

struct pst_web_row {
	const char *key;
	uint64_t done[PST_TALLY_ACTIONS];
	uint64_t would[PST_TALLY_ACTIONS];
	uint64_t aligned, indirect;
	unsigned networks; /* estimated */
	unsigned days;     /* with messages */
	/* Messages of each day, the first day first: for a trend; NULL for
	 * PST_TALLY_SENDER. `days_shown` of the table. */
	const uint32_t *by_day;
};

struct pst_web_table_rows {
	int64_t first_day, last_day;
	size_t days_shown;
	const struct pst_web_row *rows; /* most messages first */
	size_t count;
	size_t all; /* rows there are; more than count: the rest is left out */
	struct pst_web_row sum; /* of all rows; key NULL; days 0 */
	/* Sums of each day, the first day first, with key and by_day NULL and
	 * networks 0; NULL for PST_TALLY_SENDER. */
	const struct pst_web_row *day_rows;
	int64_t made_s; /* when it was true, in seconds since 1970 */
};

/* What enforcing would do. The totals are of all rows. */
struct pst_web_forecast {
	int64_t first_day, last_day;
	const struct pst_forecast_row *rows; /* most messages first */
	size_t count;
	uint64_t would[PST_TALLY_ACTIONS];
	uint64_t messages;
	unsigned days; /* of those asked for, how many have tallies */
	struct {
		size_t senders;
		size_t kept; /* of them, in rows */
		uint64_t messages;
	} kinds[PST_FORECAST_KINDS];
	int64_t made_s;
};

/* What is asked for: the last `days` days up to today. */
struct pst_web_question {
	enum pst_tally_question question;
	unsigned days;
	/* NULL: all keys; else only that one, and for PST_TALLY_SENDER all
	 * senders of that From domain. */
	const char *key;
};

struct pst_web_keep;

/* Opens nothing yet. tallies_path is the file's (pst_tallies_path()); own_domains
 * may be NULL. Both must outlive it. */
struct pst_web_keep *pst_web_keep_new(
    const char *tallies_path, const struct pst_domain_set *own_domains);
/* Ends the thread, within a second or so. NULL is allowed. What was returned
 * stays valid. */
void pst_web_keep_free(struct pst_web_keep *keep);

/*
 * Starts the thread that renews; false with a sentence in err. Without it (the
 * export), each question is answered from the files once.
 */
bool pst_web_keep_start(
    struct pst_web_keep *keep, struct pst_err *err) PST_MUST_CHECK;

/* Renews after renew_ms instead of a minute: for tests, before it is started. */
void pst_web_keep_pace(struct pst_web_keep *keep, unsigned renew_ms);

/*
 * Returns the sums; NULL with a sentence in err. What is returned is valid until
 * the arena is freed, and must not be changed. Any thread.
 */
const struct pst_web_table_rows *pst_web_keep_ask(struct pst_web_keep *keep,
    struct pst_arena *arena, const struct pst_web_question *question,
    struct pst_err *err) PST_MUST_CHECK;

/* The same for what enforcing would do. */
const struct pst_web_forecast *pst_web_keep_forecast(struct pst_web_keep *keep,
    struct pst_arena *arena, unsigned days, struct pst_err *err) PST_MUST_CHECK;

#endif

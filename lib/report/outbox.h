/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_OUTBOX_H
#define PST_REPORT_OUTBOX_H

/*
 * What is to be sent, and what became of it: the tables report, delivery and
 * suppress (store/schema.h).
 *
 * A delivery takes one report to one address. Its states:
 *
 *	waiting    not tried yet, or to be sent once more (--resend)
 *	retry      tried without success or postponed; due again at next_s
 *	handing    being handed over; counts as sent unless more is known
 *	sent       done
 *	dropped    given up, or permanently refused
 *	refused    not to be used: no consent, or the operator's lists
 *	suppressed mail to that address has bounced
 *
 * "handing" is committed before the relay can have the whole message, and stays
 * if the process dies. So a delivery is tried again only if it certainly was
 * not handed over, and nobody gets a report twice. A run that finds "handing"
 * from an earlier run turns it into "sent", with a note.
 *
 * Only the holder of the lease (report/lease.h) may change these tables, except
 * through pst_outbox_bounce(); anybody may read them.
 */

#include "base/arena.h"
#include "base/macros.h"
#include "config/config.h"
#include "report/bounce.h"
#include "report/destination.h"
#include "store/open.h"

enum pst_outbox_kind {
	PST_OUTBOX_AGGREGATE,
	PST_OUTBOX_FAILURE,
};

enum pst_outbox_state {
	PST_OUTBOX_WAITING,
	PST_OUTBOX_RETRY,
	PST_OUTBOX_HANDING,
	PST_OUTBOX_SENT,
	PST_OUTBOX_DROPPED,
	PST_OUTBOX_REFUSED,
	PST_OUTBOX_SUPPRESSED,
};

/* "waiting", ... */
const char *pst_outbox_state_word(enum pst_outbox_state state);

/* What a run deals with. */
struct pst_outbox_filter {
	int64_t before;     /* only days before this one */
	int64_t day;        /* only this day; all if < 0 */
	const char *domain; /* only this policy domain; all if "" */
	bool resend;        /* also finished deliveries */
};

/* ---- making reports ---- */

/* A policy domain and day with rows that are in no report yet. */
struct pst_outbox_pending {
	int64_t day;
	const char *domain;
};

/*
 * Lists the next ones after `after` in their order (day < 0: from the first
 * on), at most max; texts in the arena. *count is their number.
 */
bool pst_outbox_pending(struct pst_db *db, struct pst_arena *arena,
    const struct pst_outbox_filter *filter,
    const struct pst_outbox_pending *after, struct pst_outbox_pending *out,
    size_t max, size_t *count, struct pst_err *err) PST_MUST_CHECK;

/*
 * Makes a report of the rows of one of them, inside a transaction of the
 * caller: of as many rows as fit (R-AGG-30). It then adds one delivery for each
 * address. Rows that are left over stay pending, and *cut is true. If there is
 * no usable address, the report has no delivery, and its rows are kept until
 * they expire. *rows is the number of rows in the report; 0 means that they
 * were already gone.
 */
bool pst_outbox_claim(struct pst_db *db, const struct pst_config *config,
    const struct pst_outbox_pending *pending, int64_t now_s, int64_t *rows,
    bool *cut, struct pst_err *err) PST_MUST_CHECK;

/* Adds a delivery to each of these addresses, with a token of its own. */
bool
pst_outbox_add(struct pst_db *db, enum pst_outbox_kind kind, const char *report,
    const struct pst_destinations *list, struct pst_err *err) PST_MUST_CHECK;

/* ---- deliveries ---- */

#define PST_OUTBOX_TOKEN_SIZE 21

struct pst_delivery {
	enum pst_outbox_kind kind;
	enum pst_outbox_state state;
	const char *report;
	const char *address;
	const char *token; /* VERP: letters and digits, not to be guessed */
	int64_t tries;
	int64_t day;
	const char *domain; /* policy domain */
	const char *uris;   /* from its record: rua or ruf */
};

/*
 * Lists the deliveries of that kind that are due at now_s, after `after` in the
 * order of report and address (NULL: from the first on), at most max; texts in
 * the arena. *count is their number.
 */
bool pst_outbox_due(struct pst_db *db, struct pst_arena *arena,
    enum pst_outbox_kind kind, const struct pst_outbox_filter *filter,
    int64_t now_s, const struct pst_delivery *after, struct pst_delivery *out,
    size_t max, size_t *count, struct pst_err *err) PST_MUST_CHECK;

/* Counts the deliveries of both kinds that are due, for a progress bar. */
bool
pst_outbox_count_due(struct pst_db *db, const struct pst_outbox_filter *filter,
    int64_t now_s, int64_t *count, struct pst_err *err) PST_MUST_CHECK;

/*
 * Commits the state "handing". False with an empty sentence when the delivery
 * is in another state than waiting or retry, or `holder` does not have the
 * lease any more.
 */
bool
pst_outbox_hand_over(struct pst_db *db, const struct pst_delivery *delivery,
    const char *holder, int64_t now_s, struct pst_err *err) PST_MUST_CHECK;

/* Records the outcome of a delivery. why is for people, and printable. */
bool pst_outbox_book(struct pst_db *db, const struct pst_delivery *delivery,
    enum pst_outbox_state state, int64_t tries, int64_t next_s, int64_t now_s,
    const char *why, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns the seconds until the next try after `tries` failed ones, at least
 * one: 15 minutes at first, doubled up to 4 hours. Returns 0 if the pauses so
 * far add up to retry_for_s: give up (R-AGG-30).
 */
unsigned pst_outbox_pause(int64_t tries, unsigned retry_for_s);

/* Turns "handing", left by a run that died, into "sent". *count is how many. */
bool pst_outbox_recover(struct pst_db *db, int64_t now_s, int64_t *count,
    struct pst_err *err) PST_MUST_CHECK;

/* Makes all aggregate deliveries of the filter's reports wait again. */
bool pst_outbox_reopen(struct pst_db *db,
    const struct pst_outbox_filter *filter, struct pst_err *err) PST_MUST_CHECK;

/*
 * Calls each() with the address of every aggregate delivery that was sent at or
 * after since_s, in no particular order.
 */
bool pst_outbox_each_sent(struct pst_db *db, int64_t since_s,
    void (*each)(void *arg, struct pst_str address), void *arg,
    struct pst_err *err) PST_MUST_CHECK;

/* ---- addresses that bounce ---- */

/* Sets *out to whether mail to the address is suppressed at now_s. */
bool pst_outbox_is_suppressed(struct pst_db *db, const char *address,
    int64_t now_s, bool *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Suppresses the address of the delivery that the bounce's token names, for
 * reports.suppress-for. *address is that address, in the arena; it is "", and
 * nothing happens, if no delivery has the token, which cannot be guessed.
 */
bool pst_outbox_bounce(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_bounce *bounce, const char **address,
    struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_OUTBOX_H
#define PST_REPORT_OUTBOX_H

/*
 * What is to be sent, and what became of it: the tables report, delivery and
 * suppress (store/schema.h).
 *
 * A delivery is one report's way to one address:
 *
 *	waiting    not tried yet, or put off without a try
 *	retry      tried in vain, again at next_s
 *	handing    being handed over: counts as sent if nobody says more
 *	sent       done
 *	dropped    given up, or refused for good
 *	refused    not to be used: no consent, or the operator's lists
 *	suppressed mail to that address has bounced
 *
 * "handing" is committed before the relay can have the whole message and stays
 * if the process dies. So a delivery is tried again only when it certainly was
 * not handed over: nobody gets two. Who finds "handing" later makes "sent" of
 * it, with a note.
 *
 * All this is for the holder of the lease (report/lease.h) alone; reading is
 * for everybody.
 */

#include "base/arena.h"
#include "config/config.h"
#include "store/db.h"
#include "report/destination.h"

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

/* What a run is about. */
struct pst_outbox_filter {
	int64_t before;     /* days before this one only */
	int64_t day;        /* only this one; < 0: all */
	const char *domain; /* policy domain; "": all */
	bool resend;        /* what is done already, too */
};

/* ---- making reports ---- */

/* A policy domain and day with rows that no report has. */
struct pst_outbox_pending {
	int64_t day;
	const char *domain;
};

/*
 * The next ones behind `after` in their order (day < 0: from the first on), at
 * most max; texts in the arena. *count is how many.
 */
bool pst_outbox_pending(struct pst_db *db, struct pst_arena *arena,
    const struct pst_outbox_filter *filter,
    const struct pst_outbox_pending *after, struct pst_outbox_pending *out,
    size_t max, size_t *count, struct pst_err *err);

/*
 * Makes a report of the rows of one of them, inside a transaction of the
 * caller's: as many rows as fit (R-AGG-30), then one delivery for each address.
 * The rows that are left over stay pending, *cut says so. Without a usable
 * address the report has no delivery and its rows just wait for their end.
 * *rows is how many it has; 0: they were gone.
 */
bool pst_outbox_claim(struct pst_db *db, const struct pst_config *config,
    const struct pst_outbox_pending *pending, int64_t now_s, int64_t *rows,
    bool *cut, struct pst_err *err);

/* A delivery for each of these, with tokens of their own. */
bool
pst_outbox_add(struct pst_db *db, enum pst_outbox_kind kind, const char *report,
    const struct pst_destinations *list, struct pst_err *err);

/* ---- deliveries ---- */

#define PST_OUTBOX_TOKEN_SIZE 21

struct pst_delivery {
	enum pst_outbox_kind kind;
	enum pst_outbox_state state;
	const char *report;
	const char *address;
	const char *token; /* for VERP: letters and digits, not to be guessed */
	int64_t tries;
	int64_t day;
	const char *domain; /* policy domain */
	const char *uris;   /* of its record: rua or ruf */
};

/*
 * Deliveries of that kind that are due at now_s, behind `after` in the order of
 * report and address (NULL: from the first on), at most max; texts in the
 * arena. *count is how many.
 */
bool pst_outbox_due(struct pst_db *db, struct pst_arena *arena,
    enum pst_outbox_kind kind, const struct pst_outbox_filter *filter,
    int64_t now_s, const struct pst_delivery *after, struct pst_delivery *out,
    size_t max, size_t *count, struct pst_err *err);

/* How many of both kinds are due, for a progress bar. */
bool
pst_outbox_count_due(struct pst_db *db, const struct pst_outbox_filter *filter,
    int64_t now_s, int64_t *count, struct pst_err *err);

/*
 * Commits "handing". False with an empty sentence when the delivery is in no
 * state for it any more, and in a shared store when the lease has gone.
 */
bool
pst_outbox_hand_over(struct pst_db *db, const struct pst_delivery *delivery,
    const char *holder, int64_t now_s, struct pst_err *err);

/* Books what became of it. why is for people: printable. */
bool pst_outbox_book(struct pst_db *db, const struct pst_delivery *delivery,
    enum pst_outbox_state state, int64_t tries, int64_t next_s, int64_t now_s,
    const char *why, struct pst_err *err);

/*
 * Seconds until the next try after so many, at least one: 15 minutes, doubled
 * up to 4 hours. 0 when those before have taken retry_for_s together: give up
 * (R-AGG-30).
 */
unsigned pst_outbox_pause(int64_t tries, unsigned retry_for_s);

/* "handing" of a run that has died becomes "sent"; *count is how many. */
bool pst_outbox_recover(
    struct pst_db *db, int64_t now_s, int64_t *count, struct pst_err *err);

/* Makes all deliveries of the filter's reports wait again. */
bool pst_outbox_reopen(struct pst_db *db,
    const struct pst_outbox_filter *filter, struct pst_err *err);

/*
 * Calls each() with the address of every aggregate delivery that went out since
 * since_s, in no order.
 */
bool pst_outbox_each_sent(struct pst_db *db, int64_t since_s,
    void (*each)(void *arg, struct pst_str address), void *arg,
    struct pst_err *err);

/* ---- addresses that bounce ---- */

bool pst_outbox_is_suppressed(struct pst_db *db, const char *address,
    int64_t now_s, bool *out, struct pst_err *err);

/*
 * Suppresses the address of the delivery with that token until until_s.
 * *address is "" when there is none: tokens cannot be guessed, so nothing
 * happens then. In the arena.
 */
bool pst_outbox_bounce(struct pst_db *db, struct pst_arena *arena,
    struct pst_str token, int64_t now_s, int64_t until_s, const char *why,
    const char **address, struct pst_err *err);

#endif

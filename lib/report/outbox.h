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
 *	retry      tried without success or postponed; due again at next_s. A
 *	           time further away than PST_OUTBOX_MAX_PAUSE_S was written by
 *	           a clock that was ahead, and the delivery is due
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
#include "report/compose.h"
#include "report/destination.h"
#include "store/open.h"

/* The longest pause is until the next day; the rest is for clocks that differ. */
#define PST_OUTBOX_MAX_PAUSE_S (86400 + 3600)

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

/* The caller sets arena and max, and items to an array of that size. */
struct pst_pending_page {
	struct pst_arena *arena; /* of the texts */
	struct pst_outbox_pending *items;
	size_t max, count;
};

/*
 * Lists the next ones after `after` in their order (day < 0: from the first
 * on).
 */
bool pst_outbox_pending(const struct pst_store *store,
    const struct pst_outbox_filter *filter,
    const struct pst_outbox_pending *after, struct pst_pending_page *page,
    struct pst_err *err) PST_MUST_CHECK;

/* One report of a policy domain and day: as many of its rows as fit. */
struct pst_outbox_part {
	/*
	 * The caller sets day, domain, id, and `after` if the rows up to there
	 * are in other reports; the owner is "". `until` is set to the last row
	 * if size.cut is true.
	 */
	struct pst_compose what;
	struct pst_composed size; /* no rows: this makes no mail */
	const char *rua;          /* from the policy; NULL: the rows are gone */
};

/*
 * Finds out which of the open rows the next report takes (R-AGG-30). It changes
 * nothing, so the sender and the preview cut at the same row. The texts are in
 * the arena.
 */
bool pst_outbox_measure(const struct pst_store *store, struct pst_arena *arena,
    struct pst_outbox_part *part, struct pst_err *err) PST_MUST_CHECK;

struct pst_outbox_claimed {
	int64_t rows; /* 0: they were already gone, or there were none */
	bool cut;     /* there are rows left over */
};

/*
 * Makes a report of the rows of one of them, inside a transaction of the
 * caller: of as many rows as fit. It then adds one delivery for each address.
 * Rows that are left over stay pending. If there is no usable address, the
 * report has no delivery, and its rows are kept until they expire.
 */
bool pst_outbox_claim(const struct pst_store *store,
    const struct pst_outbox_pending *pending, struct pst_outbox_claimed *out,
    struct pst_err *err) PST_MUST_CHECK;

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

/* The caller sets kind, arena and max, and items to an array of that size. */
struct pst_delivery_page {
	enum pst_outbox_kind kind;
	struct pst_arena *arena; /* of the texts */
	struct pst_delivery *items;
	size_t max, count;
};

/*
 * Lists the deliveries of that kind that are due now, after `after` in the
 * order of report and address (NULL: from the first on). With filter->resend,
 * those that pst_outbox_reopen() would make wait again are listed, too.
 */
bool pst_outbox_due(const struct pst_store *store,
    const struct pst_outbox_filter *filter, const struct pst_delivery *after,
    struct pst_delivery_page *page, struct pst_err *err) PST_MUST_CHECK;

/* Counts the deliveries of both kinds that are due, for a progress bar. */
bool pst_outbox_count_due(const struct pst_store *store,
    const struct pst_outbox_filter *filter, int64_t *count,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Counts those among them that are due only because their next try is further
 * away than it can be.
 */
bool pst_outbox_count_ahead(const struct pst_store *store,
    const struct pst_outbox_filter *filter, int64_t *count,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Commits the state "handing". False with an empty sentence when the delivery
 * is in another state than waiting or retry, or `holder` does not have the
 * lease any more.
 */
bool pst_outbox_hand_over(const struct pst_store *store,
    const struct pst_delivery *delivery, const char *holder,
    struct pst_err *err) PST_MUST_CHECK;

/* What became of a delivery. */
struct pst_outbox_entry {
	enum pst_outbox_state state;
	int64_t tries;
	int64_t next_s;  /* when it is due again, for PST_OUTBOX_RETRY */
	const char *why; /* for people, and printable */
};

/* Records it. */
bool pst_outbox_book(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_outbox_entry *entry,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns the seconds until the next try after `tries` failed ones, at least
 * one: 15 minutes at first, doubled up to 4 hours. Returns 0 if the pauses so
 * far add up to retry_for_s: give up (R-AGG-30).
 */
unsigned pst_outbox_pause(int64_t tries, unsigned retry_for_s);

/* Turns "handing", left by a run that died, into "sent". *count is how many. */
bool pst_outbox_recover(const struct pst_store *store, int64_t *count,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Makes all aggregate deliveries of the filter's reports wait again, whatever
 * became of them.
 */
bool pst_outbox_reopen(struct pst_db *db,
    const struct pst_outbox_filter *filter, struct pst_err *err) PST_MUST_CHECK;

/*
 * Calls each() with the address and the policy domain of every aggregate
 * delivery that was sent on that day or is being handed over, in no particular
 * order.
 */
bool pst_outbox_each_sent(struct pst_db *db, int64_t day,
    void (*each)(void *arg, struct pst_str address, struct pst_str domain),
    void *arg, struct pst_err *err) PST_MUST_CHECK;

/* ---- addresses that bounce ---- */

/*
 * Sets *out to whether mail to the address is suppressed now. What would last
 * longer from now on than reports.suppress-for does not count: the clock that
 * wrote it was ahead.
 */
bool pst_outbox_is_suppressed(const struct pst_store *store,
    const char *address, bool *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Suppresses the address of the delivery that the bounce's token names, for
 * reports.suppress-for. *address is that address, in the arena; it is "", and
 * nothing happens, if no delivery has the token, which cannot be guessed.
 */
bool pst_outbox_bounce(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_bounce *bounce, const char **address,
    struct pst_err *err) PST_MUST_CHECK;

#endif

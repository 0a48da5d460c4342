/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_QUERY_REPORTS_H
#define PST_STORE_QUERY_REPORTS_H

/*
 * The reports that were made and what became of them, for pages that show it;
 * report/outbox.h says what the states mean. Works on a gateway's file and on
 * the shared database.
 *
 * Each function returns false with a sentence in err when the store fails.
 */

#include "base/macros.h"
#include "store/db.h"

/* The words of the states in the order of enum pst_outbox_state. */
#define PST_QUERY_SENT_STATES 7
/* The first ones: not finished yet. */
#define PST_QUERY_SENT_OPEN 3
extern const char *const pst_query_sent_states[PST_QUERY_SENT_STATES];

/* One delivery: a report to one address. The texts are valid during the call. */
struct pst_query_sent {
	int64_t day;            /* that it reports on, as in base/day.h */
	struct pst_str domain;  /* policy domain */
	struct pst_str address; /* without "mailto:" */
	struct pst_str kind;    /* "aggregate" or "failure" */
	struct pst_str state;   /* one of pst_query_sent_states */
	struct pst_str why;     /* of the last try, for people; or "" */
	int64_t tries;
	/* All are seconds since 1970; 0: not known, or never. */
	int64_t made_s;             /* when the report was made */
	int64_t next_s;             /* of the next try, while there is one */
	int64_t done_s;             /* of the last change of the state */
	int64_t suppressed_until_s; /* no reports to the address until then */
	/* In the report; 0 when they have expired or it is a failure report. */
	int64_t rows, messages;
};

struct pst_query_sent_filter {
	int64_t first_day, last_day;
	const char *domain; /* only this policy domain; all if "" or NULL */
	const char *state;  /* only this state; all if "" or NULL */
	size_t limit;       /* of deliveries that are visited */
};

/*
 * Visits deliveries: the newest day first, then by policy domain, kind and
 * address. While visit() runs, the selection is open, so it must not use db. It
 * returns false to end the selection without an error.
 */
bool
pst_query_sent(struct pst_db *db, const struct pst_query_sent_filter *filter,
    bool (*visit)(void *arg, const struct pst_query_sent *sent), void *arg,
    struct pst_err *err) PST_MUST_CHECK;

struct pst_query_sent_counts {
	int64_t deliveries[PST_QUERY_SENT_STATES];
	int64_t all;     /* deliveries */
	int64_t reports; /* also those without an address to send to */
};

/* Counts the deliveries of the reports on these days. */
bool
pst_query_sent_counts(struct pst_db *db, int64_t first_day, int64_t last_day,
    struct pst_query_sent_counts *out, struct pst_err *err) PST_MUST_CHECK;

#endif

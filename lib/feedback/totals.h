/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_TOTALS_H
#define PST_FEEDBACK_TOTALS_H

/*
 * Sums over the valid reports of others (feedback/imports.h), for a page. Only
 * aggregate reports count. They are claims: what a report says of its sender is
 * not checked, and anybody can send one, so each list is bounded, and `all`
 * says how long it would be.
 *
 * Each function puts its result into the arena; false with a sentence in err
 * when the store fails.
 */

#include "base/arena.h"
#include "base/macros.h"
#include "feedback/imports.h"

/* What others did with mail that had our From domains. */
struct pst_feedback_sum {
	int64_t messages;
	int64_t passed; /* aligned, by DKIM or SPF */
	int64_t delivered, quarantined, rejected;
};

#define PST_FEEDBACK_MAX_LIST 500

struct pst_feedback_domain {
	const char *name; /* From domain */
	struct pst_feedback_sum sum;
	int64_t reports;   /* that have rows of it */
	int64_t reporters; /* different senders of these */
};

struct pst_feedback_domains {
	struct pst_feedback_domain *items; /* most messages first */
	size_t count;                      /* PST_FEEDBACK_MAX_LIST at most */
	int64_t all;
};

bool pst_feedback_domains(struct pst_db *db, struct pst_arena *arena,
    int64_t since_s, struct pst_feedback_domains *out,
    struct pst_err *err) PST_MUST_CHECK;

struct pst_feedback_reporter {
	const char *org;   /* as the report says */
	const char *email; /* the one of its latest report */
	struct pst_feedback_sum sum;
	int64_t reports;
	int64_t last_s; /* the end of its latest period, since 1970 */
};

struct pst_feedback_reporters {
	struct pst_feedback_reporter *items; /* most messages first */
	size_t count;                        /* PST_FEEDBACK_MAX_LIST at most */
	int64_t all;
};

/* Of the filter, domain and since_s count. */
bool pst_feedback_reporters(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter,
    struct pst_feedback_reporters *out, struct pst_err *err) PST_MUST_CHECK;

struct pst_feedback_day {
	int64_t day; /* on which the period of the reports ends */
	struct pst_feedback_sum sum;
};

#define PST_FEEDBACK_MAX_DAYS 400

struct pst_feedback_days {
	/* Those with messages, the earliest first. If there are more, the
	 * latest ones. */
	struct pst_feedback_day *items;
	size_t count; /* PST_FEEDBACK_MAX_DAYS at most */
};

bool pst_feedback_days(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_days *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif

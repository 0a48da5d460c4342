/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_JUDGE_H
#define PST_REPORT_JUDGE_H

/*
 * Decides what a run makes of a delivery that is due: whether its address may
 * be used, whether a limit is reached (R-AGG-31, R-FAIL-5), and whether mail to
 * it bounces. The sender and the preview both ask here, so the preview says
 * what the sender would do.
 *
 * What was sent is read from the store. The preview sends nothing, so it passes
 * on what it would have sent.
 */

#include "base/macros.h"
#include "report/day_limits.h"
#include "report/outbox.h"

struct pst_judgement {
	/* PST_OUTBOX_SENT: nothing stops it, so it is to be sent now. */
	enum pst_outbox_state state;
	const char *target; /* where to, if so; else NULL */
	const char *domain; /* of the target */
	const char *why;    /* if not; fixed text */
	/*
	 * For PST_OUTBOX_RETRY: it is only postponed until then. 0: this counts
	 * as a failed try.
	 */
	int64_t until_s;
};

/*
 * Judges by what consent and the operator's lists say; list holds the answer
 * for the delivery's report. The target is from there.
 */
void pst_judge_address(const struct pst_destinations *list,
    const struct pst_delivery *delivery, struct pst_judgement *out);

/*
 * Deliveries that count against a limit: of aggregate reports all, of failure
 * reports those that the store does not know of.
 */
struct pst_judge_counts {
	const struct pst_day_limits *day; /* aggregate reports; in all */
	uint64_t hour;                    /* failure reports */
	uint64_t domain;                  /* ... about the policy domain */
	uint64_t address;                 /* ... to the address */
};

/*
 * Judges a delivery that may be sent to its address by the limits, and by
 * whether mail to it bounces; *judgement is changed if it cannot be sent now.
 * False with a sentence in err when the store fails.
 */
bool pst_judge_limits(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_judge_counts *counts,
    struct pst_judgement *judgement, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns what is recorded for that judgement. After a failed try, the next one
 * follows a pause, or the delivery is given up (R-AGG-30).
 */
struct pst_outbox_entry pst_judge_entry(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_judgement *judgement);

#endif

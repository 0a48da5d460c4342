/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_PREVIEW_H
#define PST_REPORT_PREVIEW_H

/*
 * Shows what a run of the sender would do, without doing it, for --dry-run and
 * --print. It only reads the store. It selects reports and judges deliveries by
 * the functions that the sender uses: pst_outbox_pending(),
 * pst_outbox_measure(), pst_failure_walk(), pst_outbox_due() and report/judge.h.
 *
 * If a limit allows only some of several new reports, the preview shows how
 * many, but the run may choose others: it draws their ids at random, and sends
 * in the order of the ids.
 */

#include "base/macros.h"
#include "core/service.h"
#include "report/outbox.h"

struct pst_preview_address {
	const char *address, *target; /* the same text if not replaced */
	const char
	    *what; /* "send", "postpone", "refuse", "drop", "suppressed" */
	const char *why; /* or "" */
};

struct pst_preview_report {
	enum pst_outbox_kind kind;
	/*
	 * The rows of an aggregate report. Its day and domain are those of a
	 * failure report, too. what.id is "new" if it has not been made yet.
	 */
	struct pst_compose what;
	const char *report;   /* its id; "" if it has not been made yet */
	const char *incident; /* then, of a failure report; else "" */
	int64_t rows, messages;
	/* What becomes of each address; without `ask`, the first one only. */
	struct pst_preview_address addresses[PST_DESTINATION_MAX];
	size_t count;
};

struct pst_preview {
	struct pst_service *service; /* its DNS, for consent */
	const struct pst_store *store;
	struct pst_outbox_filter filter;
	bool ask; /* ask for consent, and judge each address */
	/* Called for each report; may use the store. False ends the preview. */
	bool (*visit)(void *arg, const struct pst_preview_report *report);
	void *arg;
};

/*
 * Visits the aggregate reports that have not been made yet, those with a
 * delivery that is due, and then failure reports in the same way. False with a
 * sentence in err when the store fails, and with an empty one when a visit has
 * ended it.
 */
bool pst_preview_run(
    const struct pst_preview *plan, struct pst_err *err) PST_MUST_CHECK;

#endif

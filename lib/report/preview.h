/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_PREVIEW_H
#define PST_REPORT_PREVIEW_H

/*
 * Shows what a run of the sender would do, without doing it, for --dry-run and
 * --print. It only reads the store.
 */

#include "base/macros.h"
#include "core/service.h"
#include "report/outbox.h"

struct pst_preview_address {
	const char *address, *target;
	const char *what; /* "send", "refuse", "postpone", "suppressed" */
	const char *why;  /* or "" */
};

struct pst_preview_report {
	int64_t day;
	const char *domain;
	const char *report; /* its id; "" if it has not been made yet */
	int64_t rows, messages;
	struct pst_preview_address addresses[PST_DESTINATION_MAX];
	size_t count;
};

struct pst_preview {
	struct pst_service *service;
	struct pst_db *db;
	struct pst_outbox_filter filter;
	bool ask; /* ask for consent; else addresses are left out */
	/* Called for each report; may use the store. False ends the preview. */
	bool (*visit)(void *arg, const struct pst_preview_report *report);
	void *arg;
};

/*
 * Visits the aggregate reports that have not been made yet, then those with a
 * delivery that is due. False with a sentence in err when the store fails, and
 * with an empty one when a visit has ended it.
 */
bool pst_preview_run(
    const struct pst_preview *plan, struct pst_err *err) PST_MUST_CHECK;

#endif

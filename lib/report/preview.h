/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_PREVIEW_H
#define PST_REPORT_PREVIEW_H

/*
 * What a run of the sender would do, without doing it: for --dry-run and
 * --print. The store is only read.
 */

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
	const char *report; /* its id; "": it is not made yet */
	int64_t rows, messages;
	struct pst_preview_address addresses[PST_DESTINATION_MAX];
	size_t count;
};

struct pst_preview {
	struct pst_service *service;
	struct pst_db *db;
	struct pst_outbox_filter filter;
	bool ask; /* ask for consent; else addresses are not looked at */
	/* Nothing else uses the store meanwhile. False ends it. */
	bool (*visit)(void *arg, const struct pst_preview_report *report);
	void *arg;
};

/*
 * Aggregate reports that are not made yet, then those of which some delivery is
 * due. False with a sentence in err when the store fails, and without one when
 * a visit has ended it.
 */
bool pst_preview_run(const struct pst_preview *plan, struct pst_err *err);

#endif

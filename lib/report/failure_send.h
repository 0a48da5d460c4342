/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_FAILURE_SEND_H
#define PST_REPORT_FAILURE_SEND_H

/*
 * Makes failure reports of the incidents that the daemon stored (R-FAIL-4, -5):
 * decides which may become reports now, and writes them. Incidents that must
 * wait stay in the store, so that similar ones can be merged into them.
 *
 * Each function returns false with a sentence in err when the store fails.
 */

#include "base/macros.h"
#include "report/outbox.h"
#include "report/tally.h"

/* An incident that no report has been made of yet. */
struct pst_failure_incident {
	const char *id, *domain;
	const char *ruf;
	int64_t seen_s;
	int64_t messages;
};

struct pst_failure_walk {
	const struct pst_outbox_filter *filter;
	/*
	 * Called for each incident that becomes a report now, with the
	 * addresses that it goes to. False ends the walk, with a sentence in
	 * err.
	 */
	bool (*take)(void *arg, const struct pst_failure_incident *incident,
	    const struct pst_destinations *list, struct pst_err *err);
	void *arg;
	/*
	 * NULL if take() adds the deliveries to the store. A walk that only
	 * looks counts them here, by policy domain.
	 */
	struct pst_tally *supposed;
};

/*
 * Walks through the stored incidents, oldest first, and takes as many as the
 * hourly limits allow.
 */
bool pst_failure_walk(const struct pst_store *store,
    const struct pst_failure_walk *walk, struct pst_err *err) PST_MUST_CHECK;

/*
 * Makes reports of those that the walk takes. Each uses a transaction of its
 * own. *made is their number.
 */
bool pst_failure_claim(const struct pst_store *store,
    const struct pst_outbox_filter *filter, uint64_t *made,
    struct pst_err *err) PST_MUST_CHECK;

/* Failure reports that were sent in the last hour. */
struct pst_failure_counts {
	uint64_t all;
	uint64_t domain;  /* about the delivery's policy domain */
	uint64_t address; /* to the delivery's address */
};

bool pst_failure_count(const struct pst_store *store,
    const struct pst_delivery *delivery, struct pst_failure_counts *out,
    struct pst_err *err) PST_MUST_CHECK;

struct pst_failure_compose {
	const char *report;   /* its id; "" if it has not been made yet */
	const char *incident; /* then the incident's id */
	const char *domain;   /* the policy domain */
	const char *id;       /* of the mail: letters and digits */
	const char *to;       /* address */
};

/* Writes the whole mail, which is in the arena. */
bool pst_failure_write(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_failure_compose *what, struct pst_str *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Sets the rows (one) and messages of a report that has been made. */
bool pst_failure_size(struct pst_db *db, const char *report,
    struct pst_composed *out, struct pst_err *err) PST_MUST_CHECK;

/* Counts the incidents that no report has been made of yet. */
bool pst_failure_waiting(
    struct pst_db *db, int64_t *count, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_FAILURE_SEND_H
#define PST_REPORT_FAILURE_SEND_H

/*
 * Makes failure reports of the incidents that the daemon stored (R-FAIL-4, -5):
 * decides which may be sent now, and reads their contents. Incidents that must
 * wait stay in the store, so that similar ones can be merged into them.
 *
 * Each function returns false with a sentence in err when the store fails.
 */

#include "base/macros.h"
#include "report/outbox.h"
#include "report/report_mail.h"

/*
 * Makes reports of stored incidents, oldest first, as many as the hourly limits
 * allow. Each uses a transaction of its own. *made is their number.
 */
bool pst_failure_claim(struct pst_db *db, const struct pst_config *config,
    const struct pst_outbox_filter *filter, int64_t now_s, uint64_t *made,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Sets *out to whether one more report may be sent to that address now. If not,
 * *why is a fixed text and *later tells whether the delivery can wait;
 * otherwise it must be dropped.
 */
bool pst_failure_may_go(struct pst_db *db, const struct pst_config *config,
    const struct pst_delivery *delivery, int64_t now_s, bool *out, bool *later,
    const char **why, struct pst_err *err) PST_MUST_CHECK;

/* Reads the incident's part of the message. The texts are in the arena. */
bool
pst_failure_read(struct pst_db *db, struct pst_arena *arena, const char *report,
    struct pst_failure_mail *out, struct pst_err *err) PST_MUST_CHECK;

/* Counts the incidents that no report has been made of yet. */
bool pst_failure_waiting(
    struct pst_db *db, int64_t *count, struct pst_err *err) PST_MUST_CHECK;

#endif

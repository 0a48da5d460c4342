/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_FAILURE_SEND_H
#define PST_REPORT_FAILURE_SEND_H

/*
 * Failure reports out of the incidents that the daemon stored (R-FAIL-4, -5):
 * which may go now, and what is in them. Incidents that must wait stay where
 * they are, so what is alike is merged into them meanwhile.
 */

#include "report/outbox.h"
#include "report/report_mail.h"

/*
 * Makes reports of stored incidents, oldest first, as many as the limits an
 * hour let go; each in a transaction of its own. *made is how many.
 */
bool pst_failure_claim(struct pst_db *db, const struct pst_config *config,
    const struct pst_outbox_filter *filter, int64_t now_s, uint64_t *made,
    struct pst_err *err);

/*
 * Whether one more may go to that address now. *why is fixed text when not;
 * *later then says that it can wait, else it is to be dropped.
 */
bool pst_failure_may_go(struct pst_db *db, const struct pst_config *config,
    const struct pst_delivery *delivery, int64_t now_s, bool *out, bool *later,
    const char **why, struct pst_err *err);

/* The incident's part of the message; texts in the arena. */
bool pst_failure_read(struct pst_db *db, struct pst_arena *arena,
    const char *report, struct pst_failure_mail *out, struct pst_err *err);

/* How many incidents wait to be made into reports. */
bool
pst_failure_waiting(struct pst_db *db, int64_t *count, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_ARF_H
#define PST_FEEDBACK_ARF_H

/*
 * Reports about one message in the Abuse Reporting Format (RFC 5965), among
 * them failure reports (RFC 6591, RFC 9991).
 */

#include "feedback/feedback.h"
#include "mail/mime.h"

/* Fields that are kept; any after them are ignored. */
#define PST_FEEDBACK_MAX_FIELDS 100

/* Returns whether one of the parts is such a report; *at is its index. */
bool pst_feedback_arf_find(const struct pst_mime *mime, size_t *at);

/*
 * Reads the report in part `at`. This cannot fail: what is missing becomes a
 * fault.
 */
void pst_feedback_arf_read(struct pst_arena *arena, const struct pst_mime *mime,
    size_t at, struct pst_feedback *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_ARF_H
#define PST_FEEDBACK_ARF_H

/*
 * Reports about one message in the Abuse Reporting Format (RFC 5965), among
 * them failure reports (RFC 6591, RFC 9991).
 */

#include "feedback/feedback.h"
#include "mail/mime.h"

/* Fields that are kept; what is behind is passed over. */
#define PST_FEEDBACK_MAX_FIELDS 100

/* True when one of the parts is such a report; *at is which. */
bool pst_feedback_arf_find(const struct pst_mime *mime, size_t *at);

/* Reads it. There is nothing that makes it unreadable. */
void pst_feedback_arf_read(struct pst_arena *arena, const struct pst_mime *mime,
    size_t at, struct pst_feedback *out);

/*
 * Seconds since 1970 of a date of RFC 5322 s. 3.3, obsolete zones included;
 * false for anything else.
 */
bool pst_feedback_date(struct pst_str text, int64_t *epoch);

#endif

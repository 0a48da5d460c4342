/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_SELECTORS_H
#define PST_FEEDBACK_SELECTORS_H

/*
 * Which selectors of DKIM the imported reports name for a domain. A signature
 * counts if the report says that it passed, if its domain is the From domain of
 * the row or near it, and if the selector can have a key. It is a claim all the
 * same: who sends a report can name any selector of any domain. So only so many
 * are kept, and a liar cannot remove what others have named for longer:
 *
 * - A report adds at most PST_FEEDBACK_SELECTORS_OF_REPORT in all, and
 *   PST_FEEDBACK_SELECTORS_OF_DOMAIN for one domain. First come those of the
 *   From domains and of domains above them, which nobody else can use.
 * - A domain keeps those that reports have named on the most days on which we
 *   imported, PST_FEEDBACK_SELECTORS_STEADY of them, and as many of the others,
 *   those that were imported last. Our clock counts, not the period that a
 *   report claims.
 */

#include "base/macros.h"
#include "feedback/feedback.h"
#include "store/db.h"

#define PST_FEEDBACK_SELECTORS_OF_REPORT 256
#define PST_FEEDBACK_SELECTORS_OF_DOMAIN 16
#define PST_FEEDBACK_SELECTORS_STEADY 32

/*
 * Stores what a valid aggregate report names, in the transaction of its import;
 * nothing of any other report. now_s is the time of the import. Two imports may
 * do this at once; one waits for the other if they name the same domain.
 */
bool pst_feedback_put_selectors(struct pst_db *db,
    const struct pst_feedback *feedback, int64_t now_s,
    struct pst_err *err) PST_MUST_CHECK;

#endif

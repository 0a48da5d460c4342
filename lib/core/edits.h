/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EDITS_H
#define PST_CORE_EDITS_H

/*
 * What a decision changes in the header section: forged result fields and old
 * spam marks are deleted, highest index first (R-AR-12 to -14, R-AR-16); our
 * result field is inserted at index 0 (R-AR-11), and the spam marks
 * (config/marks.h) if the message is tagged. Fields of others that are not to be
 * believed are deleted, too (R-POL-21), and a rule may add some (R-POL-25).
 */

#include "core/policy.h"

#define PST_AUTHRES_NAME "Authentication-Results"

/*
 * Makes the header count the fields that may have to be removed; before its
 * first field. The configuration is borrowed.
 */
void
pst_edits_watch(struct pst_header *header, const struct pst_config *config);

/*
 * Returns the value of our Authentication-Results field, with a leading blank,
 * in the arena. remark is a comment on the decision (core/remark.h), or NULL.
 */
const char *
pst_edits_result_field(struct pst_arena *arena, const char *authserv_id,
    const struct pst_findings *findings, const char *remark);

/*
 * Sets decision->edits and edit_count, which live in the arena, from the other
 * members of *decision.
 */
void pst_edits_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *decision);

#endif

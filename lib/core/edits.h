/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EDITS_H
#define PST_CORE_EDITS_H

/*
 * What a decision changes in the header section: forged result fields and old
 * spam marks are deleted, highest index first (R-AR-12 to -14, R-AR-16); our
 * result field is inserted at index 0 (R-AR-11), and the spam marks
 * (config/marks.h) if the message is tagged.
 */

#include "core/policy.h"

#define PST_AUTHRES_NAME "Authentication-Results"

/*
 * Returns the value of our Authentication-Results field, with a leading blank,
 * in the arena.
 */
const char *pst_edits_result_field(struct pst_arena *arena,
    const char *authserv_id, const struct pst_findings *findings);

/*
 * Sets decision->edits and edit_count, which live in the arena, from the other
 * members of *decision.
 */
void pst_edits_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *decision);

#endif

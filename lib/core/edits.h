/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EDITS_H
#define PST_CORE_EDITS_H

/*
 * What a decision changes in the header section: forged and stale fields out,
 * highest index first (R-AR-12 to -14, R-AR-16), our result field in at index 0
 * (R-AR-11), and the spam mark.
 */

#include "core/policy.h"

#define PST_AUTHRES_NAME "Authentication-Results"

/* Value of our Authentication-Results field, with its leading blank. */
const char *pst_edits_result_field(struct pst_arena *arena,
    const char *authserv_id, const struct pst_findings *findings);

/* Fills decision->edits from decision->action. */
void pst_edits_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *decision);

#endif

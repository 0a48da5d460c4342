/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_STRIP_H
#define PST_CORE_STRIP_H

/*
 * Fields of others that are removed (strip-fields), and those that only rules of
 * ours may add (`also` of a rule); mail/sweep counts them.
 */

#include "core/policy.h"

/*
 * Notes in the header how many fields of each name a signature that passes
 * covers. A signature that names a field N times covers the N lowest ones (RFC
 * 6376 s. 5.4.2).
 */
void pst_strip_note_signed(
    struct pst_header *header, const struct pst_findings *findings);

/*
 * Returns how many fields of that name, from the uppermost, are removed. *own
 * says whether a rule of ours may add such a field. The header may be that of a
 * recorded message, which was counted with another configuration.
 */
size_t pst_strip_count(const struct pst_config *config,
    const struct pst_swept_name *name, bool *own);

/*
 * Whether the message has more different fields that have to be removed than can
 * be counted. They would stay in it, so it has to be refused.
 */
bool
pst_strip_is_over(const struct pst_mta *mta, const struct pst_header *header);

#endif

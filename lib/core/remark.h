/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_REMARK_H
#define PST_CORE_REMARK_H

/*
 * What our result field says of the decision: a comment after the result of
 * DMARC (authres-comments).
 */

#include "core/policy.h"

/* Octets of a remark, at most. */
#define PST_REMARK_MAX 72

/*
 * Returns what was done with the message and why, such as "p=quarantine:
 * tagged" or "accepted by rule \"Partner\"", in the arena: printable ASCII in
 * which a sender or an operator may have chosen words. NULL if nothing has to be
 * said: a message that is exempt, not changed or refused, and one that nothing
 * speaks against.
 */
const char *pst_remark_of(struct pst_arena *arena,
    const struct pst_findings *findings, const struct pst_decision *decision);

#endif

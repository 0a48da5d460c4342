/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RECIPIENTS_H
#define PST_CORE_RECIPIENTS_H

/* The recipients of a message, as the rules and the reports see them. */

#include "core/policy.h"

/* Adds a recipient; rcpt is the argument of RCPT. *rcpts grows in the arena. */
void pst_recipients_add(
    struct pst_arena *arena, struct pst_recipients *rcpts, struct pst_str rcpt);

/*
 * Returns true if rcpt, the argument of RCPT, is an address of ours to which
 * others send reports. Mail to such an address is never reported on (R-AGG-28).
 */
bool pst_recipients_takes_reports(struct pst_arena *arena,
    const struct pst_config *config, struct pst_str rcpt);

#endif

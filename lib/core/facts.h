/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_FACTS_H
#define PST_CORE_FACTS_H

/* Findings as the operator's rules see them. */

#include "core/policy.h"

/* One more recipient, as the argument of RCPT names it. */
void pst_facts_add_rcpt(
    struct pst_arena *arena, struct pst_rcpts *rcpts, struct pst_str rcpt);

/*
 * Whether the argument of RCPT is an address of ours that takes reports of
 * others: mail to it is never reported on (R-AGG-28).
 */
bool pst_facts_takes_reports(struct pst_arena *arena,
    const struct pst_config *config, struct pst_str rcpt);

/* *out and what it points to live in the arena. */
void pst_facts_make(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings, struct pst_facts *out);

/*
 * The identifier in the only List-Id field (RFC 2919), in the normal form of a
 * domain; NULL when there is none, or several.
 */
const char *
pst_facts_list_id(struct pst_arena *arena, const struct pst_header *header);

#endif

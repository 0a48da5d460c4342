/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RECIPIENTS_H
#define PST_CORE_RECIPIENTS_H

/* The recipients of a message, as the rules and the reports see them. */

#include "core/policy.h"

/*
 * The recipients as they were given: the first ones, as far as these bounds go.
 */
#define PST_RCPTS_MAX 100
#define PST_RCPTS_MAX_BYTES 8192
struct pst_rcpts {
	struct pst_str *items; /* in the arena */
	struct pst_str *as;    /* as the MTA read each; empty: the same domain;
	                          NULL: all are */
	size_t count;
	size_t capacity;
	size_t octets;
};

/* Adds a recipient, if there is room for it; rcpt must live in the arena. */
void pst_rcpts_add(
    struct pst_arena *arena, struct pst_rcpts *rcpts, struct pst_str rcpt);

/*
 * The same with a copy, and with how the MTA read it (empty: it did not say) if
 * that has another text after the last @.
 */
void pst_rcpts_note(struct pst_arena *arena, struct pst_rcpts *rcpts,
    struct pst_str rcpt, struct pst_str mta_address);

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

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_BOUNCE_H
#define PST_REPORT_BOUNCE_H

/*
 * Reads what comes back to reports.bounces: delivery status notifications
 * (RFC 3464). Little in them can be believed. Only a token that nobody can
 * guess tells which delivery is meant, and only "failed" counts.
 */

#include "base/arena.h"
#include "base/str.h"

#define PST_BOUNCE_MAX_BYTES 1048576 /* the rest of a message is not read */

struct pst_bounce {
	struct pst_str token; /* in lower case; empty if there is none */
	bool failed;          /* it reports a permanent failure */
	const char *why;      /* its diagnostic, printable, or "" */
};

/*
 * Returns the token in an address: what follows "+" in the local part, if the
 * rest is as in `bounces`, the value of the option. Empty if it is another
 * address.
 */
struct pst_str pst_bounce_token(const char *bounces, struct pst_str address);

/*
 * Reads a whole message, with either kind of line end. recipient is the address
 * that it was delivered to. If it is NULL, the message itself tells
 * (Delivered-To, X-Original-To, To, or the recipient fields of the
 * notification).
 */
void pst_bounce_read(struct pst_arena *arena, const char *bounces,
    const char *recipient, struct pst_str message, struct pst_bounce *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_BOUNCE_H
#define PST_REPORT_BOUNCE_H

/*
 * Reads what comes back to reports.bounces: delivery status notifications (RFC
 * 3464), of which little is believed. Only a mark that nobody can guess says
 * which delivery is meant, and only "failed" counts.
 */

#include "base/arena.h"
#include "base/str.h"

#define PST_BOUNCE_MAX_BYTES 1048576 /* more of a message is not looked at */

struct pst_bounce {
	struct pst_str token; /* empty: there is none */
	bool failed;          /* it says that delivery has failed for good */
	const char *why;      /* its words, printable; "" */
};

/*
 * The mark in an address: what stands behind "+" in the local part, when all
 * else is as in bounces, the setting. Empty when it is another address.
 */
struct pst_str pst_bounce_token(const char *bounces, struct pst_str address);

/*
 * Reads a whole message, line ends as they come. recipient is whom it came to;
 * NULL: the message says it (Delivered-To, X-Original-To, To, or the
 * notification's own recipient fields).
 */
void pst_bounce_read(struct pst_arena *arena, const char *bounces,
    const char *recipient, struct pst_str message, struct pst_bounce *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SUMMARY_H
#define PST_CORE_SUMMARY_H

/*
 * What is counted of one message (store/tallies.h): who wrote it, as far as that
 * is known, who sent it, to which domains, and what became of it. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"

/* Recipient domains of one message that are counted. */
#define PST_SUMMARY_MAX_RCPTS 8

struct pst_summary {
	int64_t seen_s;          /* MAIL, in seconds since 1970 */
	enum pst_action done;    /* what was really done */
	enum pst_action would;   /* what is done if this is enforced */
	const char *from_domain; /* the Author Domain, in normal form; "" if
	                            there is none, or several */
	const char *org_domain;  /* its organizational domain; from_domain if
	                           that is unknown */
	/*
	 * The sender: "dkim:DOMAIN" of a signature that passes, else
	 * "spf:DOMAIN" of a MAIL FROM that passes, else "net:NETWORK" of the
	 * client. An aligned domain comes before others; of several others, the
	 * first signature that passes.
	 */
	const char *via;
	const char *network; /* of the client, "192.0.2.0/24" or
	                        "2001:db8:1::/48"; "" if it has no address */
	bool aligned;  /* an aligned identifier passes, whether or not there is
	                  a DMARC record */
	bool indirect; /* it came through a list or forwarder
	                  (findings.indirect) */
	const char *rule;   /* what decided, as the log line has it */
	const char *reason; /* why, in a few words of a fixed list, such as
	                       "dmarc p=reject" or "spf temperror" */
	/* Different domains; none if the journal keeps no recipients. */
	const char *rcpt_domains[PST_SUMMARY_MAX_RCPTS];
	unsigned rcpt_count;
};

/*
 * Makes the summary of a decided message, after pst_session_done(). Texts are in
 * the arena, static, or the message's own; each is at most 255 octets of
 * printable ASCII. Messages of `postern send` are not counted: do not call it
 * for these.
 */
void pst_summary_of(struct pst_arena *arena, const struct pst_message *message,
    bool with_rcpts, struct pst_summary *out);

#endif

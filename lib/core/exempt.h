/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EXEMPT_H
#define PST_CORE_EXEMPT_H

/* Which mail is not evaluated, because it is not mail from outside. */

#include "base/ip.h"
#include "config/config.h"

/* Why a message was not evaluated (R-DMARC-46, R-MTA-5). */
enum pst_exempt {
	PST_EXEMPT_NO,
	PST_EXEMPT_TRUSTED,       /* the client is in trusted-networks */
	PST_EXEMPT_AUTHENTICATED, /* the client used SMTP AUTH */
	PST_EXEMPT_SUBMISSION,    /* the listener is for our own users */
	PST_EXEMPT_NO_ADDRESS,    /* not received from the network */
	PST_EXEMPT_RELAY, /* from a relay of ours whose client is not certain */
	PST_EXEMPT_SIGNING, /* the listener signs our own mail */
};

/*
 * Returns "no", "trusted-network", "authenticated", "submission", "no-address",
 * "relay" or "signing".
 */
const char *pst_exempt_word(enum pst_exempt exempt);

/*
 * Tells what is known at MAIL, for a client at ip (family PST_IP_NONE: it has no
 * address). A relay's client, and with it PST_EXEMPT_RELAY, is known later.
 */
enum pst_exempt pst_exempt_of(const struct pst_config *config,
    const struct pst_ip *ip, bool authenticated);

#endif

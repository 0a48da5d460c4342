/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_TROUBLE_H
#define PST_CORE_TROUBLE_H

/*
 * DNS trouble that lasts. Deferring is right while one sender's DNS is broken,
 * or ours for a moment; when our own resolver is dead for long, it would stop
 * all mail. So after a time (the cap) deferring ends until the DNS answers.
 * Pure: who keeps the state locks it and brings the time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "dns/dns.h"

/* What one message tells of the resolver. */
enum pst_dns_health {
	PST_DNS_SILENT,  /* nothing: no question, or some answered, some not */
	PST_DNS_ANSWERS, /* it gave the sender's policy, or that there is none,
	                    and all else that the decision needed */
	PST_DNS_FAILS,   /* no question for the policy was answered */
};

enum pst_trouble_change {
	PST_TROUBLE_SAME,
	PST_TROUBLE_CAPPED, /* deferring ends */
	PST_TROUBLE_OVER,   /* deferring is possible again */
};

struct pst_trouble { /* all zero at first */
	bool failing;
	bool capped;
	int64_t since_ms; /* the first failure of an unbroken row */
};

/*
 * By the questions for DMARC records in the transcript, whichever look-up it is
 * that messages wait for: nearly all mail brings some, and a broken domain's
 * parents still answer, so it is not taken for a broken resolver. A message
 * without one is silent, as it may ask for no more than one name of its
 * client's choice; what the others tell holds for it.
 *
 * felt: a look-up that takes part in the decision has failed (core/temperror).
 * Then answers, which may be from the cache, do not show that all is well.
 */
enum pst_dns_health pst_trouble_health(const struct pst_dns *dns, bool felt);

/* Takes one message in. cap_ms 0: there is no cap. */
enum pst_trouble_change pst_trouble_step(struct pst_trouble *trouble,
    enum pst_dns_health health, int64_t now_ms, unsigned cap_ms);

#endif

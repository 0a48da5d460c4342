/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_DNS_HEALTH_H
#define PST_CORE_DNS_HEALTH_H

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
enum pst_dns_observation {
	PST_DNS_OBSERVED_NOTHING, /* nothing: no question, or some answered, some not */
	PST_DNS_OBSERVED_ANSWERS, /* it gave the sender's policy, or that there is none,
	                    and all else that the decision needed */
	PST_DNS_OBSERVED_FAILURE, /* no question for the policy was answered */
};

enum pst_dns_health_change {
	PST_DNS_HEALTH_SAME,
	PST_DNS_HEALTH_CAPPED,    /* deferring ends */
	PST_DNS_HEALTH_RECOVERED, /* deferring is possible again */
};

struct pst_dns_health { /* all zero at first */
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
enum pst_dns_observation
pst_dns_health_observe(const struct pst_dns *dns, bool felt);

/* Takes one message in. cap_ms 0: there is no cap. */
enum pst_dns_health_change pst_dns_health_update(struct pst_dns_health *trouble,
    enum pst_dns_observation health, int64_t now_ms, unsigned cap_ms);

#endif

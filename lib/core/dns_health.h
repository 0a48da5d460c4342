/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_DNS_HEALTH_H
#define PST_CORE_DNS_HEALTH_H

/*
 * DNS failures that last. Deferring mail is right while one sender's DNS is
 * broken, or our own for a short time. If our own resolver is dead for longer,
 * deferring would stop all mail. So after a time (the cap, temperror-cap)
 * deferring ends until the DNS answers again.
 *
 * These functions are pure: the caller keeps the state, locks it and passes the
 * time (core/service).
 */

#include <stdbool.h>
#include <stdint.h>

#include "dns/dns.h"

/* What one message tells about the resolver. */
enum pst_dns_observation {
	/* Nothing: no policy was asked for, or a needed answer is missing. */
	PST_DNS_OBSERVED_NOTHING,
	/* It answered a query for a policy, and no needed answer is missing. */
	PST_DNS_OBSERVED_ANSWERS,
	/* It failed at queries for a policy and answered none of them. */
	PST_DNS_OBSERVED_FAILURE,
};

enum pst_dns_health_change {
	PST_DNS_HEALTH_SAME,
	PST_DNS_HEALTH_CAPPED,    /* deferring ends */
	PST_DNS_HEALTH_RECOVERED, /* deferring is possible again */
};

struct pst_dns_health { /* zero-initialise it */
	bool failing;
	bool capped;
	int64_t since_ms; /* of the first failure since the last answers */
};

/*
 * Judges by the queries for DMARC records in the transcript, whichever look-up
 * has failed: nearly all mail causes some. A sender's broken domain is not
 * taken for a broken resolver, since the parents of that domain still answer.
 * A message that asked for no policy says nothing: its only query may be for a
 * name that its client chose. The current state then stays.
 *
 * felt: a look-up that takes part in the decision has failed (core/temperror).
 * Answers, which may be from the cache, then do not show that the resolver is
 * well.
 */
enum pst_dns_observation
pst_dns_health_observe(const struct pst_dns *dns, bool felt);

/* Updates the state for one message. With cap_ms 0 there is no cap. */
enum pst_dns_health_change pst_dns_health_update(struct pst_dns_health *health,
    enum pst_dns_observation observed, int64_t now_ms, unsigned cap_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ENFORCEMENT_H
#define PST_CORE_ENFORCEMENT_H

/* Gradual enforcement: whether a decision is carried out or only logged. */

#include "core/policy.h"
#include "core/site_key.h"

enum pst_enforcement {
	PST_ENFORCED,
	PST_MONITORED,
	PST_ENFORCEMENT_UNSURE, /* the share is to decide; its bucket is not
	                           known */
};

/*
 * Returns whether the decision is carried out. The first that applies counts:
 *	a From domain is in monitor-domains		no
 *	all From domains are in enforce-domains, or	yes
 *	the only domain of a malformed field
 *	mode = monitor					no
 *	else						enforce-percent of the
 *							messages, by bucket
 */
enum pst_enforcement pst_enforcement_of(const struct pst_config *config,
    const struct pst_from *from, unsigned bucket);

#define PST_BUCKET_UNKNOWN 100

/*
 * Returns 0 to 99, made from the first Message-ID, Date and From fields with
 * the secret of the installation: the same for every copy of a message and
 * every attempt to deliver it. A sender cannot tell it beforehand. Returns
 * PST_BUCKET_UNKNOWN if key is NULL.
 */
unsigned pst_enforcement_bucket(
    const struct pst_header *header, const struct pst_site_key *key);

#endif

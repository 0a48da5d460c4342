/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ENFORCEMENT_H
#define PST_CORE_ENFORCEMENT_H

/* Gradual enforcement: whether a decision is carried out or only logged. */

#include "core/policy.h"

/*
 * Returns whether the decision is carried out. The first that applies counts:
 *	a From domain is in monitor-domains		no
 *	all From domains are in enforce-domains, or	yes
 *	the only domain of a malformed field
 *	mode = monitor					no
 *	else						enforce-percent of the
 *							messages
 */
bool pst_enforcement_applies(const struct pst_config *config,
    const struct pst_header *header, const struct pst_from *from);

/*
 * Returns 0 to 99, made from the first Message-ID, Date and From fields: the
 * same for every copy of a message and every attempt to deliver it, here and at
 * other gateways.
 */
unsigned pst_enforcement_bucket(const struct pst_header *header);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_UNAUTHENTICATED_H
#define PST_CORE_UNAUTHENTICATED_H

/*
 * Mail of a domain whose owner asks for nothing, and for which nothing vouches
 * (R-POL-3). The operator's on-unauthenticated then takes the place of a policy.
 * Pure.
 *
 * It is about domains without a DMARC record and about those whose record has no
 * usable policy. A policy of none is a policy: its owner asks for reports and
 * for nothing to be done. Without an Author Domain that was evaluated, the
 * options for the From field decide. Of a malformed field, the evaluation of its
 * only domain counts, as for DMARC.
 *
 * A look-up that failed is treated as for DMARC, as if the domain had an
 * enforcing policy (core/undetermined), with the same options and caps: see
 * pst_temperror_of_unauthenticated().
 */

#include "core/policy.h"

/*
 * Returns the domain for which nothing but on-unauthenticated decides, whether
 * something vouches for it or not; NULL if the option is off, or if there is no
 * such domain. *identifiers is set unless NULL is returned.
 */
const char *pst_unauthenticated_domain(const struct pst_config *config,
    const struct pst_findings *findings,
    enum pst_dmarc_identifiers *identifiers);

/*
 * Returns true if the client is a listed forwarder, or if a trusted sealer has
 * vouched for the message. Other signs of indirect mail do not count here: a
 * sender without a policy has a domain for nothing.
 */
bool pst_unauthenticated_is_forwarded(const struct pst_findings *findings);

/*
 * Returns true if a refusal would depend on whether the client is such a
 * forwarder, and that is not known (core/client_nets).
 */
bool pst_unauthenticated_is_unsure(
    const struct pst_config *config, const struct pst_findings *findings);

#endif

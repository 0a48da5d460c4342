/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ENFORCEMENT_H
#define PST_CORE_ENFORCEMENT_H

/* Gradual enforcement: whether a decision is carried out or only logged. */

#include "core/policy.h"

/*
 * The first that applies: a From domain in monitor-domains: no; all of them in
 * enforce-domains: yes; mode = monitor: no; else enforce-percent of the
 * messages.
 */
bool pst_enforcement_applies(const struct pst_config *config,
    const struct pst_header *header, const struct pst_from *from);

/*
 * 0 to 99 from the first Message-ID, Date and From fields: the same for every
 * copy and every further attempt to deliver it, here and at other gateways.
 */
unsigned pst_enforcement_bucket(const struct pst_header *header);

#endif

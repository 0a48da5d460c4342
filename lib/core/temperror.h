/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_TEMPERROR_H
#define PST_CORE_TEMPERROR_H

/*
 * What becomes of a message when the DNS did not answer. Each look-up that
 * failed has an action of its own (on-policy-temperror and its like); of those
 * that failed the strictest action counts, and a reply has the code of the
 * look-up that asked for it, as in RFC 7372 and RFC 6376 s. 6.3: 4.7.5 for a
 * DKIM key, 4.7.24 for SPF, 4.7.25 for iprev, 4.4.3 for the policy.
 *
 * When the findings say temperror_capped, tag takes the place of tempfail.
 */

#include "core/policy.h"

struct pst_temperror {
	enum pst_action action; /* accept, tag or tempfail */
	const char *rule;       /* fixed name, "...-capped" by the cap */
	const char *xcode;      /* for tempfail */
};

/*
 * DMARC's own result is temperror: because of the policy, a DKIM key or an SPF
 * record that would be aligned. False when it is another; *out is then not set.
 */
bool pst_temperror_of_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * Beside DMARC: of DKIM and SPF when DMARC is none or permerror and the key
 * says more than `same`, of iprev unless DMARC passes. False when there is
 * nothing to act on; *out is then not set.
 */
bool pst_temperror_beside(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/* Whether one of the two is true: a failed look-up takes part in the decision. */
bool pst_temperror_is_felt(
    const struct pst_config *config, const struct pst_findings *findings);

/* Whether a message may have to wait because of these settings. */
bool pst_temperror_may_defer(const struct pst_config *config);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_TEMPERROR_H
#define PST_CORE_TEMPERROR_H

/*
 * What happens to a message when the DNS did not answer. Each kind of look-up
 * has an action of its own (on-policy-temperror, on-spf-temperror etc.). Of
 * those that failed, the strictest action counts, and the reply has the code of
 * the look-up with that action, as in RFC 7372 and RFC 6376 s. 6.3: 4.7.5 for a
 * DKIM key, 4.7.24 for SPF, 4.7.25 for iprev, 4.4.3 for the policy.
 *
 * If temperror_capped is set in the findings, tag takes the place of tempfail.
 */

#include "core/policy.h"

struct pst_temperror {
	enum pst_action action; /* accept, tag or tempfail */
	const char *rule;       /* fixed name; "...-capped" if capped */
	const char *xcode;      /* for tempfail */
};

/*
 * Returns true if the DMARC result is temperror, because of the policy, or of a
 * DKIM key or an SPF record that would be aligned. Otherwise *out is not set.
 */
bool pst_temperror_of_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * Returns true if there is a temperror to act on in addition to DMARC: of DKIM
 * or SPF if the DMARC result is none or permerror, of iprev unless DMARC
 * passes; in each case only if the option for it is neither `same` nor accept.
 * Otherwise *out is not set.
 */
bool pst_temperror_beside(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * Returns true if one of the two functions above does: a failed look-up takes
 * part in the decision.
 */
bool pst_temperror_is_felt(
    const struct pst_config *config, const struct pst_findings *findings);

/* Returns true if config has tempfail as the action of one of the look-ups. */
bool pst_temperror_may_defer(const struct pst_config *config);

#endif

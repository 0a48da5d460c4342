/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_TEMPERROR_H
#define PST_CORE_TEMPERROR_H

/*
 * What happens to a message when the DNS did not answer. The table of
 * core/undetermined says which messages are deferred; the options say what is
 * done with those instead (accept, tag), and what with the others. Each kind of
 * look-up has an action of its own (on-policy-temperror, on-spf-temperror etc.).
 * Of those that failed, the strictest action counts, and the reply has the code
 * of the look-up with that action, as in RFC 7372 and RFC 6376 s. 6.3: 4.7.5 for
 * a DKIM key, 4.7.24 for SPF, 4.7.25 for iprev, 4.4.3 for the policy.
 *
 * What has been failing for longer than temperror-domain-cap (core/deferrals)
 * does not count as a cause. If temperror_capped is set in the findings, tag takes
 * the place of tempfail.
 */

#include "core/policy.h"
#include "core/undetermined.h"

struct pst_temperror {
	enum pst_action action; /* accept, tag or tempfail */
	const char *rule;       /* fixed name; "...-capped" if capped */
	const char *xcode;      /* for tempfail */
};

/*
 * Returns what DMARC makes of the message. For PST_COURSE_DEFER and _TAG, a
 * failed look-up decides, of the policy, or of a DKIM key or an SPF record that
 * would be aligned: *out is then what the options make of it. Otherwise *out is
 * not set.
 */
enum pst_course pst_temperror_of_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/* Returns true for PST_COURSE_DEFER and PST_COURSE_TAG. */
bool pst_temperror_is_deferring(enum pst_course course);

/*
 * Returns true if there is a temperror to act on in addition to DMARC: of DKIM
 * or SPF if the DMARC result is none or permerror, of iprev unless DMARC
 * passes; in each case only if the option for it is neither `same` nor accept.
 * So there is if on-unauthenticated depends on a look-up, which is then treated
 * as if it were DMARC's, or on networks that are not known. Otherwise *out is not
 * set.
 */
bool pst_temperror_beside(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * Returns PST_COURSE_APPLY if on-unauthenticated applies: nothing vouches for
 * the message, or it is not known whether something does, and what it takes to
 * know it has been missing for longer than temperror-domain-cap.
 * PST_COURSE_DEFER: it depends on a look-up that has failed, and
 * pst_temperror_beside() says what is done. Otherwise PST_COURSE_ACCEPT.
 */
enum pst_course pst_temperror_of_unauthenticated(
    const struct pst_config *config, const struct pst_findings *findings);

/*
 * For mail in our own name (core/own_domains) of which it is not known whether
 * something aligned passes: what is done with it. Unlike for DMARC, it always
 * waits, whatever on-temperror says: a look-up that fails must not let in what
 * would be refused. Returns PST_COURSE_DEFER or _TAG with *out, or PST_COURSE_APPLY
 * if the look-up is overdue and counts as not passed; *out is then not set.
 */
enum pst_course pst_temperror_of_own(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * What is done with a message if networks that are not known decide whether it is
 * refused (R-POL-18): it waits. Our own dead resolver is not a reason to defer for
 * ever.
 */
void pst_temperror_of_networks(
    const struct pst_findings *findings, struct pst_temperror *out);

/*
 * Returns true if a failed look-up takes part in the decision: the DMARC result
 * is temperror, or pst_temperror_beside() returns true.
 */
bool pst_temperror_is_felt(
    const struct pst_config *config, const struct pst_findings *findings);

/* Returns true if config has tempfail as the action of one of the look-ups. */
bool pst_temperror_may_defer(const struct pst_config *config);

#endif

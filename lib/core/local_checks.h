/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_LOCAL_CHECKS_H
#define PST_CORE_LOCAL_CHECKS_H

/*
 * What the operator may act on in addition to DMARC; all of it is off by
 * default: an SPF fail or softfail, an SPF fail of the HELO name, a client
 * without a confirmed name, a missing DKIM signature from a domain that always
 * signs, mail of a domain without a policy for which nothing vouches
 * (core/unauthenticated), and a header that lacks a field or has one too often.
 * The codes are those of RFC 7372 and RFC 3463.
 */

#include "core/policy.h"

struct pst_local_action {
	enum pst_action action; /* accept: nothing to act on, and the other
	                           members are NULL */
	const char *rule;       /* fixed name; "multiple-checks" for several */
	const char *xcode;      /* for reject */
	const char *reason;     /* printable ASCII, {reason} of refused-text */
};

/*
 * Sets *out to the strictest action of all the checks that apply. What it
 * points to is static or lives in the arena.
 */
void pst_local_checks_decide(struct pst_arena *arena,
    const struct pst_config *config, const struct pst_findings *findings,
    struct pst_local_action *out);

/* Returns a > b, where accept < tag < quarantine < tempfail < reject. */
bool pst_action_is_stricter(enum pst_action a, enum pst_action b);

#endif

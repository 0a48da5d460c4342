/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_LOCAL_CHECKS_H
#define PST_CORE_LOCAL_CHECKS_H

/*
 * What the operator may act on beside DMARC, all off by default: an SPF fail
 * or softfail, a client without a confirmed name, no DKIM signature from a
 * domain that always signs. Codes are those of RFC 7372.
 */

#include "core/policy.h"

struct pst_local_action {
	enum pst_action action; /* accept: nothing to act on */
	const char *rule;       /* fixed name; "multiple-checks" for several */
	const char *xcode;      /* for reject */
	const char *reason;     /* printable ASCII, {reason} of refused-text */
};

/* The strictest action of all that apply; *out lives in the arena. */
void pst_local_checks_decide(struct pst_arena *arena,
    const struct pst_config *config, const struct pst_findings *findings,
    struct pst_local_action *out);

/* accept < tag < quarantine < tempfail < reject. */
bool pst_action_is_stricter(enum pst_action a, enum pst_action b);

#endif

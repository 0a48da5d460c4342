/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DMARC_H
#define PST_AUTH_DMARC_H

/*
 * DMARC (RFC 9989): policy discovery, alignment, result and effective policy
 * (R-DMARC-8 to -42). The disposition is not decided here but in core/policy.
 */

#include "auth/world.h"
#include "auth/dkim.h"
#include "auth/orgdomain.h"
#include "auth/result.h"
#include "auth/spf.h"
#include "mail/address.h"

enum pst_dmarc_discovery {
	PST_DMARC_TREEWALK,
	PST_DMARC_PSL,
	PST_DMARC_COMPARE, /* treewalk decides; psl is evaluated as well */
};

struct pst_dmarc_config {
	enum pst_dmarc_discovery discovery;
	const struct pst_psl *psl;   /* required for psl and compare; or NULL */
	bool psl_guard;              /* R-DMARC-31; no effect without psl */
	bool evaluate_all;           /* R-DMARC-8; false: MULTI is permerror */
	unsigned max_author_domains; /* default 4 */
	bool accept_test_keys;       /* a DKIM pass with a t=y key counts */
};

enum pst_dmarc_source {
	PST_DMARC_FROM_NOWHERE, /* no record applies */
	PST_DMARC_FROM_AUTHOR,
	PST_DMARC_FROM_ORG,
	PST_DMARC_FROM_PSD,
};

struct pst_dmarc {
	enum pst_result result;    /* none, pass, fail, temperror, permerror */
	const char *author_domain; /* NULL: there is none */
	const char *policy_domain; /* where the record is; NULL: no record */
	const char *org_domain;    /* of the author domain; NULL: unknown */
	enum pst_dmarc_source source;
	struct pst_dmarc_record record; /* valid when policy_domain is set */
	const char *tag;                /* "p", "sp" or "np"; NULL: no record */
	enum pst_dmarc_policy published; /* the policy in that tag */
	enum pst_dmarc_policy effective; /* after t= (R-DMARC-42) */
	bool spf_aligned;                /* an SPF pass that is aligned */
	bool dkim_aligned;               /* a DKIM pass that is aligned */
	bool spf_undecided;              /* an SPF temperror that is aligned */
	bool align_undecided;       /* an answer is missing to tell whether a
	                               check that may pass is aligned */
	bool psl_differs;           /* compare mode: psl gives another result */
	const char *psl_org_domain; /* compare mode; or NULL */
	bool psl_guarded;           /* R-DMARC-31 took effect */
	const char *fault;          /* fixed text for errors; or NULL */
	const char *discovery;      /* "treewalk" or "psl" */
};

/* Starts the policy look-ups of an Author Domain before the check does. */
void pst_dmarc_prefetch(struct pst_world *world,
    const struct pst_dmarc_config *config, const char *author_domain);

/*
 * Evaluates DMARC for a message. spf and dkim must be complete; the function
 * sets `aligned` in dkim's signatures. For several Author Domains
 * (evaluate_all) *out is the combined result, with the domain that decided it.
 *
 * A malformed From field is a permerror. If every reader finds the same domain
 * in it (only_domain), that domain is evaluated, and the result is a failure or
 * a temporary error if that is what the evaluation gives: it may make the
 * outcome stricter, but a malformed field never passes (R-DMARC-7).
 * Restartable, as described in auth/world.h.
 */
bool
pst_dmarc_check(struct pst_world *world, const struct pst_dmarc_config *config,
    const struct pst_from *from, const struct pst_spf *spf,
    struct pst_dkim *dkim, struct pst_dmarc *out) PST_MUST_CHECK;

#endif

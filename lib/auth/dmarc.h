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
	bool ignore_weak_spf;        /* an SPF pass that is weak is not
	                                aligned (auth/spf.h) */
	bool accept_test_keys;       /* a DKIM pass with a t=y key counts */
};

enum pst_dmarc_source {
	PST_DMARC_FROM_NOWHERE, /* no record applies */
	PST_DMARC_FROM_AUTHOR,
	PST_DMARC_FROM_ORG,
	PST_DMARC_FROM_PSD,
};

/* What is known of the policy that applies to the Author Domain. */
enum pst_dmarc_knowledge {
	/* A look-up failed, and nothing that is remembered helps. */
	PST_DMARC_UNKNOWN,
	/* Answers show that no record applies, or the message does not have
	   exactly one Author Domain. */
	PST_DMARC_ABSENT,
	/* The record is from an answer. */
	PST_DMARC_LEARNED,
	/* The look-up failed, and the record is from the memory. */
	PST_DMARC_REMEMBERED,
	/*
	 * A look-up that could show another record failed, and nothing is
	 * remembered there; but the policy of a domain above is known,
	 * answered or remembered, and it would be enforcing: quarantine or
	 * reject (R-DMARC-47).
	 */
	PST_DMARC_INHERITED,
};

/* Returns whether the policy, or that there is none, is known for certain. */
bool pst_dmarc_is_certain(enum pst_dmarc_knowledge knowledge);

/* Returns "unknown", "absent", "learned", "remembered" or "inherited". */
const char *pst_dmarc_knowledge_word(enum pst_dmarc_knowledge knowledge);

/* What is known of the aligned identifiers together. */
enum pst_dmarc_identifiers {
	/*
	 * None passed, and no answer is missing. Where no policy applies,
	 * alignment is relaxed, and the public suffix list tells which names
	 * are of one organization; without a list, a name above the Author
	 * Domain is aligned, too.
	 */
	PST_DMARC_NONE_PASSED,
	PST_DMARC_ALIGNED_PASS,
	/* None passed, but one might have, had a look-up not failed. Always so
	   with PST_DMARC_INHERITED, unless one passed. */
	PST_DMARC_UNDETERMINED,
};

struct pst_dmarc {
	/*
	 * None, pass, fail, temperror or permerror. An aligned pass is a pass
	 * even if the policy is unknown. Temperror: no pass, and the policy is
	 * unknown or inherited, or the identifiers are undetermined.
	 */
	enum pst_result result;
	/*
	 * Fail or temperror: that of the only domain of a malformed From field,
	 * whose own result is permerror (R-DMARC-7). Otherwise the same as
	 * result. The policy goes by this.
	 */
	enum pst_result judged;
	/*
	 * The whole evaluation of that domain, whatever its result is, for a
	 * person who asks why; nothing is decided by it and no result field or
	 * report shows it. NULL if the field is not malformed or has no only
	 * domain.
	 */
	const struct pst_dmarc *only;
	enum pst_dmarc_knowledge knowledge;
	enum pst_dmarc_identifiers identifiers;
	int64_t remembered_s; /* age of a record from the memory, in seconds */
	bool from_memory;     /* `record` is from the memory */
	const char *author_domain; /* NULL: there is none */
	const char *policy_domain; /* where the record is; NULL: no record, or
	                              it is unknown */
	const char *org_domain;    /* of the author domain; NULL: unknown */
	enum pst_dmarc_source source;
	struct pst_dmarc_record record; /* valid when policy_domain is set */
	const char *tag;                /* "p", "sp" or "np"; NULL: no record */
	enum pst_dmarc_policy published; /* the policy in that tag */
	enum pst_dmarc_policy effective; /* after t= (R-DMARC-42) */
	bool spf_aligned;                /* an SPF pass that is aligned */
	bool dkim_aligned;               /* a DKIM pass that is aligned */
	bool spf_undecided;              /* an SPF temperror that is aligned */
	bool spf_may_align; /* an answer is missing to tell whether an SPF pass
	                       or temperror is aligned */
	bool psl_differs;   /* compare mode: psl gives another result */
	const char *psl_org_domain; /* compare mode; or NULL */
	bool psl_guarded;           /* R-DMARC-31 took effect: a record at a
	                               public suffix was not used */
	/*
	 * Records that were found where the policy was looked for, but thrown
	 * away: the name and one word ("several", "repeated-tag", "malformed":
	 * meant as a record, but not one); NULL: none.
	 * If there are several such names, the longest one.
	 */
	const char *discarded_at;
	const char *discarded;
	const char *fault;     /* fixed text for errors; or NULL */
	const char *discovery; /* "treewalk" or "psl" */
};

/* Starts the policy look-ups of an Author Domain before the check does. */
void pst_dmarc_prefetch(struct pst_world *world,
    const struct pst_dmarc_config *config, const char *author_domain);

/*
 * Evaluates DMARC for a message. spf and dkim must be complete; the function
 * sets `aligned` and `may_align` in dkim's signatures. For several Author
 * Domains (evaluate_all) *out is the combined result, with the domain that
 * decided it.
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

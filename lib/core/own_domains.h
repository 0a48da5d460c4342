/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_OWN_DOMAINS_H
#define PST_CORE_OWN_DOMAINS_H

/*
 * Mail from outside in our own name (R-POL-7 to R-POL-14): the author is in
 * own-domains and nothing aligned vouches for him, whatever the DMARC record of
 * the domain says. And what a From field shows besides its address. Pure.
 *
 * A message is in our name if any Author Domain is in own-domains. Of a
 * malformed From field, so is any domain that some reader may find after an
 * `@`, since a malformed field must not be a way around; such a field is never
 * aligned. A From field that was too large to be read may name any domain.
 *
 * Evidence that the message only came back to us is a client in forwarders, or a
 * trusted ARC chain. own-domains then does nothing and DMARC decides. Claims
 * (core/claims) count for nothing.
 *
 * If it is not known whether something aligned passes, since a look-up failed,
 * the message waits (core/temperror).
 */

#include "core/policy.h"

/*
 * Completes findings->own, if own-domains is set or a rule has display-name;
 * otherwise it does nothing. header NULL: a recorded message, whose findings
 * have what was read in it.
 */
void
pst_own_domains_judge(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, struct pst_findings *findings);

/*
 * Returns true if the message is in our name and has no evidence as above, so
 * that something aligned must pass. False if own-domains is not set.
 */
bool pst_own_domains_apply(
    const struct pst_config *config, const struct pst_findings *findings);

/* Returns true if it is not known whether something aligned passes, and that
 * decides. May be called before pst_own_domains_judge(). */
bool pst_own_domains_wait(
    const struct pst_config *config, const struct pst_findings *findings);

struct pst_own_refusal {
	enum pst_action action;
	const char *rule;   /* fixed name */
	const char *xcode;  /* for reject and tempfail */
	const char *domain; /* of ours; NULL: the From field is too large */
	const char *reason; /* {reason} of refused-text; printable ASCII */
};

/* Returns false if own-domains asks for nothing; *out is then not set. */
bool
pst_own_domains_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_own_refusal *out);

/*
 * Returns true if a display name that was read shows an address of own-domains,
 * and an author who is not ours; or one of the names in the set. So it does if
 * there are too many names to be read.
 */
bool pst_own_domains_show(const struct pst_findings *findings,
    struct pst_arena *arena, const struct pst_name_set *names);

/* Returns "own-address" or "protected"; NULL for PST_SHOWN_NOTHING. */
const char *pst_own_shown_word(enum pst_shown shown);

#endif

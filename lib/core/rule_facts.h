/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RULE_FACTS_H
#define PST_CORE_RULE_FACTS_H

/* The findings in the form in which the operator's rules look at them. */

#include "core/policy.h"

struct pst_names {
	const char *const *items; /* normal form */
	size_t count;
};

/* All that a rule may ask about. A name that is not known is NULL. */
struct pst_rule_facts {
	struct pst_ip client;
	const char *client_name; /* confirmed by iprev */
	const char *mail_from;   /* domain of the reverse-path */
	struct pst_names from;   /* Author Domains */
	struct pst_names rcpt;   /* domains of all recipients; empty if they
	                            are not all known */
	const bool *rcpt_held;   /* whether rcpt-domain holds, by rule; NULL:
	                            rcpt tells */
	size_t rcpt_held_count;
	struct pst_names dkim; /* d= of the signatures that pass */
	const char *list_id;
	const char *arc_sealer; /* newest sealer of a chain that verifies, if
	                           it is trusted */
	enum pst_result dmarc;
	enum pst_result spf;
	bool indirect;
};

/*
 * Fills in *out. What it points to is in the arena or in the findings, which
 * must live as long.
 */
void
pst_rule_facts_make(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings, struct pst_rule_facts *out);

/*
 * Returns the identifier in the only List-Id field (RFC 2919), in the normal
 * form of a domain, in the arena; NULL if there is no field, more than one, or
 * no valid identifier.
 */
const char *pst_rule_facts_list_id(
    struct pst_arena *arena, const struct pst_header *header);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RULE_FACTS_H
#define PST_CORE_RULE_FACTS_H

/* Findings as the operator's rules see them. */

#include "core/policy.h"

struct pst_names {
	const char *const *items; /* normal form */
	size_t count;
};

/* All that a rule may ask about; a name that is not known is NULL. */
struct pst_rule_facts {
	struct pst_ip client;
	const char *client_name; /* confirmed by iprev */
	const char *mail_from;   /* domain of the reverse-path */
	struct pst_names from;   /* Author Domains */
	struct pst_names rcpt;   /* of all recipients; empty: one has none */
	struct pst_names dkim;   /* d= of the signatures that pass */
	const char *list_id;
	const char *arc_sealer; /* verified and trusted */
	enum pst_result dmarc;
	enum pst_result spf;
	bool indirect;
};

/* *out and what it points to live in the arena. */
void
pst_rule_facts_make(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings, struct pst_rule_facts *out);

/*
 * The identifier in the only List-Id field (RFC 2919), in the normal form of a
 * domain; NULL when there is none, or several.
 */
const char *pst_rule_facts_list_id(
    struct pst_arena *arena, const struct pst_header *header);

#endif

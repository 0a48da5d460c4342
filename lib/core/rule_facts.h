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
	struct pst_client_nets client_nets;
	bool assume_networks;     /* see pst_rule_match_could(); else false */
	const char *client_name;  /* confirmed by iprev */
	bool client_name_is_open; /* a look-up of iprev failed for now */
	const char *mail_from;    /* domain of the reverse-path */
	struct pst_names from;    /* Author Domains */
	struct pst_names rcpt;    /* domains of all recipients; empty if they
	                            are not all known */
	const bool *rcpt_held;    /* whether rcpt-domain holds, by rule; NULL:
	                            rcpt tells */
	size_t rcpt_held_count;
	struct pst_names dkim;      /* d= of the signatures that pass */
	struct pst_names dkim_open; /* of those whose key look-up failed for
	                               now */
	const char *list_id;
	const char *arc_sealer; /* newest sealer of a chain that verifies, if
	                           it is trusted */
	enum pst_result dmarc;
	enum pst_result spf;
	enum pst_result spf_helo; /* none: it was not checked */
	unsigned aligned; /* enum pst_aligned_bit; 0: a look-up failed, and so
	                     it is not known whether one passes */
	bool spf_weak;
	bool shows_own; /* a display name shows an address of own-domains */
	/* What display names show; NULL: nothing that a rule may ask for */
	const struct pst_findings *shown;
	struct pst_arena *arena; /* to compare them in */
	bool indirect;
	bool indirect_unsure; /* the client may be a forwarder, and nothing
	                         else makes it indirect */
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

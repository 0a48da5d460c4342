/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_REMEDY_H
#define PST_CORE_REMEDY_H

/*
 * What can be done about a message that was refused, tagged, quarantined or
 * deferred: by the sender, and by the operator meanwhile. Pure: it is told by
 * the findings, the transcript and the decision.
 */

#include "base/buf.h"
#include "core/session.h"

struct pst_remedy {
	/*
	 * What the sender has to change, with the exact record, key or field: a
	 * few sentences, such as "Permit 192.0.2.66 in the SPF record of
	 * bank.example, ...". NULL if the message was accepted, and would be if
	 * that were enforced.
	 */
	const char *sender;
	/*
	 * The rule that lets this mail in, as lines to paste into the
	 * configuration, above other rules: as narrow as what authenticates it
	 * allows. NULL if none is sound; then `instead` says why, and
	 * what to do.
	 */
	const char *rule;
	/* With a rule: what it goes by, and who else could make use of it. */
	const char *basis;
	const char *instead;
};

/*
 * Texts are in the arena, or static; printable ASCII and newlines. The rule's
 * title is not one of the configuration that the message has.
 */
void pst_remedy_of(struct pst_arena *arena, const struct pst_message *message,
    struct pst_remedy *out);

/* ---- the parts; only for each other ---- */

struct pst_remedy_facts {
	struct pst_arena *arena;
	const struct pst_message *message;
	const struct pst_findings *findings;
	/* The evaluation that decided; of a malformed field, its only domain's */
	const struct pst_dmarc *dmarc;
	const char *author; /* the Author Domain; of several, the one that
	                       decided or the first; NULL: there is none */
	char client[PST_IP_TEXT_SIZE]; /* "" without an address */
};

/* True if a result for that domain counts for the author, or will. */
bool pst_remedy_aligns(
    const struct pst_remedy_facts *facts, const char *domain, bool strict);

/* Adds what makes a signature of the author pass: sentences with a blank. */
void
pst_remedy_add_dkim(struct pst_buf *buf, const struct pst_remedy_facts *facts);

/* The same for the SPF record of the domain that SPF has checked. */
void pst_remedy_add_spf_record(
    struct pst_buf *buf, const struct pst_remedy_facts *facts);

/* The same for the SPF record of the HELO name. */
void pst_remedy_add_helo_record(
    struct pst_buf *buf, const struct pst_remedy_facts *facts);

/* The same for an SPF pass that is the author's. */
void
pst_remedy_add_spf(struct pst_buf *buf, const struct pst_remedy_facts *facts);

/* Sets rule and basis, or instead. */
void pst_remedy_find_rule(
    const struct pst_remedy_facts *facts, struct pst_remedy *out);

#endif

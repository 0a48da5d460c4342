/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_INDIRECT_H
#define PST_CORE_INDIRECT_H

/*
 * Tells whether a message came by way of a mailing list or a forwarder instead
 * of directly from its author's server (R-DMARC-43). If so, a refusal may
 * become a spam mark, but the message never passes. Pure.
 *
 * Evidence on its own:
 *	forwarder	the client is in `forwarders`
 *	ARC		a chain that verifies, with a trusted newest sealer
 * Claims (core/claims) are text that anybody can write. A claim counts only if
 * the domain that it names, or one above it, passes SPF or DKIM in this
 * message, and only if that domain is known: it has authenticated here on
 * indirect-known-days earlier days. One more claim needs the same of the domain
 * of MAIL FROM, or of any other domain:
 *	broken-body	an aligned signature whose header verifies and whose
 *			body hash does not, as after a footer was added. It is
 *			at most three days old and covers From, Date and
 *			Subject.
 * With indirect-claims = believe each claim counts.
 *
 * A forger reaches a spam mark by way of a domain of his own that he has used
 * here for some days.
 *
 * An aligned signature that a limit of ours keeps from passing lowers a refusal
 * in the same way, but is not a sign of indirect mail (R-DMARC-48). If the key
 * has signed the message (PST_DKIM_GAP_PROVEN), that is enough. Otherwise
 * anybody can write such a signature, so it is a claim: it counts only if a
 * known domain passes, as for broken-body.
 */

#include "config/config.h"
#include "core/memory.h"
#include "core/policy.h"

/* The memory of domains that have authenticated here. */
struct pst_known_days {
	/* Returns on how many earlier days the domain has authenticated. */
	unsigned (*call)(void *arg, const char *domain);
	void *arg;
};

/*
 * Returns the memory in this form for a message that arrived at now_epoch, in
 * the arena; NULL while the memory is too young for a domain to be known.
 */
const struct pst_known_days *pst_known_days_of(
    struct pst_arena *arena, struct pst_memory *memory, int64_t now_epoch);

/*
 * For a message that is recorded: passes the questions on to known, which may be
 * NULL, and notes the answers in the findings, for all domains that passed, so
 * that the message can be judged again with another configuration.
 */
const struct pst_known_days *pst_known_days_noting(struct pst_arena *arena,
    const struct pst_known_days *known, struct pst_findings *findings);

/*
 * After pst_indirect_judge() with what pst_known_days_noting() returned: asks for
 * what is not noted yet, if a claim or a signature might depend on it.
 */
void pst_known_days_note(
    const struct pst_known_days *noting, const struct pst_findings *findings);

/*
 * Answers from what was noted in the findings. *missed is set to true if it is
 * asked for a domain that is not among it.
 */
const struct pst_known_days *pst_known_days_noted(
    struct pst_arena *arena, const struct pst_findings *findings, bool *missed);

struct pst_indirect_input {
	const struct pst_config *config;
	/* NULL: a recorded message, whose findings have what was read in it */
	const struct pst_header *header;
	int64_t now_epoch; /* when the message arrived, seconds since 1970 */
	/* NULL: a domain cannot be known yet, so any may vouch */
	const struct pst_known_days *known;
};

/*
 * Completes the findings: reads `claimed` and `date_s` in the header, and sets
 * `indirect` and `claims`, two lists separated by
 * commas, or NULL, `unverified`, and `forwarder_unsure`.
 *
 * indirect has what counts; if it is NULL, the message is not indirect. A claim
 * has the domain and how it authenticated, as in
 * "List-Id:lists.example(known,dkim)"; "known" is left out if it was not asked
 * for. claims has the claims that do not count, with the reason:
 *	no-domain		it names none, and MAIL FROM has none
 *	not-authenticated	it passes neither SPF nor DKIM
 *	dkim,not-known		it passes, but is not known here
 *	old, unsigned		of broken-body
 * A signature that a limit of ours keeps from passing is among them as
 * "unverified".
 *
 * unverified is "signature:" with the domain whose key has signed the message,
 * or "claim:" with the domain that makes the claim count, as above; NULL if no
 * such signature counts.
 *
 * All are in the arena, bounded, and printable ASCII without blanks: a domain
 * is in normal form.
 */
void pst_indirect_judge(struct pst_arena *arena,
    const struct pst_indirect_input *input, struct pst_findings *findings);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ENFORCEMENT_H
#define PST_CORE_ENFORCEMENT_H

/*
 * Gradual enforcement: whether a decision is carried out or only logged. That
 * may differ between the recipients of one message. The stricter mode counts
 * then, unless the message is split (core/parts), so nobody gets a message
 * through to one recipient by adding another one.
 */

#include "core/policy.h"
#include "core/site_key.h"

/* From the mildest to the strictest. */
enum pst_enforcement {
	PST_MONITORED,
	PST_ENFORCEMENT_UNSURE, /* the share is to decide; its bucket is not
	                           known */
	PST_ENFORCED,
};

/*
 * Returns whether the decision is carried out for recipients of that kind. The
 * first that applies counts:
 *	all From domains are in monitor-domains		no
 *	the kind is PST_RCPT_MONITORED			no
 *	all From domains are in enforce-domains, or	yes
 *	the only domain of a malformed field
 *	the kind is PST_RCPT_ENFORCED			yes
 *	mode = monitor					no
 *	else						enforce-percent of the
 *							messages, by bucket
 */
enum pst_enforcement pst_enforcement_of(const struct pst_config *config,
    const struct pst_from *from, enum pst_rcpt_kind kind, unsigned bucket);

/*
 * Returns the strictest mode of all recipients. *mixed is set to true if
 * another recipient is monitored and that one is not.
 */
enum pst_enforcement pst_enforcement_of_all(const struct pst_config *config,
    const struct pst_findings *findings, bool *mixed);

/* Returns true if the mode may differ between recipients. */
bool pst_enforcement_differs(const struct pst_config *config);

/*
 * Returns the kind of the recipient rcpt, the argument of RCPT. mta_address is
 * what the MTA read from it, empty if it did not say. If they name different
 * domains, the stricter kind counts. If neither names a domain, the recipient
 * may be anybody's: it is enforced if enforce-recipients names anybody.
 */
enum pst_rcpt_kind
pst_enforcement_kind(struct pst_arena *arena, const struct pst_config *config,
    struct pst_str rcpt, struct pst_str mta_address);

#define PST_BUCKET_UNKNOWN 100

/*
 * Returns 0 to 99, made from the first Message-ID, Date and From fields with
 * the secret of the installation: the same for every copy of a message and
 * every attempt to deliver it. A sender cannot tell it beforehand. Returns
 * PST_BUCKET_UNKNOWN if key is NULL.
 */
unsigned pst_enforcement_bucket(
    const struct pst_header *header, const struct pst_site_key *key);

/*
 * The same, without taking the digests if enforce-percent is 0 or 100, which do
 * not need it.
 */
unsigned pst_enforcement_bucket_if_needed(const struct pst_config *config,
    const struct pst_header *header, const struct pst_site_key *key);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_INDIRECT_H
#define PST_CORE_INDIRECT_H

/*
 * Signs that a message did not come directly from its author's server, but by
 * way of a mailing list or a forwarder (R-DMARC-43). All of them except for the
 * first two can be forged. So a sign may turn a refusal into a spam mark, but
 * it never makes a message pass. Pure.
 */

#include "config/config.h"
#include "core/policy.h"

/*
 * Returns the signs, separated by commas, in the arena; NULL if there is none:
 *	forwarder	the client is in `forwarders`
 *	ARC		a chain that verifies, with a trusted newest sealer
 *	broken-body	an aligned signature whose header verifies and whose
 *			body hash does not, as after a footer was added
 *	List-Id, List-Post, Mailing-List, Precedence (list)	the field exists
 *	SRS		MAIL FROM was rewritten by a forwarder
 *	bounce-address	MAIL FROM looks like that of a mailing list
 * The findings must be complete, except for `indirect`.
 */
const char *
pst_indirect_signs(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const struct pst_findings *findings);

#endif

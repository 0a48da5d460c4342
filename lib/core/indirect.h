/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_INDIRECT_H
#define PST_CORE_INDIRECT_H

/*
 * Signs that a message did not come straight from its author's server: a list
 * or a forwarder was in between (R-DMARC-43). All of them but the first two can
 * be forged. So a sign may lower a refusal to a mark, and never makes a pass.
 * Pure.
 */

#include "config/config.h"
#include "core/policy.h"

/*
 * The signs, with commas between them, NULL when there is none:
 *	forwarder	the client is in `forwarders`
 *	ARC		a chain that verifies, of a trusted sealer
 *	broken-body	an aligned signature whose header verifies and whose
 *			body hash does not, as after a footer was added
 *	List-Id, List-Post, Mailing-List, Precedence (list)	the field
 *	SRS		MAIL FROM was rewritten by a forwarder
 *	bounce-address	MAIL FROM is that of a mailing list
 * The findings must be complete but for `indirect`.
 */
const char *
pst_indirect_signs(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const struct pst_findings *findings);

#endif

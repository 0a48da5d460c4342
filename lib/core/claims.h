/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CLAIMS_H
#define PST_CORE_CLAIMS_H

/*
 * What a message claims of the way that it took: that it came through a mailing
 * list or a forwarder. Anybody can write such a claim; core/indirect tells
 * which of them count. Pure.
 */

#include "core/policy.h"

/* In the order in which they are printed. */
enum pst_claim_kind {
	PST_CLAIM_LIST_ID,
	PST_CLAIM_LIST_POST,
	PST_CLAIM_MAILING_LIST,
	PST_CLAIM_PRECEDENCE, /* Precedence: list */
	PST_CLAIM_SRS,        /* MAIL FROM as SRS or Microsoft 365 writes it */
	PST_CLAIM_CAF,        /* ... as Gmail writes it when it forwards */
	PST_CLAIM_BNC,        /* ... as Google Groups writes it */
	PST_CLAIM_BOUNCE_ADDRESS, /* ... as list software writes it */
};

/* A message makes each claim once at most. */
#define PST_CLAIMS_MAX 8

struct pst_claim {
	enum pst_claim_kind kind;
	/*
	 * The domain that the claim names, or that of MAIL FROM if it names
	 * none; normal form. NULL: there is neither.
	 */
	const char *domain;
};

/*
 * Returns how many claims a message makes. A list field counts if it exists. If
 * there are several of one name, or no domain name can be read in the field, it
 * names no domain. header and findings are those of the message; of the findings,
 * the reverse-path must be set.
 */
size_t pst_claims_read(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings,
    struct pst_claim claims[PST_CLAIMS_MAX]);

/* Returns "List-Id", "SRS", "bounce-address" and so on. */
const char *pst_claim_word(enum pst_claim_kind kind);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_PICK_H
#define PST_AUTH_DKIM_PICK_H

/*
 * Which signatures of a message are verified, with which keys, and in what
 * state the header is for them (R-DKIM-1, -14, -17, -18, -20, R-SEC-6, -7).
 * All of DKIM but the hashes and the cryptography.
 */

#include "auth/dkim.h"
#include "auth/dkim_key.h"
#include "auth/dkim_tags.h"

struct pst_dkim_item {
	struct pst_dkim_sig sig;
	struct pst_dkim_tags tags;
	const struct pst_dns_entry *entry; /* of the key; NULL: not asked */
	struct pst_dkim_key key;
	struct pst_str value;  /* of the field */
	size_t field;          /* its index in the header */
	bool chosen;           /* to be verified; else sig is complete */
	bool odd;              /* signs a field that is hashed wrongly */
	bool uncovered;        /* R-DKIM-18 */
	bool signs_signatures; /* h= names DKIM-Signature */
};

struct pst_dkim_pick {
	struct pst_dkim_item *items; /* in the order of the header fields */
	size_t count;
	size_t chosen;
	size_t unparsed; /* beyond max_parsed */
	bool omitted;    /* some signature is not chosen */
	bool any_length; /* a chosen one has l= */
};

void
pst_dkim_pick(struct pst_world *world, const struct pst_dkim_config *config,
    const struct pst_header *header, const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain), const void *arg,
    struct pst_dkim_pick *out);

/* True while the answer to a chosen signature's key look-up is missing. */
bool pst_dkim_pick_is_waiting(const struct pst_dkim_pick *pick);

/*
 * Reads the key records. A signature without a usable key is judged by that;
 * false when no other is left.
 */
bool pst_dkim_pick_keys(struct pst_world *world,
    const struct pst_dkim_config *config, struct pst_dkim_pick *pick);

/* The end: what the items came to. */
void pst_dkim_pick_results(struct pst_world *world,
    const struct pst_dkim_pick *pick, struct pst_dkim *out);

bool pst_dkim_is_signature(const struct pst_header_field *field);

/* Stores a verdict; an item that has one is not chosen any more. */
void pst_dkim_item_decide(
    struct pst_dkim_item *item, enum pst_result result, const char *reason);

#endif

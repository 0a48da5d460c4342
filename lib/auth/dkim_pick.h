/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_PICK_H
#define PST_AUTH_DKIM_PICK_H

/*
 * Decides which signatures of a message are verified, with which keys, and
 * whether something in the header speaks against them (R-DKIM-1, -14, -17, -18,
 * -20, R-SEC-6, -7). This is all of DKIM except for the hashes and the
 * cryptography.
 */

#include "auth/dkim.h"
#include "auth/dkim_key.h"
#include "auth/dkim_tags.h"

struct pst_dkim_item {
	struct pst_dkim_sig sig;
	struct pst_dkim_tags tags;
	const struct pst_dns_entry *entry; /* the key look-up; NULL: none */
	struct pst_dkim_key key;
	struct pst_str value; /* of the header field */
	size_t field;         /* the field's index in the header */
	unsigned rank;        /* lower ones are verified first */
	bool chosen;          /* to be verified; otherwise sig is complete */
	/* How often h= names the fields of one name, by the number of that name
	 * in the header (mail/header.h). */
	unsigned short *mentions;
	bool own;       /* to be verified by auth/dkim_own */
	bool odd;       /* a signed field has a bare CR, a bare LF or a NUL */
	bool uncovered; /* leaves a copy unsigned: R-DKIM-18 */
};

struct pst_dkim_pick {
	struct pst_dkim_item *items; /* in the order of the header fields */
	size_t count;
	size_t chosen;
	size_t unparsed; /* signatures beyond max_parsed */
};

/*
 * Picks the signatures of header and starts the look-ups of their keys. The
 * arguments are those of pst_dkim_begin().
 */
void
pst_dkim_pick(struct pst_world *world, const struct pst_dkim_config *config,
    const struct pst_header *header, const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain), const void *arg,
    struct pst_dkim_pick *out);

/* Returns true while the answer for a chosen signature's key is missing. */
bool pst_dkim_pick_is_waiting(const struct pst_dkim_pick *pick);

/*
 * Reads the key records and decides the result of each signature that has no
 * usable key.
 */
void pst_dkim_pick_keys(struct pst_world *world,
    const struct pst_dkim_config *config, struct pst_dkim_pick *pick);

/* Collects the results of all items, in world's arena. */
void pst_dkim_pick_results(struct pst_world *world,
    const struct pst_dkim_pick *pick, struct pst_dkim *out);

bool pst_dkim_is_signature(const struct pst_header_field *field);

/* Stores the result of an item, which is then no longer chosen. */
void pst_dkim_item_decide(
    struct pst_dkim_item *item, enum pst_result result, enum pst_dkim_why why);

/* The same for a result that is due to a limit of ours. */
void pst_dkim_item_limit(struct pst_dkim_item *item, enum pst_result result,
    enum pst_dkim_why why, enum pst_dkim_gap gap);

#endif

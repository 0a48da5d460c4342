/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ARC_H
#define PST_AUTH_ARC_H

/*
 * Verification of an Authenticated Received Chain (RFC 8617 s. 5.2; R-ARC-1 to
 * -9). The operator decides how far to trust a chain, by its sealer; a chain is
 * never an authenticated identifier.
 *
 * For each message, call pst_arc_begin() when its header is complete,
 * pst_arc_body() for each piece of the body, and pst_arc_check() until it
 * returns true.
 */

#include "auth/world.h"
#include "auth/result.h"
#include "base/ip.h"
#include "mail/header.h"

struct pst_arc_config {
	unsigned max_sets;     /* longer chains fail; default 10 */
	unsigned min_key_bits; /* RSA; default 1024 */
	unsigned clock_skew_s; /* tolerance for t= and x=; default 300 */
	bool accept_test_keys; /* a seal or signature with a t=y key counts */
};

struct pst_arc_seal {
	const char *domain;   /* d=, normal form */
	const char *selector; /* s=, normal form */
};

/*
 * The members from oldest_pass on are set only if the chain passes, so that
 * nothing in a broken chain can be misused.
 */
struct pst_arc {
	enum pst_result result; /* none, pass, fail */
	const char *reason;     /* why it fails, printable ASCII; or NULL */
	unsigned sets;          /* the highest instance; 0 without a chain */
	unsigned oldest_pass;   /* the message signatures from this instance
	                           on verify; 0: all do */
	struct pst_arc_seal *seals; /* `sets` of them, oldest first; or NULL */
	const char *sealer;         /* d= of the newest seal; or NULL */
	struct pst_ip first_ip;     /* the first set's smtp.remote-ip, if any */
};

struct pst_arc_msg;

/*
 * Reads the chain in header, which must not change afterwards, and starts the
 * look-ups of its keys: at most two for each set, and none if the structure of
 * the chain makes it fail. The result is in world's arena; never NULL.
 */
struct pst_arc_msg *pst_arc_begin(struct pst_world *world,
    const struct pst_arc_config *config, const struct pst_header *header);

/* Adds the next octets of the body. Returns false when no more are needed. */
bool pst_arc_body(struct pst_arc_msg *msg, const void *ptr, size_t len);

/* Finishes the body. Restartable, as described in auth/world.h. */
bool pst_arc_check(struct pst_world *world, struct pst_arc_msg *msg,
    struct pst_arc *out) PST_MUST_CHECK;

/*
 * Returns what a report says about a chain that changed a disposition (RFC 8617
 * s. 7.2.2): its result, the first client's address and the seals, newest
 * first. Printable ASCII, in the arena; if the chain is too long, its oldest
 * seals are left out.
 */
const char *pst_arc_comment(struct pst_arena *arena, const struct pst_arc *arc);

#endif

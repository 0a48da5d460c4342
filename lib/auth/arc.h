/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ARC_H
#define PST_AUTH_ARC_H

/*
 * Verification of an Authenticated Received Chain (RFC 8617 s. 5.2; R-ARC-1 to
 * -9). What a chain is worth is the operator's decision, by the sealer: it is
 * never an authenticated identifier.
 *
 * One message: pst_arc_begin() when its header is complete, pst_arc_body() for
 * each piece of the body, pst_arc_check() until it is done.
 */

#include "auth/world.h"
#include "auth/result.h"
#include "base/ip.h"
#include "mail/header.h"

struct pst_arc_config {
	unsigned max_sets;     /* longer chains fail, 10 */
	unsigned min_key_bits; /* RSA, 1024 */
	unsigned clock_skew_s; /* tolerance for t= and x=, 300 */
	bool accept_test_keys; /* keys with t=y count */
};

struct pst_arc_seal {
	const char *domain;   /* d=, normal form */
	const char *selector; /* s=, normal form */
};

/* What a chain says is there only when it passes: none of it can be misused. */
struct pst_arc {
	enum pst_result result; /* none, pass, fail */
	const char *reason;     /* why it fails, printable ASCII; or NULL */
	unsigned sets;          /* the highest instance; 0 without a chain */
	unsigned oldest_pass;   /* lowest instance from which on all message
	                           signatures verify; 0: all do */
	struct pst_arc_seal *seals; /* `sets` many, the oldest first; or NULL */
	const char *sealer;         /* d= of the newest seal; or NULL */
	struct pst_ip first_ip;     /* the first set's smtp.remote-ip, if any */
};

struct pst_arc_msg;

/*
 * Reads the chain of header, which must not change any more, and starts the
 * look-ups of its keys: none when its structure makes it fail, and at most two
 * a set. Never NULL.
 */
struct pst_arc_msg *pst_arc_begin(struct pst_world *world,
    const struct pst_arc_config *config, const struct pst_header *header);

/* The next octets of the body. False when no more is wanted. */
bool pst_arc_body(struct pst_arc_msg *msg, const void *ptr, size_t len);

/* The end of the body. Restartable, as in auth/world.h. */
bool pst_arc_check(struct pst_world *world, struct pst_arc_msg *msg,
    struct pst_arc *out) PST_MUST_CHECK;

/*
 * What a report says about a chain that changed a disposition (RFC 8617
 * s. 7.2.2): its result, the seals, the newest first, and the first client.
 * Printable ASCII in the arena; of a long chain the newest seals.
 */
const char *pst_arc_comment(struct pst_arena *arena, const struct pst_arc *arc);

#endif

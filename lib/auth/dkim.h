/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_H
#define PST_AUTH_DKIM_H

/*
 * DKIM verification (RFC 6376, 8301, 8463, 8616; R-DKIM-1 to -21). libopendkim
 * verifies the signatures, but it sees only what our own strict parser has
 * accepted. auth/msgsig verifies those that libopendkim would misread
 * (auth/dkim_own), and it hashes the body.
 *
 * For each message, call pst_dkim_begin() when its header is complete,
 * pst_dkim_body() for each piece of the body, and pst_dkim_check() until it
 * returns true. The handle lives in the message's arena.
 */

#include "auth/world.h"
#include "auth/dkim_why.h"
#include "auth/result.h"
#include "base/err.h"
#include "base/macros.h"
#include "mail/header.h"

struct pst_dkim_config {
	unsigned max_verified;       /* signatures to verify; default 10 */
	unsigned max_parsed;         /* signatures to parse; default 50 */
	unsigned min_key_bits;       /* RSA; default 1024 */
	unsigned clock_skew_s;       /* tolerance for t= and x=; default 300 */
	bool accept_body_length;     /* a pass counts even if l= is too small */
	bool accept_test_keys;       /* a pass with a t=y key counts */
	bool accept_unsigned_copies; /* turns R-DKIM-18 off, except for From */
};

/* libopendkim's library handle. Threads may share it: it is never changed. */
struct pst_dkim_lib;

/* Returns the version of libopendkim, such as "2.11.0", in the arena. */
const char *pst_dkim_lib_version(struct pst_arena *arena);

/*
 * Returns NULL with a sentence in err if libopendkim is not usable. The handle
 * must outlive all messages that use it.
 */
struct pst_dkim_lib *pst_dkim_lib_new(
    const struct pst_dkim_config *config, struct pst_err *err) PST_MUST_CHECK;
void pst_dkim_lib_free(struct pst_dkim_lib *lib);

/*
 * Whether only a limit of ours keeps a signature from passing. Without that
 * limit it might pass; see core/indirect for what follows.
 */
enum pst_dkim_gap {
	PST_DKIM_NO_GAP,
	/* The key has signed exactly these octets, but other programs read them
	   in other ways: a bare CR, a bare LF or a NUL. */
	PST_DKIM_GAP_PROVEN,
	/* Nothing is proven: anybody can write such a signature. */
	PST_DKIM_GAP_CLAIMED,
};

struct pst_dkim_sig {
	enum pst_result result;
	enum pst_dkim_why why; /* none for a plain pass */
	const char *reason;    /* the text of why; NULL for a plain pass */
	const char *domain;    /* d= in normal form; NULL when unusable */
	const char *selector;  /* s= in normal form; NULL when unusable */
	const char *algorithm; /* "rsa-sha256", "ed25519-sha256" or what a=
	                          says, if it is a plain token; or NULL */
	const char *identity;  /* i= if it is present and valid; or NULL */
	const char *b;         /* b= without white space; NULL when unusable */
	unsigned bits;         /* of the key, as in dkim_key.h; 0: unknown */
	bool test_key;         /* t=y in the key record */
	bool body_length;      /* l= is present */
	bool body_failed;      /* the body hash differs; see also header_ok */
	bool header_ok;        /* the signature over the header verifies */
	bool covers_origin;    /* h= names every From, Date and Subject field,
	                          and each of them at least once */
	uint64_t signed_at;    /* t=, seconds since 1970; 0: not given */
	enum pst_dkim_gap gap;
	bool checked;   /* false: beyond a limit; never counted as failed */
	bool aligned;   /* set by auth/dmarc */
	bool may_align; /* set by auth/dmarc: a pass or temperror, but an answer
	                   is missing to tell whether it is aligned */
	bool overdue;   /* set by core/deferrals */
	/* How often h= names the fields of one name, by the number of that name
	   (mail/header.h); NULL: unknown. */
	const unsigned short *mentions;
};

struct pst_dkim {
	enum pst_result result;    /* the best; none without signatures */
	struct pst_dkim_sig *sigs; /* in the order of the header fields */
	size_t count;
	size_t unparsed; /* signatures beyond max_parsed */
};

struct pst_dkim_msg;

/*
 * Picks the signatures of header that will be verified, starts the look-ups of
 * their keys, and hashes the header. author_domain (may be NULL) decides which
 * signatures come first if there are more than max_verified: those with d=
 * equal to it, then those with d= above it, then the others. public_suffix (may
 * be NULL) is called with arg and tells whether a d= is a public suffix
 * (R-DKIM-17). header must not change until the result is there. Never returns
 * NULL.
 */
struct pst_dkim_msg *pst_dkim_begin(struct pst_world *world,
    struct pst_dkim_lib *lib, const struct pst_dkim_config *config,
    const struct pst_header *header, const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain),
    const void *arg);

/*
 * Adds the next octets of the body, in pieces of any size. Returns false when
 * no signature needs more; the rest may be skipped.
 */
bool pst_dkim_body(struct pst_dkim_msg *msg, const void *ptr, size_t len);

/* Finishes the body. Restartable, as described in auth/world.h. */
bool pst_dkim_check(struct pst_world *world, struct pst_dkim_msg *msg,
    struct pst_dkim *out) PST_MUST_CHECK;

#endif

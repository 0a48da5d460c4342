/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_H
#define PST_AUTH_DKIM_H

/*
 * DKIM verification (RFC 6376, 8301, 8463, 8616; R-DKIM-1 to -20) through
 * libopendkim, which only sees what our own strict parser let through, and
 * through auth/msgsig for the body.
 *
 * One message: pst_dkim_begin() when its header is complete, pst_dkim_body()
 * for each piece of the body, pst_dkim_check() until it is done. The handle
 * lives in the message's arena.
 */

#include "auth/world.h"
#include "auth/result.h"
#include "base/err.h"
#include "mail/header.h"

struct pst_dkim_config {
	unsigned max_verified;       /* signatures verified, 10 */
	unsigned max_parsed;         /* signatures looked at, 50 */
	unsigned min_key_bits;       /* RSA, 1024 */
	unsigned clock_skew_s;       /* tolerance for t= and x=, 300 */
	bool accept_body_length;     /* l= smaller than the body still counts */
	bool accept_test_keys;       /* a pass with a t=y key counts */
	bool accept_unsigned_copies; /* R-DKIM-18 off, but for From */
};

/* libopendkim's library handle; shared by threads, read-only after new. */
struct pst_dkim_lib;

/* NULL with a sentence in err. Free when no message uses it any more. */
struct pst_dkim_lib *
pst_dkim_lib_new(const struct pst_dkim_config *config, struct pst_err *err);
void pst_dkim_lib_free(struct pst_dkim_lib *lib);

struct pst_dkim_sig {
	enum pst_result result;
	const char *reason;    /* fixed text; NULL for a plain pass */
	const char *domain;    /* d= in normal form; NULL when unusable */
	const char *selector;  /* s= in normal form; NULL when unusable */
	const char *algorithm; /* "rsa-sha256", "ed25519-sha256" or what was
	                          written when it is a plain token; or NULL */
	const char *identity;  /* i= when it was present and valid; or NULL */
	const char *b;         /* b= without white space; NULL when unusable */
	unsigned bits;         /* of the key: exact RSA bits, 256; 0 unknown */
	bool test_key;         /* t=y in the key record */
	bool body_length;      /* l= was present */
	bool body_failed;      /* body hash differs, header hash verifies is
	                          header_ok */
	bool header_ok;        /* the signature over the header verifies */
	bool checked; /* false: past a limit, never counted as failed */
	bool aligned; /* set by auth/dmarc */
};

struct pst_dkim {
	enum pst_result result; /* none without signatures, else the best one */
	struct pst_dkim_sig *sigs; /* in the order of the header fields */
	size_t count;
	size_t unparsed; /* signatures beyond max_parsed */
};

struct pst_dkim_msg;

/*
 * Picks and prepares the signatures of header, starts their key look-ups, and
 * hashes the header. author_domain (may be NULL) decides which signatures come
 * first when there are more than max_verified: d= equal to it, d= above it,
 * others. public_suffix (may be NULL) tells whether a d= is a public suffix
 * (R-DKIM-17). Never NULL.
 */
struct pst_dkim_msg *pst_dkim_begin(struct pst_world *world,
    struct pst_dkim_lib *lib, const struct pst_dkim_config *config,
    const struct pst_header *header, const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain),
    const void *arg);

/*
 * The next octets of the body, in any chunking. False when no signature wants
 * more: the rest may be skipped.
 */
bool pst_dkim_body(struct pst_dkim_msg *msg, const void *ptr, size_t len);

/* The end of the body. Restartable, as in auth/world.h. */
bool pst_dkim_check(struct pst_world *world, struct pst_dkim_msg *msg,
    struct pst_dkim *out) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_DKIM_SIGN_H
#define PST_TESTS_DKIM_SIGN_H

/*
 * A DKIM signer for tests, written without libopendkim, so that signer and
 * verifier cannot agree on the same mistake.
 */

#include "base/buf.h"

struct sign_key;

/* A key of tests/keys, by its file name. Ends the test when it is missing. */
struct sign_key *sign_key_load(const char *name);
void sign_key_free(struct sign_key *key);

enum sign_form {
	SIGN_SPKI,  /* SubjectPublicKeyInfo; the plain key for Ed25519 */
	SIGN_PKCS1, /* RSAPublicKey */
};

/* p= of the key's record. */
const char *sign_key_public(
    struct pst_arena *arena, const struct sign_key *key, enum sign_form form);

struct sign_options {
	const char *tags;  /* all but bh= and b=, ending in "; " */
	const char *canon; /* as in c= */
	const char *names; /* as in h= */
	size_t length;     /* of l=; SIZE_MAX: the whole body */
};

/* The canonical body (RFC 6376 s. 3.4.3, 3.4.4), into an empty buffer. */
void sign_canon_body(struct pst_buf *out, struct pst_str body, bool relaxed);

/*
 * The DKIM-Signature field, with its CRLF, of a message whose header fields
 * each end in CRLF.
 */
const char *sign_message(struct pst_arena *arena, const struct sign_key *key,
    const struct sign_options *options, const char *header,
    struct pst_str body);

#endif

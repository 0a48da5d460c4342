/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_DKIM_SIGN_H
#define PST_TESTS_DKIM_SIGN_H

/*
 * A DKIM signer for tests. It does not use libopendkim, so that the signer and
 * the verifier cannot make the same mistake.
 */

#include "base/buf.h"

struct sign_key;

/* Loads a key from tests/keys by file name; aborts if it is missing. */
struct sign_key *sign_key_load(const char *name);
void sign_key_free(struct sign_key *key);

enum sign_form {
	SIGN_SPKI,  /* SubjectPublicKeyInfo; the plain key for Ed25519 */
	SIGN_PKCS1, /* RSAPublicKey */
};

/* Returns the value of p= for the key's record, from arena. */
const char *sign_key_public(
    struct pst_arena *arena, const struct sign_key *key, enum sign_form form);

struct sign_options {
	const char *tags;  /* all except bh= and b=, ending in "; " */
	const char *canon; /* as in c= */
	const char *names; /* as in h= */
	size_t length;     /* of l=; SIZE_MAX: the whole body */
};

/* Adds the canonical body (RFC 6376 s. 3.4.3, 3.4.4); out must be empty. */
void sign_canon_body(struct pst_buf *out, struct pst_str body, bool relaxed);

/*
 * Returns the DKIM-Signature field, with its CRLF, from arena. Each field of
 * the header must end in CRLF.
 */
const char *sign_message(struct pst_arena *arena, const struct sign_key *key,
    const struct sign_options *options, const char *header,
    struct pst_str body);

#endif

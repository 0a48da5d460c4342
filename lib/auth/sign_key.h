/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SIGN_KEY_H
#define PST_AUTH_SIGN_KEY_H

/*
 * A private key that signs: read from its file once, decoded once, and then
 * shared by all threads. It is never written anywhere.
 */

#include "auth/dkim_tags.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

/* RSA keys of fewer bits are refused (RFC 8301 s. 3.2). */
#define PST_SIGN_KEY_MIN_BITS 1024
#define PST_SIGN_KEY_MAX_BITS 4096
/* Octets of a file. A key of 4096 bits takes 3.3 KiB. */
#define PST_SIGN_KEY_MAX_FILE 32768

struct pst_sign_key;

/*
 * Reads a PEM file (PKCS#1 or PKCS#8) with an RSA or Ed25519 key, as
 * `postern record dkim`, OpenSSL, opendkim-genkey and rspamadm write it. For
 * Ed25519, rspamadm and dknewkey write bare base64, which is read too. The key
 * makes a signature, which must verify. A file that others can use is refused
 * with the chmod to type (base/secret.h). Returns NULL with a sentence in err.
 */
struct pst_sign_key *
pst_sign_key_read(const char *file, struct pst_err *err) PST_MUST_CHECK;

/* The same from the text of a file; name is the file's, for the sentence. */
struct pst_sign_key *pst_sign_key_parse(
    const char *text, const char *name, struct pst_err *err) PST_MUST_CHECK;

/* Another reference, and its end. NULL is allowed. Any thread. */
struct pst_sign_key *pst_sign_key_ref(struct pst_sign_key *key);
void pst_sign_key_unref(struct pst_sign_key *key);

enum pst_dkim_algorithm pst_sign_key_algorithm(const struct pst_sign_key *key);
unsigned pst_sign_key_bits(const struct pst_sign_key *key);

/*
 * The public key in base64, as p= has it (RFC 6376 s. 3.6.1; RFC 8463 s. 4). It
 * lives as long as the key.
 */
const char *pst_sign_key_public(const struct pst_sign_key *key);

/*
 * True if the p= of a record is this key: an RSA record may also have the bare
 * RSAPublicKey, as some old ones do. p may have white space.
 */
bool pst_sign_key_is_public(const struct pst_sign_key *key, struct pst_str p);

/*
 * Returns the signature over text (the canonical header of a message) in base64,
 * in the arena; NULL if OpenSSL cannot make one. Any thread.
 */
const char *pst_sign_key_sign(struct pst_arena *arena,
    const struct pst_sign_key *key, struct pst_str text) PST_MUST_CHECK;

/* EVP_PKEY, so that only the owners of OpenSSL include its headers. */
struct evp_pkey_st;

/* Returns OpenSSL's key. It lives as long as ours and must not be changed. */
struct evp_pkey_st *pst_sign_key_pkey(const struct pst_sign_key *key);

#endif

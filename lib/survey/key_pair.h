/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_KEY_PAIR_H
#define PST_SURVEY_KEY_PAIR_H

/* A key pair for DKIM: made, written to a file and read again. */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

enum pst_key_type {
	PST_KEY_RSA, /* 2048 bits, unless told otherwise */
	PST_KEY_ED25519,
};

struct pst_key_pair {
	enum pst_key_type type;
	unsigned bits;
	const char *private_pem; /* PKCS#8, PEM */
	const char *public_p;    /* base64 for p=: SubjectPublicKeyInfo for RSA
	                            (RFC 6376), 32 octets for Ed25519 (RFC 8463) */
};

/* bits is for RSA: 2048 to 4096, a multiple of 8; 0: 2048. */
bool pst_key_pair_make(struct pst_arena *arena, enum pst_key_type type,
    unsigned bits, struct pst_key_pair *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Reads a private key as pst_sign_key_read() does, whoever may use the file. */
bool pst_key_pair_read(struct pst_arena *arena, const char *path,
    struct pst_key_pair *out, struct pst_err *err) PST_MUST_CHECK;

/* Writes the private key with mode 0600 to a new file; a file that exists is
 * never overwritten. On failure nothing is left. */
bool pst_key_pair_write(const struct pst_key_pair *pair, const char *path,
    struct pst_err *err) PST_MUST_CHECK;

#endif

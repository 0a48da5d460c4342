/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_SIGN_RSA_H
#define PST_AUTH_DKIM_SIGN_RSA_H

/* An RSA signature of one message by libopendkim. */

#include "auth/dkim_sign.h"
#include "auth/dkim_sign_fields.h"

struct pst_sign_rsa;

/* What libopendkim signs. All must live until the end. */
struct pst_sign_rsa_of {
	const struct pst_header *header;
	const struct pst_sign_fields *fields; /* not odd */
	int64_t now_s;
};

/*
 * Begins the signature; in the arena, which also frees libopendkim's handle.
 * Never returns NULL: if libopendkim refuses something, the end says so.
 */
struct pst_sign_rsa *pst_sign_rsa_begin(struct pst_arena *arena,
    const struct pst_sign_rsa_of *of, const struct pst_signature_by *by);

/* Adds octets of the body, whose last line must end in CRLF. */
void pst_sign_rsa_body(struct pst_sign_rsa *rsa, const void *ptr, size_t len);

/*
 * Returns the value of the field as pst_sign_end() does; NULL if libopendkim
 * refused something.
 */
const char *pst_sign_rsa_end(struct pst_sign_rsa *rsa);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_SIGN_H
#define PST_AUTH_DKIM_SIGN_H

/*
 * Signing of messages of our own through libopendkim: rsa-sha256,
 * relaxed/relaxed, with all fields that say what a message is (RFC 6376
 * s. 5.4).
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct pst_dkim_signer;

/*
 * Reads a PEM file with an RSA key that others may not read and tries it out.
 * domain and selector are in normal form and must outlive the signer. NULL with
 * a sentence in err.
 */
struct pst_dkim_signer *pst_dkim_signer_new(const char *key_file,
    const char *domain, const char *selector, struct pst_err *err);
void pst_dkim_signer_free(struct pst_dkim_signer *signer); /* NULL is allowed */

/*
 * The DKIM-Signature field of a message whose line ends all are CRLF, to stand
 * above it, with its CRLF, in the arena. now_s becomes its t=. NULL with a
 * sentence in err.
 */
const char *
pst_dkim_sign(struct pst_dkim_signer *signer, struct pst_arena *arena,
    struct pst_str message, int64_t now_s, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_SIGN_H
#define PST_AUTH_DKIM_SIGN_H

/*
 * Signs Postern's own messages with libopendkim: rsa-sha256, relaxed/relaxed.
 * The signature covers all fields that make up the core of a message (RFC 6376
 * s. 5.4).
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_dkim_signer;

/*
 * Reads a PEM file with an RSA key, which other users must not be able to read,
 * and makes a trial signature. domain and selector are in normal form and must
 * outlive the signer. Returns NULL with a sentence in err.
 */
struct pst_dkim_signer *
pst_dkim_signer_new(const char *key_file, const char *domain,
    const char *selector, struct pst_err *err) PST_MUST_CHECK;
void pst_dkim_signer_free(struct pst_dkim_signer *signer); /* NULL is allowed */

/*
 * Returns the DKIM-Signature field to put above the message, with its CRLF, in
 * the arena. All line ends of the message must be CRLF. now_s becomes t=.
 * Returns NULL with a sentence in err. Only one thread at a time may use a
 * signer.
 */
const char *
pst_dkim_sign(struct pst_dkim_signer *signer, struct pst_arena *arena,
    struct pst_str message, int64_t now_s, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_SIGN_H
#define PST_AUTH_DKIM_SIGN_H

/*
 * Signs messages (RFC 6376, RFC 8463): relaxed/relaxed, SHA-256, no l=, no x=.
 * libopendkim makes RSA signatures; auth/msgsig makes those of Ed25519, for which
 * libopendkim leaks memory.
 *
 * The signature covers the fields of RFC 6376 s. 5.4.1 that are there, and
 * oversigns those that nobody may add or double: From, To, Cc, Subject, Date,
 * Reply-To, Message-ID, In-Reply-To, References, MIME-Version, Content-Type,
 * Content-Transfer-Encoding and the List fields that tell how to unsubscribe.
 * Fields that relays add or change (Received, Return-Path, Authentication-Results
 * and its like, other signatures) are not covered.
 */

#include "auth/sign_key.h"
#include "base/arena.h"
#include "mail/header.h"

/* Signatures of one message. */
#define PST_SIGN_MAX 4

/* One signature that is to be made. domain and selector are in normal form. */
struct pst_signature_by {
	struct pst_sign_key *key;
	const char *domain, *selector;
};

struct pst_signing; /* one message under way */

/*
 * Begins the signatures of a message whose header is complete. header and by must
 * not change until the end. now_s becomes t=. In the arena, with everything that
 * must be given back when the arena is freed; never returns NULL: what fails, the
 * end says. One thread at a time may use it.
 */
struct pst_signing *
pst_sign_begin(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_signature_by *by, size_t count, int64_t now_s);

/*
 * Adds the next octets of the body, in pieces of any size, with CRLF line ends.
 * A last line without its end gets one, as MTAs add it.
 */
void pst_sign_body(struct pst_signing *signing, const void *ptr, size_t len);

/*
 * Ends the body. Returns the values of the DKIM-Signature fields, one for each
 * signature, in its order: with a leading blank, folded with LF and a tab, lines of at
 * most 78 octets, without a last line end. They are in the arena. NULL with a
 * sentence in err if one cannot be made.
 */
const char *const *
pst_sign_end(struct pst_signing *signing, struct pst_err *err) PST_MUST_CHECK;

/* ---- a whole message, for mail of our own ---- */

/*
 * Returns the DKIM-Signature field to put above the message, with its CRLF, in
 * the arena. All line ends of the message must be CRLF. Returns NULL with a
 * sentence in err.
 */
const char *
pst_dkim_sign(struct pst_arena *arena, const struct pst_signature_by *by,
    struct pst_str message, int64_t now_s, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BENCH_SIGN_MAIL_H
#define PST_BENCH_SIGN_MAIL_H

/* Mail to be signed, of any size, and the keys. The keys are below $srcdir. */

#include "auth/dkim_sign.h"

struct sign_mail {
	struct pst_header header;
	struct pst_str body, whole; /* whole: with the header, CRLF line ends */
	struct pst_signature_by by[2]; /* rsa-2048, ed25519 */
};

/* Makes a message of that many octets; in the arena, except for the keys. */
void
sign_mail_make(struct sign_mail *mail, struct pst_arena *arena, size_t size);
void sign_mail_end(struct sign_mail *mail);

/* Signs with `count` keys from the first of mail->by; ends the program if that
 * fails. The body comes in the pieces in which libmilter gives it. */
void sign_mail_sign(const struct sign_mail *mail, struct pst_arena *arena,
    size_t first, size_t count);

/* Returns the text of the RSA key. */
const char *sign_mail_pem(struct pst_arena *arena);

#endif

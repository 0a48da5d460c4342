/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_DIGEST_H
#define PST_BASE_DIGEST_H

/* SHA-256 and HMAC-SHA-256 (RFC 2104) of octets in memory. Failure aborts. */

#include <stddef.h>

#include "base/str.h"

#define PST_DIGEST_BYTES 32
#define PST_DIGEST_HEX_SIZE (2 * PST_DIGEST_BYTES + 1)

void pst_digest_sha256(
    const void *ptr, size_t len, unsigned char out[PST_DIGEST_BYTES]);

void pst_digest_hmac(struct pst_str key, struct pst_str text,
    unsigned char out[PST_DIGEST_BYTES]);

/* Writes digest in lower-case hexadecimal, NUL-terminated. Returns text. */
const char *pst_digest_hex(const unsigned char digest[PST_DIGEST_BYTES],
    char text[PST_DIGEST_HEX_SIZE]);

#endif

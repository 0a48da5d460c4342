/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

void
pst_digest_sha256(
    const void *ptr, size_t len, unsigned char out[PST_DIGEST_BYTES])
{
	/* This fails only without memory or without an OpenSSL provider. */
	if (EVP_Digest(ptr, len, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
pst_digest_hmac(struct pst_str key, struct pst_str text,
    unsigned char out[PST_DIGEST_BYTES])
{
	if (HMAC(EVP_sha256(), key.len == 0 ? "" : key.ptr, (int)key.len,
		(const unsigned char *)text.ptr, text.len, out, NULL) == NULL)
		abort();
}

const char *
pst_digest_hex(const unsigned char digest[PST_DIGEST_BYTES],
    char text[PST_DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < PST_DIGEST_BYTES; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[2 * PST_DIGEST_BYTES] = '\0';
	return text;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_SIPHASH_H
#define PST_BASE_SIPHASH_H

/*
 * SipHash-2-4, 64 bits: a digest with a secret key, several times as fast as
 * SHA-256. Somebody who does not know the key cannot choose octets that have
 * the digest of others. The octets may come in pieces of any size.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define PST_SIPHASH_KEY_BYTES 16

struct pst_siphash {
	uint64_t v[4];
	uint64_t tail; /* the octets that do not fill a word yet */
	uint64_t bytes;
};

void pst_siphash_begin(
    struct pst_siphash *hash, const unsigned char key[PST_SIPHASH_KEY_BYTES]);
void pst_siphash_add(struct pst_siphash *hash, struct pst_str piece);

/* Adds the length of a piece too, so that its end counts. */
void pst_siphash_add_whole(struct pst_siphash *hash, struct pst_str piece);

/* Returns the digest of what was added so far; more may follow. */
uint64_t pst_siphash_digest(const struct pst_siphash *hash);

#endif

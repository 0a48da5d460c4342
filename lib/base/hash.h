/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_HASH_H
#define PST_BASE_HASH_H

/*
 * FNV-1a, 64 bits, for tables and buckets. A sender that chooses the octets can
 * make them collide. A table is therefore bounded or starts from a secret
 * value, and its entries are compared in full.
 */

#include "base/str.h"

#include <stdint.h>

#define PST_HASH_START UINT64_C(14695981039346656037)

static inline uint64_t
pst_hash_octet(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * UINT64_C(1099511628211);
}

/* hash is PST_HASH_START or the result for the octets before s. */
static inline uint64_t
pst_hash(uint64_t hash, struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++)
		hash = pst_hash_octet(hash, s.ptr[i]);
	return hash;
}

/* For an index into a table. The low bits of FNV are weak on their own. */
static inline uint32_t
pst_hash_fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

/*
 * Returns a value that is random for each process and does not change. XORed to
 * PST_HASH_START, it makes a table one of whose names nobody else can tell where
 * they meet. Any thread.
 */
uint64_t pst_hash_secret(void);

#endif

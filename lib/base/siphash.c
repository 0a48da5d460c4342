/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#define WORD_BYTES 8

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(uint64_t v[4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

/*
 * Octets are little-endian words, whatever the machine is. Written out, because
 * compilers make one load of it.
 */
static uint64_t
read_word(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
	    (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* The same for fewer octets than a word has. */
static uint64_t
read_part(const unsigned char *p, size_t len)
{
	uint64_t word = 0;
	unsigned shift = 0;

	if ((len & 4) != 0) {
		word = (uint64_t)p[0] | (uint64_t)p[1] << 8 |
		    (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
		shift = 32;
		p += 4;
	}
	if ((len & 2) != 0) {
		word |= ((uint64_t)p[0] | (uint64_t)p[1] << 8) << shift;
		shift += 16;
		p += 2;
	}
	if ((len & 1) != 0)
		word |= (uint64_t)p[0] << shift;
	return word;
}

void
pst_siphash_begin(
    struct pst_siphash *hash, const unsigned char key[PST_SIPHASH_KEY_BYTES])
{
	const uint64_t k0 = read_word(key);
	const uint64_t k1 = read_word(key + WORD_BYTES);

	*hash = (struct pst_siphash){.v = {
					 k0 ^ UINT64_C(0x736f6d6570736575),
					 k1 ^ UINT64_C(0x646f72616e646f6d),
					 k0 ^ UINT64_C(0x6c7967656e657261),
					 k1 ^ UINT64_C(0x7465646279746573),
				     }};
}

/* Adds to the word that is not whole; returns how many octets it took. */
static size_t
add_part(struct pst_siphash *hash, const unsigned char *octets, size_t len)
{
	const unsigned in_tail = (unsigned)(hash->bytes % WORD_BYTES);
	const size_t some =
	    len < WORD_BYTES - in_tail ? len : WORD_BYTES - in_tail;

	hash->tail |= read_part(octets, some) << (8 * in_tail);
	hash->bytes += some;
	if (in_tail + some == WORD_BYTES) {
		take(hash->v, hash->tail);
		hash->tail = 0;
	}
	return some;
}

void
pst_siphash_add(struct pst_siphash *hash, struct pst_str piece)
{
	union {
		const char *text;
		const unsigned char *octets;
	} at = {piece.ptr};
	size_t left = piece.len;

	if (left > 0 && hash->bytes % WORD_BYTES != 0) {
		const size_t some = add_part(hash, at.octets, left);

		at.octets += some;
		left -= some;
	}
	for (; left >= WORD_BYTES; left -= WORD_BYTES) {
		take(hash->v, read_word(at.octets));
		hash->bytes += WORD_BYTES;
		at.octets += WORD_BYTES;
	}
	if (left > 0)
		(void)add_part(hash, at.octets, left);
}

void
pst_siphash_add_whole(struct pst_siphash *hash, struct pst_str piece)
{
	char len[WORD_BYTES];

	for (unsigned i = 0; i < WORD_BYTES; i++)
		len[i] = (char)((uint64_t)piece.len >> (8 * i) & 0xff);
	pst_siphash_add(hash, (struct pst_str){len, sizeof(len)});
	pst_siphash_add(hash, piece);
}

uint64_t
pst_siphash_digest(const struct pst_siphash *hash)
{
	uint64_t v[4];

	for (unsigned i = 0; i < 4; i++)
		v[i] = hash->v[i];
	take(v, hash->tail | hash->bytes << 56);
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

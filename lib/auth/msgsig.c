/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/msgsig.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "auth/dkim_value.h"
#include "replaced/d2i_pubkey_bio.h"

#define HASH_BYTES 32

struct octets {
	const unsigned char *ptr;
	size_t len;
};

/* ---- hashes of the body ---- */

struct body {
	struct body *next;
	struct pst_msgsig_canon_body canon;
	EVP_MD_CTX *ctx;
	uint64_t limit;
	uint64_t length;
	unsigned char hash[HASH_BYTES];
};

struct pst_msgsig_bodies {
	struct pst_arena *arena;
	struct body *first;
	bool ended;
};

struct pst_msgsig_bodies *
pst_msgsig_bodies_new(struct pst_arena *arena)
{
	struct pst_msgsig_bodies *bodies =
	    pst_arena_alloc(arena, sizeof(*bodies));

	bodies->arena = arena;
	return bodies;
}

static void
hash_piece(void *arg, const char *ptr, size_t len)
{
	struct body *body = arg;
	uint64_t left =
	    body->limit > body->length ? body->limit - body->length : 0;

	body->length += len;
	if (EVP_DigestUpdate(body->ctx, ptr, left < len ? (size_t)left : len) !=
	    1)
		abort();
}

static void
release_ctx(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static struct body *
body_new(struct pst_arena *arena, enum pst_canon canon, uint64_t limit)
{
	struct body *body = pst_arena_alloc(arena, sizeof(*body));

	body->limit = limit;
	body->ctx = EVP_MD_CTX_new();
	if (body->ctx == NULL ||
	    EVP_DigestInit_ex(body->ctx, EVP_sha256(), NULL) != 1)
		abort();
	pst_arena_defer(arena, release_ctx, body->ctx);
	pst_msgsig_canon_body_init(&body->canon, canon, hash_piece, body);
	return body;
}

size_t
pst_msgsig_bodies_want(
    struct pst_msgsig_bodies *bodies, enum pst_canon canon, uint64_t limit)
{
	struct body **link = &bodies->first;
	size_t number = 0;

	for (; *link != NULL; link = &(*link)->next, number++)
		if ((*link)->canon.canon == canon && (*link)->limit == limit)
			return number;
	*link = body_new(bodies->arena, canon, limit);
	return number;
}

void
pst_msgsig_bodies_add(
    struct pst_msgsig_bodies *bodies, const char *ptr, size_t len)
{
	for (struct body *body = bodies->first; body != NULL; body = body->next)
		pst_msgsig_canon_body_add(&body->canon, ptr, len);
}

void
pst_msgsig_bodies_end(struct pst_msgsig_bodies *bodies)
{
	assert(!bodies->ended);
	bodies->ended = true;
	for (struct body *body = bodies->first; body != NULL;
	     body = body->next) {
		pst_msgsig_canon_body_end(&body->canon);
		if (EVP_DigestFinal_ex(body->ctx, body->hash, NULL) != 1)
			abort();
	}
}

static const struct body *
body_at(const struct pst_msgsig_bodies *bodies, size_t number)
{
	const struct body *body = bodies->first;

	assert(bodies->ended);
	while (number-- > 0)
		body = body->next;
	return body;
}

uint64_t
pst_msgsig_bodies_length(const struct pst_msgsig_bodies *bodies, size_t number)
{
	return body_at(bodies, number)->length;
}

/* Decodes text without white space; the padding may be missing. */
static bool
decode(struct pst_arena *arena, struct pst_str text, struct octets *out)
{
	unsigned char *quads, *octets;
	size_t len = text.len, room;

	if (!pst_dkim_value_is_base64(text) || text.len > PST_DKIM_MAX_FIELD)
		return false;
	while (text.ptr[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	room = (len + 3) / 4 * 4;
	quads = pst_arena_alloc(arena, room);
	octets = pst_arena_alloc(arena, room / 4 * 3);
	memset(quads, 'A', room); /* zero bits instead of padding */
	memcpy(quads, text.ptr, len);
	if (EVP_DecodeBlock(octets, quads, (int)room) < 0)
		return false;
	*out = (struct octets){octets, len * 3 / 4};
	return true;
}

bool
pst_msgsig_bodies_match(
    const struct pst_msgsig_bodies *bodies, size_t number, struct pst_str bh)
{
	const struct body *body = body_at(bodies, number);
	struct octets wanted;

	return decode(bodies->arena, bh, &wanted) && wanted.len == HASH_BYTES &&
	    memcmp(wanted.ptr, body->hash, HASH_BYTES) == 0;
}

/* ---- signatures ---- */

struct pst_str
pst_msgsig_without(
    struct pst_arena *arena, struct pst_str value, const struct pst_tag *tag)
{
	size_t name = (size_t)(tag->name.ptr - value.ptr);
	size_t equals = name + pst_str_find(pst_str_from(value, name), '=');
	struct pst_str rest = pst_str_from(value, equals + 1);
	struct pst_buf buf;

	assert(name <= value.len && equals < value.len);
	rest = pst_str_from(rest, pst_str_find(rest, ';'));
	pst_buf_init(&buf, arena, value.len);
	pst_buf_add(&buf, pst_str_first(value, equals + 1));
	pst_buf_add(&buf, rest);
	return pst_buf_slice(&buf);
}

static EVP_PKEY *
read_key(
    struct pst_arena *arena, enum pst_dkim_algorithm algorithm, const char *key)
{
	struct pst_str record = pst_str(key);
	struct octets octets;

	/* p= is the last of the three tags of a normalized record */
	record = pst_str_from(record, pst_str_rfind(record, ' ') + 3);
	if (!decode(arena, record, &octets))
		return NULL;
	switch (algorithm) {
	case PST_DKIM_RSA_SHA256:
		return pst_pubkey_decode(octets.ptr, octets.len);
	case PST_DKIM_ED25519_SHA256:
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, octets.ptr, octets.len);
	}
	return NULL;
}

static bool
verify_hash(EVP_PKEY *pkey, enum pst_dkim_algorithm algorithm,
    struct octets text, struct octets signature)
{
	const EVP_MD *md =
	    algorithm == PST_DKIM_RSA_SHA256 ? EVP_sha256() : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	if (ctx == NULL)
		abort();
	good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey) == 1 &&
	    EVP_DigestVerify(
		ctx, signature.ptr, signature.len, text.ptr, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

bool
pst_msgsig_verify(struct pst_arena *arena, enum pst_dkim_algorithm algorithm,
    const char *key, struct pst_str text, struct pst_str signature)
{
	unsigned char hash[HASH_BYTES];
	struct octets octets, signed_text;
	EVP_PKEY *pkey;
	bool good;
	union {
		const char *text;
		const unsigned char *octets;
	} whole = {text.ptr};

	if (!decode(arena, signature, &octets))
		return false;
	signed_text = (struct octets){whole.octets, text.len};
	/* RFC 8463 s. 3: Ed25519 signs the hash. */
	if (algorithm == PST_DKIM_ED25519_SHA256) {
		if (EVP_Digest(text.ptr, text.len, hash, NULL, EVP_sha256(),
			NULL) != 1)
			abort();
		signed_text = (struct octets){hash, sizeof(hash)};
	}
	pkey = read_key(arena, algorithm, key);
	if (pkey == NULL)
		return false;
	good = verify_hash(pkey, algorithm, signed_text, octets);
	EVP_PKEY_free(pkey);
	return good;
}

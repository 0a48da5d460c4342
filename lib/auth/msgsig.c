/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/msgsig.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "auth/dkim_value.h"
#include "base/macros.h"
#include "replaced/d2i_pubkey_bio.h"

#define HASH_BYTES 32

struct octets {
	const unsigned char *ptr;
	size_t len;
};

/* ---- hashes of the body ---- */

/* A hash of the first octets of a canonical body. */
struct hash {
	struct hash *next;   /* in the order in which they were requested */
	struct hash *longer; /* of the same body */
	struct body *body;
	uint64_t limit;
	unsigned char octets[HASH_BYTES];
};

/* The body in one canonical form, with all hashes of it, shortest first. */
struct body {
	struct pst_msgsig_canon_body canon;
	EVP_MD_CTX *ctx; /* of the octets so far; NULL: no hash is wanted */
	uint64_t length;
	struct hash *shortest;
	struct hash *due; /* the shortest one that is not complete */
};

struct pst_msgsig_bodies {
	struct pst_arena *arena;
	struct body bodies[PST_CANON_RELAXED + 1];
	struct hash *first;
	bool ended;
};

static void
update(struct body *body, const char *ptr, size_t len)
{
	if (EVP_DigestUpdate(body->ctx, ptr, len) != 1)
		abort();
	body->length += len;
}

/* Completes the next hash with the octets so far. */
static void
complete(struct body *body)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (copy == NULL || EVP_MD_CTX_copy_ex(copy, body->ctx) != 1 ||
	    EVP_DigestFinal_ex(copy, body->due->octets, NULL) != 1)
		abort();
	EVP_MD_CTX_free(copy);
	body->due = body->due->longer;
}

/* One pass serves all limits: each hash is a copy made on the way. */
static void
hash_piece(void *arg, const char *ptr, size_t len)
{
	struct body *body = arg;

	while (body->due != NULL && body->due->limit - body->length <= len) {
		size_t part = (size_t)(body->due->limit - body->length);

		update(body, ptr, part);
		complete(body);
		ptr += part;
		len -= part;
	}
	/* After the last hash, only the length is of interest. */
	if (body->due != NULL)
		update(body, ptr, len);
	else
		body->length += len;
}

struct pst_msgsig_bodies *
pst_msgsig_bodies_new(struct pst_arena *arena)
{
	struct pst_msgsig_bodies *bodies =
	    pst_arena_alloc(arena, sizeof(*bodies));

	bodies->arena = arena;
	return bodies;
}

static void
release_ctx(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void
begin(struct pst_arena *arena, struct body *body, enum pst_canon canon)
{
	body->ctx = EVP_MD_CTX_new();
	if (body->ctx == NULL ||
	    EVP_DigestInit_ex(body->ctx, EVP_sha256(), NULL) != 1)
		abort();
	pst_arena_defer(arena, release_ctx, body->ctx);
	pst_msgsig_canon_body_init(&body->canon, canon, hash_piece, body);
}

static struct hash *
hash_new(struct pst_arena *arena, struct body *body, uint64_t limit)
{
	struct hash *hash = pst_arena_alloc(arena, sizeof(*hash));
	struct hash **link = &body->shortest;

	while (*link != NULL && (*link)->limit < limit)
		link = &(*link)->longer;
	hash->longer = *link;
	*link = hash;
	body->due = body->shortest;
	hash->body = body;
	hash->limit = limit;
	return hash;
}

size_t
pst_msgsig_bodies_want(
    struct pst_msgsig_bodies *bodies, enum pst_canon canon, uint64_t limit)
{
	struct body *body = &bodies->bodies[canon];
	struct hash **link = &bodies->first;
	size_t number = 0;

	for (; *link != NULL; link = &(*link)->next, number++)
		if ((*link)->body == body && (*link)->limit == limit)
			return number;
	if (body->ctx == NULL)
		begin(bodies->arena, body, canon);
	assert(body->length == 0);
	*link = hash_new(bodies->arena, body, limit);
	return number;
}

void
pst_msgsig_bodies_add(
    struct pst_msgsig_bodies *bodies, const char *ptr, size_t len)
{
	for (size_t i = 0; i < PST_COUNT(bodies->bodies); i++) {
		if (bodies->bodies[i].ctx != NULL)
			pst_msgsig_canon_body_add(
			    &bodies->bodies[i].canon, ptr, len);
	}
}

void
pst_msgsig_bodies_end(struct pst_msgsig_bodies *bodies)
{
	assert(!bodies->ended);
	bodies->ended = true;
	for (size_t i = 0; i < PST_COUNT(bodies->bodies); i++) {
		struct body *body = &bodies->bodies[i];

		if (body->ctx == NULL)
			continue;
		pst_msgsig_canon_body_end(&body->canon);
		while (body->due != NULL)
			complete(body);
	}
}

static const struct hash *
hash_at(const struct pst_msgsig_bodies *bodies, size_t number)
{
	const struct hash *hash = bodies->first;

	assert(bodies->ended);
	while (number-- > 0)
		hash = hash->next;
	return hash;
}

uint64_t
pst_msgsig_bodies_length(const struct pst_msgsig_bodies *bodies, size_t number)
{
	return hash_at(bodies, number)->body->length;
}

const char *
pst_msgsig_bodies_hash(const struct pst_msgsig_bodies *bodies, size_t number)
{
	char *text = pst_arena_alloc(bodies->arena, HASH_BYTES / 3 * 4 + 5);

	EVP_EncodeBlock(
	    (unsigned char *)text, hash_at(bodies, number)->octets, HASH_BYTES);
	return text;
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
	const struct hash *hash = hash_at(bodies, number);
	struct octets wanted;

	return decode(bodies->arena, bh, &wanted) && wanted.len == HASH_BYTES &&
	    memcmp(wanted.ptr, hash->octets, HASH_BYTES) == 0;
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

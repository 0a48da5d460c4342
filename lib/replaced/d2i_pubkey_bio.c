/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/d2i_pubkey_bio.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/hash.h"
#include "base/thread.h"
#include "replaced/next.h"

#define SETS 128
#define WAYS 4
/* Octets of a SubjectPublicKeyInfo; one with 4096-bit RSA has 550. */
#define MAX_DER 1024

struct place {
	EVP_PKEY *key; /* NULL: free */
	unsigned char *der;
	size_t len;
};

struct set {
	pthread_mutex_t lock;
	struct place places[WAYS];
	unsigned hand; /* the place to replace next */
};

static struct {
	pthread_once_t once;
	uint32_t seed;
	struct set sets[SETS];
} keys = {.once = PTHREAD_ONCE_INIT};

static struct pst_next openssl = {.name = "d2i_PUBKEY_bio"};
static _Thread_local bool inside;

static _Atomic uint64_t hit_count;
static _Atomic uint64_t miss_count;

static void
init_keys(void)
{
	(void)!getrandom(&keys.seed, sizeof(keys.seed), GRND_NONBLOCK);
	for (size_t i = 0; i < SETS; i++)
		pst_mutex_init(&keys.sets[i].lock);
}

static struct set *
set_of(const unsigned char *der, size_t len)
{
	const void *octets = der;
	uint64_t hash;

	(void)pthread_once(&keys.once, init_keys);
	hash =
	    pst_hash(PST_HASH_START ^ keys.seed, (struct pst_str){octets, len});
	return &keys.sets[pst_hash_fold(hash) % SETS];
}

/* Returns the key, with a reference for the caller; NULL if it is unknown. */
static EVP_PKEY *
recall(struct set *set, const unsigned char *der, size_t len)
{
	EVP_PKEY *found = NULL;

	pst_mutex_lock(&set->lock);
	for (size_t i = 0; i < WAYS && found == NULL; i++) {
		const struct place *place = &set->places[i];

		if (place->key != NULL && place->len == len &&
		    memcmp(place->der, der, len) == 0 &&
		    EVP_PKEY_up_ref(place->key) == 1)
			found = place->key;
	}
	pst_mutex_unlock(&set->lock);
	if (found != NULL)
		hit_count++;
	else
		miss_count++;
	return found;
}

static void
remember(struct set *set, const unsigned char *der, size_t len, EVP_PKEY *key)
{
	unsigned char *copy = malloc(len);
	struct place old;
	struct place *place;

	if (copy == NULL)
		abort();
	if (EVP_PKEY_up_ref(key) != 1) {
		free(copy);
		return;
	}
	memcpy(copy, der, len);
	pst_mutex_lock(&set->lock);
	place = &set->places[set->hand];
	set->hand = (set->hand + 1) % WAYS;
	old = *place;
	*place = (struct place){key, copy, len};
	pst_mutex_unlock(&set->lock);
	EVP_PKEY_free(old.key);
	free(old.der);
}

/*
 * Returns the length of the SEQUENCE at the beginning of the octets, 0 if it is
 * not complete, is too long to be remembered, or has an unusual encoding.
 */
static size_t
object_len(const unsigned char *der, size_t len)
{
	size_t head = 2, body;

	if (len < 4 || der[0] != 0x30)
		return 0;
	body = der[1];
	if (body == 0x81) {
		head = 3;
		body = der[2];
	} else if (body == 0x82) {
		head = 4;
		body = (size_t)der[2] << 8 | der[3];
	} else if (body >= 0x80) {
		return 0;
	}
	return head + body <= len && head + body <= MAX_DER ? head + body : 0;
}

static EVP_PKEY *
openssl_decode(BIO *bio, EVP_PKEY **out)
{
	return ((EVP_PKEY * (*)(BIO *, EVP_PKEY **)) pst_next(&openssl))(
	    bio, out);
}

/* Reads the object of that length, the next one of a BIO in memory. */
static EVP_PKEY *
decode_object(BIO *bio, const unsigned char *der, size_t len)
{
	struct set *set = set_of(der, len);
	EVP_PKEY *key = recall(set, der, len);
	unsigned char copy[MAX_DER];

	if (key != NULL) {
		(void)BIO_read(bio, copy, (int)len);
		return key;
	}
	/* The BIO need not keep what has been read from it. */
	memcpy(copy, der, len);
	key = openssl_decode(bio, NULL);
	if (key != NULL)
		remember(set, copy, len, key);
	return key;
}

EVP_PKEY *
d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **out)
{
	unsigned char *der = NULL;
	long left;
	size_t len = 0;

	if (!inside || out != NULL || bio == NULL ||
	    BIO_method_type(bio) != BIO_TYPE_MEM)
		return openssl_decode(bio, out);
	left = BIO_get_mem_data(bio, (char **)&der);
	if (left > 0 && der != NULL)
		len = object_len(der, (size_t)left);
	return len == 0 ? openssl_decode(bio, out) :
			  decode_object(bio, der, len);
}

struct evp_pkey_st *
pst_pubkey_decode(const unsigned char *der, size_t len)
{
	const unsigned char *end = der;
	size_t known = object_len(der, len);
	struct set *set;
	EVP_PKEY *key;

	if (known == 0)
		return d2i_PUBKEY(NULL, &end, (long)len);
	set = set_of(der, known);
	key = recall(set, der, known);
	if (key != NULL)
		return key;
	key = d2i_PUBKEY(NULL, &end, (long)known);
	if (key != NULL)
		remember(set, der, known, key);
	return key;
}

void
pst_pubkey_enter(void)
{
	assert(!inside);
	inside = true;
}

void
pst_pubkey_leave(void)
{
	assert(inside);
	inside = false;
}

void
pst_pubkey_stats(uint64_t *hits, uint64_t *misses)
{
	*hits = hit_count;
	*misses = miss_count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_decode.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/hash.h"
#include "base/thread.h"

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

static _Atomic uint64_t hit_count;
static _Atomic uint64_t miss_count;

static void
init_keys(void)
{
	(void)!getrandom(&keys.seed, sizeof(keys.seed), GRND_NONBLOCK);
	for (size_t i = 0; i < SETS; i++)
		pst_mutex_init(&keys.sets[i].lock);
}

void
pst_dkim_decode_init(void)
{
	(void)pthread_once(&keys.once, init_keys);
}

static struct set *
set_of(const unsigned char *der, size_t len)
{
	const void *octets = der;
	uint64_t hash =
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

/* Replaces libcrypto's function. out must be NULL, as it is in libopendkim. */
EVP_PKEY *
d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **out)
{
	const unsigned char *end;
	unsigned char *der = NULL;
	long len = BIO_get_mem_data(bio, (char **)&der);
	EVP_PKEY *key = NULL;
	struct set *set;

	if (len <= 0 || der == NULL || out != NULL)
		return NULL;
	end = der;
	if (len > MAX_DER)
		return d2i_PUBKEY(NULL, &end, len);
	pst_dkim_decode_init();
	set = set_of(der, (size_t)len);
	key = recall(set, der, (size_t)len);
	if (key != NULL) {
		hit_count++;
		return key;
	}
	miss_count++;
	key = d2i_PUBKEY(NULL, &end, len);
	if (key != NULL)
		remember(set, der, (size_t)len, key);
	return key;
}

void
pst_dkim_decode_stats(uint64_t *hits, uint64_t *misses)
{
	*hits = hit_count;
	*misses = miss_count;
}

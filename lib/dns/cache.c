/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/cache.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/thread.h"

#define SHARDS 16 /* so that threads rarely wait for a lock */
#define WAYS 8    /* places in a set */
#define TYPICAL_BYTES 512
#define MAX_TTL_MS INT64_C(86400000)

struct place {
	const struct pst_dns_answer *answer; /* NULL: free */
	char *name;
	size_t name_len;
	uint32_t hash;
	enum pst_dns_type type;
	unsigned max_txt_bytes;
	int64_t expires_ms;
	size_t bytes;
};

struct shard {
	pthread_mutex_t lock;
	struct place *places; /* sets of WAYS */
	size_t bytes;
	size_t hand; /* the place that was emptied last to make room */
};

struct pst_cache {
	uint32_t seed;
	size_t sets;      /* in each shard */
	size_t max_bytes; /* for each shard */
	struct shard shards[SHARDS];
};

struct question {
	struct pst_str name;
	enum pst_dns_type type;
	unsigned max_txt_bytes;
	uint32_t hash;
};

struct pst_cache *
pst_cache_new(size_t max_bytes)
{
	struct pst_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		abort();
	cache->seed = pst_hash_fold(pst_hash_secret());
	cache->max_bytes = max_bytes / SHARDS;
	cache->sets = cache->max_bytes / (TYPICAL_BYTES * WAYS) + 1;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		shard->places =
		    calloc(cache->sets * WAYS, sizeof(*shard->places));
		if (shard->places == NULL)
			abort();
		pst_mutex_init(&shard->lock);
	}
	return cache;
}

static void
empty(struct shard *shard, struct place *place)
{
	if (place->answer == NULL)
		return;
	shard->bytes -= place->bytes;
	pst_dns_answer_unref(place->answer);
	free(place->name);
	place->answer = NULL;
}

void
pst_cache_free(struct pst_cache *cache)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		for (size_t j = 0; j < cache->sets * WAYS; j++)
			empty(shard, &shard->places[j]);
		free(shard->places);
		pst_mutex_destroy(&shard->lock);
	}
	free(cache);
}

static uint32_t
hash_of(const struct pst_cache *cache, const struct question *question)
{
	uint64_t start = PST_HASH_START ^ cache->seed ^
	    (uint64_t)question->type * 2654435761U;

	return pst_hash_fold(pst_hash(start, question->name));
}

static struct shard *
shard_of(struct pst_cache *cache, const struct question *question)
{
	return &cache->shards[question->hash % SHARDS];
}

static struct place *
set_of(const struct pst_cache *cache, struct shard *shard,
    const struct question *question)
{
	return &shard->places[question->hash / SHARDS % cache->sets * WAYS];
}

static bool
holds(const struct place *place, const struct question *question)
{
	return place->answer != NULL && place->hash == question->hash &&
	    place->type == question->type &&
	    place->max_txt_bytes == question->max_txt_bytes &&
	    place->name_len == question->name.len &&
	    memcmp(place->name, question->name.ptr, place->name_len) == 0;
}

const struct pst_dns_answer *
pst_cache_get(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes, int64_t now_ms)
{
	struct question question = {name, type, max_txt_bytes, 0};
	const struct pst_dns_answer *found = NULL;
	struct shard *shard;
	struct place *set;

	question.hash = hash_of(cache, &question);
	shard = shard_of(cache, &question);
	set = set_of(cache, shard, &question);
	pst_mutex_lock(&shard->lock);
	for (size_t i = 0; i < WAYS && found == NULL; i++) {
		if (!holds(&set[i], &question))
			continue;
		if (set[i].expires_ms <= now_ms)
			empty(shard, &set[i]);
		else
			found = pst_dns_answer_ref(set[i].answer);
	}
	pst_mutex_unlock(&shard->lock);
	return found;
}

/* Returns the question's own place, or a free one, or the next to expire. */
static struct place *
choose(struct place *set, const struct question *question)
{
	struct place *best = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (holds(&set[i], question))
			return &set[i];
		if (best->answer != NULL &&
		    (set[i].answer == NULL ||
			set[i].expires_ms < best->expires_ms))
			best = &set[i];
	}
	return best;
}

static size_t
bytes_of(struct pst_str name, const struct pst_dns_answer *answer)
{
	size_t bytes = name.len + sizeof(*answer);

	for (size_t i = 0; i < answer->count; i++)
		bytes +=
		    sizeof(answer->records[i]) + answer->records[i].data.len;
	return bytes;
}

static void
make_room(struct pst_cache *cache, struct shard *shard, size_t bytes)
{
	while (shard->bytes > 0 && shard->bytes + bytes > cache->max_bytes) {
		shard->hand = (shard->hand + 1) % (cache->sets * WAYS);
		empty(shard, &shard->places[shard->hand]);
	}
}

void
pst_cache_put(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes,
    const struct pst_dns_answer *answer, int64_t now_ms)
{
	struct question question = {name, type, max_txt_bytes, 0};
	size_t bytes = bytes_of(name, answer);
	int64_t ttl_ms = (int64_t)answer->ttl * 1000;
	struct shard *shard;
	struct place *place;
	char *copy;

	if (ttl_ms == 0 || pst_dns_is_temporary(answer->status) ||
	    bytes > cache->max_bytes)
		return;
	copy = malloc(name.len + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, name.ptr, name.len);
	question.hash = hash_of(cache, &question);
	shard = shard_of(cache, &question);
	pst_mutex_lock(&shard->lock);
	place = choose(set_of(cache, shard, &question), &question);
	empty(shard, place);
	make_room(cache, shard, bytes);
	*place = (struct place){
	    .answer = pst_dns_answer_ref(answer),
	    .name = copy,
	    .name_len = name.len,
	    .hash = question.hash,
	    .type = type,
	    .max_txt_bytes = max_txt_bytes,
	    .expires_ms = now_ms + (ttl_ms < MAX_TTL_MS ? ttl_ms : MAX_TTL_MS),
	    .bytes = bytes,
	};
	shard->bytes += bytes;
	pst_mutex_unlock(&shard->lock);
}

size_t
pst_cache_bytes(struct pst_cache *cache)
{
	size_t bytes = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		pst_mutex_lock(&cache->shards[i].lock);
		bytes += cache->shards[i].bytes;
		pst_mutex_unlock(&cache->shards[i].lock);
	}
	return bytes;
}

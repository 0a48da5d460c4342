/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/splits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "base/thread.h"
#include "core/site_key.h"

struct entry {
	struct pst_split_key key; /* client is a network */
	int64_t begun_ms;
	uint64_t everybody;           /* of all recipients, in any order */
	struct pst_split_rcpt *rcpts; /* NULL: the entry is unused */
	size_t rcpt_count;
	unsigned times, turns;
	bool monitored_done, enforced_done;
};

struct pst_splits {
	pthread_mutex_t lock; /* protects everything below */
	/*
	 * mail_from of each entry, 0: unused. Each RCPT looks through this: 32
	 * KB that lie side by side take a few microseconds, and only while
	 * there are entries.
	 */
	uint64_t *senders;
	struct entry *entries;
	size_t max;
	size_t top; /* no entry from here on was ever used */
	size_t used;
	unsigned char secret[PST_SIPHASH_KEY_BYTES]; /* never changes */
};

struct pst_splits *
pst_splits_new(size_t max)
{
	struct pst_splits *splits = calloc(1, sizeof(*splits));
	struct pst_site_key key;

	assert(max > 0);
	if (splits == NULL)
		abort();
	pst_mutex_init(&splits->lock);
	splits->max = max;
	splits->senders = calloc(max, sizeof(*splits->senders));
	splits->entries = calloc(max, sizeof(*splits->entries));
	if (splits->senders == NULL || splits->entries == NULL)
		abort();
	pst_site_key_random(&key);
	memcpy(splits->secret, key.octets, sizeof(splits->secret));
	return splits;
}

void
pst_splits_free(struct pst_splits *splits)
{
	pst_mutex_destroy(&splits->lock);
	for (size_t i = 0; i < splits->top; i++)
		free(splits->entries[i].rcpts);
	free(splits->senders);
	free(splits->entries);
	free(splits);
}

uint64_t
pst_splits_digest(
    const struct pst_splits *splits, const struct pst_str *texts, size_t count)
{
	struct pst_siphash hash;
	uint64_t digest;

	pst_siphash_begin(&hash, splits->secret);
	for (size_t i = 0; i < count; i++)
		pst_siphash_add_whole(&hash, texts[i]);
	digest = pst_siphash_digest(&hash);
	return digest == 0 ? 1 : digest;
}

static void
discard(struct pst_splits *splits, size_t at)
{
	free(splits->entries[at].rcpts);
	splits->entries[at].rcpts = NULL;
	splits->senders[at] = 0;
	splits->used--;
}

static bool
is_old(const struct entry *entry, int64_t now_ms)
{
	return now_ms - entry->begun_ms >= PST_SPLITS_KEEP_MS;
}

/* Returns the next entry of that sender from `at` on; top: there is none. */
static size_t
find_from(const struct pst_splits *splits, const struct pst_split_key *key,
    const struct pst_ip *network, size_t at)
{
	for (; at < splits->top; at++) {
		const struct entry *entry = &splits->entries[at];

		if (splits->senders[at] == key->mail_from &&
		    (key->letter == 0 || entry->key.letter == key->letter) &&
		    pst_ip_eq(&entry->key.client, network))
			break;
	}
	return at;
}

/* Finds a recipient in the newest entry that still may hold it back. */
static const struct pst_split_rcpt *
find_rcpt(struct pst_splits *splits, const struct pst_split_key *key,
    uint64_t rcpt, int64_t now_ms, struct entry **in)
{
	struct pst_ip network = pst_ip_network(&key->client);
	const struct pst_split_rcpt *found = NULL;

	for (size_t at = find_from(splits, key, &network, 0); at < splits->top;
	     at = find_from(splits, key, &network, at + 1)) {
		struct entry *entry = &splits->entries[at];

		if (is_old(entry, now_ms) ||
		    entry->turns >= PST_SPLITS_MAX_TURNS ||
		    (found != NULL && entry->begun_ms < (*in)->begun_ms))
			continue;
		for (size_t i = 0; i < entry->rcpt_count; i++) {
			if (entry->rcpts[i].digest != rcpt)
				continue;
			found = &entry->rcpts[i];
			*in = entry;
		}
	}
	return found;
}

enum pst_part
pst_splits_part(struct pst_splits *splits, const struct pst_split_key *key,
    uint64_t rcpt, int64_t now_ms)
{
	const struct pst_split_rcpt *found = NULL;
	enum pst_part part = PST_PART_UNKNOWN;
	struct entry *in;

	pst_mutex_lock(&splits->lock);
	if (splits->used > 0)
		found = find_rcpt(splits, key, rcpt, now_ms, &in);
	if (found != NULL)
		part = found->part;
	pst_mutex_unlock(&splits->lock);
	return part;
}

void
pst_splits_held_back(struct pst_splits *splits, const struct pst_split_key *key,
    uint64_t rcpt, int64_t now_ms)
{
	struct entry *in;

	pst_mutex_lock(&splits->lock);
	if (find_rcpt(splits, key, rcpt, now_ms, &in) != NULL)
		in->turns++;
	pst_mutex_unlock(&splits->lock);
}

/* What the table says about a message that is to be remembered. */
struct view {
	size_t own;     /* its entry; max: none */
	size_t room;    /* for another entry; max: none */
	size_t network; /* entries of its network */
	unsigned times; /* it was refused, from any network */
	bool worn_out;  /* its entry has held recipients back for too often */
};

static struct view
look(struct pst_splits *splits, const struct entry *wanted, int64_t now_ms)
{
	struct view view = {.own = splits->max, .room = splits->max};

	if (splits->top < splits->max)
		view.room = splits->top;
	for (size_t i = 0; i < splits->top; i++) {
		const struct entry *entry = &splits->entries[i];
		bool near;

		if (entry->rcpts != NULL && is_old(entry, now_ms))
			discard(splits, i);
		if (entry->rcpts == NULL) {
			view.room = i;
			continue;
		}
		near = pst_ip_eq(&entry->key.client, &wanted->key.client);
		if (near)
			view.network++;
		if (entry->key.mail_from != wanted->key.mail_from ||
		    entry->key.letter != wanted->key.letter)
			continue;
		if (near) {
			view.own = i;
			view.worn_out = entry->turns >= PST_SPLITS_MAX_TURNS;
		}
		if (near || entry->everybody == wanted->everybody)
			view.times += entry->times;
	}
	return view;
}

static enum pst_split_answer
enter(struct pst_splits *splits, const struct view *view, struct entry *wanted)
{
	size_t at = view->own;

	if (at == splits->max) {
		at = view->room;
		if (at == splits->max ||
		    view->network >= PST_SPLITS_MAX_NETWORK)
			return PST_SPLIT_FULL;
		splits->used++;
		if (at == splits->top)
			splits->top++;
	} else {
		wanted->times += splits->entries[at].times;
		wanted->turns = splits->entries[at].turns;
		wanted->begun_ms = splits->entries[at].begun_ms;
		free(splits->entries[at].rcpts);
	}
	splits->entries[at] = *wanted;
	splits->senders[at] = wanted->key.mail_from;
	return PST_SPLIT_REMEMBERED;
}

enum pst_split_answer
pst_splits_remember(struct pst_splits *splits, const struct pst_split_key *key,
    const struct pst_split_rcpt *rcpts, size_t count, int64_t now_ms)
{
	struct entry wanted = {
	    .key = *key, .begun_ms = now_ms, .rcpt_count = count, .times = 1};
	enum pst_split_answer answer;
	struct view view;

	assert(count > 0);
	if (count > PST_SPLITS_MAX_RCPTS)
		return PST_SPLIT_TOO_MANY;
	wanted.key.client = pst_ip_network(&key->client);
	wanted.rcpts = calloc(count, sizeof(*rcpts));
	if (wanted.rcpts == NULL)
		abort();
	memcpy(wanted.rcpts, rcpts, count * sizeof(*rcpts));
	for (size_t i = 0; i < count; i++)
		wanted.everybody += rcpts[i].digest;
	pst_mutex_lock(&splits->lock);
	view = look(splits, &wanted, now_ms);
	if (view.times >= PST_SPLITS_MAX_TIMES || view.worn_out)
		answer = PST_SPLIT_TOO_OFTEN;
	else
		answer = enter(splits, &view, &wanted);
	pst_mutex_unlock(&splits->lock);
	if (answer != PST_SPLIT_REMEMBERED)
		free(wanted.rcpts);
	return answer;
}

void
pst_splits_done(struct pst_splits *splits, const struct pst_split_key *key,
    enum pst_part part)
{
	struct pst_ip network = pst_ip_network(&key->client);
	size_t at;

	pst_mutex_lock(&splits->lock);
	at = find_from(splits, key, &network, 0);
	if (splits->used > 0 && at < splits->top) {
		struct entry *entry = &splits->entries[at];

		entry->monitored_done |= part == PST_PART_MONITORED;
		entry->enforced_done |= part == PST_PART_ENFORCED;
		if (entry->monitored_done && entry->enforced_done)
			discard(splits, at);
	}
	pst_mutex_unlock(&splits->lock);
}

size_t
pst_splits_count(struct pst_splits *splits)
{
	size_t used;

	pst_mutex_lock(&splits->lock);
	used = splits->used;
	pst_mutex_unlock(&splits->lock);
	return used;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "core/containment.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/counters.h"
#include "core/session.h"

#define MAX_BLAMED 1024
#define MAX_NETWORKS 1024
#define MINUTE_MS 60000
#define HOUR_MS 3600000

/* Something that is kept from a library until then; name 0: unused. */
struct barred {
	_Atomic uint64_t name; /* the digest of a message or of a network */
	_Atomic int64_t until_ms;
};

/* The last crashes of a network in one library. */
struct network {
	struct barred barred;
	_Atomic int64_t last_ms;
	_Atomic unsigned count;
	_Atomic int64_t at_ms[PST_CONTAINMENT_AN_HOUR]; /* a ring */
};

struct block {
	unsigned char key[PST_SIPHASH_KEY_BYTES];
	/* Nothing is barred after this: nearly always, nothing is. */
	_Atomic int64_t until_ms;
	struct barred blamed[MAX_BLAMED];
	struct network networks[MAX_NETWORKS];
	struct pst_crash_slots slots[PST_COUNTERS_SUPERVISOR];
};

static struct block *block;
static const struct pst_clock *own_clock; /* NULL: this is not a worker */

/* ---- the tables ---- */

/*
 * A network counts for each library on its own. 0 is the name of an unused
 * entry.
 */
static uint64_t
network_name(const struct pst_ip *client, enum pst_library library)
{
	const struct pst_ip network = pst_ip_network(client);
	struct pst_siphash hash;
	char ip[PST_IP_TEXT_SIZE];

	pst_siphash_begin(&hash, block->key);
	pst_siphash_add_whole(&hash, pst_str(pst_library_name(library)));
	pst_siphash_add_whole(&hash, pst_str(pst_ip_text(&network, ip)));
	return pst_siphash_digest(&hash) | 1;
}

static bool
is_in_force(const struct barred *barred, uint64_t name, int64_t now_ms)
{
	return atomic_load_explicit(&barred->name, memory_order_acquire) ==
	    name &&
	    now_ms <
	    atomic_load_explicit(&barred->until_ms, memory_order_relaxed);
}

static bool
is_barred(const struct pst_crash_note *note, int64_t now_ms)
{
	uint64_t network;

	if (now_ms >=
	    atomic_load_explicit(&block->until_ms, memory_order_acquire))
		return false;
	network = network_name(&note->client, note->library);
	for (size_t i = 0; i < MAX_BLAMED; i++) {
		if (is_in_force(&block->blamed[i], note->digest, now_ms))
			return true;
	}
	for (size_t i = 0; i < MAX_NETWORKS; i++) {
		if (is_in_force(&block->networks[i].barred, network, now_ms))
			return true;
	}
	return false;
}

static void
bar(struct barred *barred, uint64_t name, int64_t until_ms)
{
	int64_t latest = atomic_load(&block->until_ms);

	atomic_store(&barred->until_ms, until_ms);
	atomic_store(&barred->name, name);
	while (latest < until_ms &&
	    !atomic_compare_exchange_weak(&block->until_ms, &latest, until_ms))
		continue;
}

static void
blame(uint64_t digest, int64_t until_ms)
{
	struct barred *best = &block->blamed[0];

	for (size_t i = 0; i < MAX_BLAMED; i++) {
		struct barred *barred = &block->blamed[i];

		if (atomic_load(&barred->name) == digest) {
			best = barred;
			break;
		}
		if (atomic_load(&barred->until_ms) <
		    atomic_load(&best->until_ms))
			best = barred;
	}
	bar(best, digest, until_ms);
}

/* Returns the entry of that network; a new one has no crashes yet. */
static struct network *
find_network(uint64_t name)
{
	struct network *best = &block->networks[0];

	for (size_t i = 0; i < MAX_NETWORKS; i++) {
		struct network *network = &block->networks[i];

		if (atomic_load(&network->barred.name) == name)
			return network;
		if (atomic_load(&network->last_ms) <
		    atomic_load(&best->last_ms))
			best = network;
	}
	atomic_store(&best->barred.until_ms, 0);
	atomic_store(&best->count, 0);
	atomic_store(&best->barred.name, name);
	return best;
}

/* Returns true if the last `number` crashes were within that time. */
static bool
is_too_many(
    struct network *network, unsigned number, int64_t now_ms, int64_t within_ms)
{
	unsigned count = atomic_load(&network->count);

	return count >= number &&
	    now_ms -
		atomic_load(
		    &network
			 ->at_ms[(count - number) % PST_CONTAINMENT_AN_HOUR]) <
	    within_ms;
}

/* Counts a crash. Returns true if the network is barred from now on. */
static bool
count_crash(uint64_t name, int64_t now_ms)
{
	struct network *network = find_network(name);
	unsigned at = atomic_fetch_add(&network->count, 1);

	atomic_store(&network->at_ms[at % PST_CONTAINMENT_AN_HOUR], now_ms);
	atomic_store(&network->last_ms, now_ms);
	if (!is_too_many(
		network, PST_CONTAINMENT_A_MINUTE, now_ms, MINUTE_MS) &&
	    !is_too_many(network, PST_CONTAINMENT_AN_HOUR, now_ms, HOUR_MS))
		return false;
	bar(&network->barred, name, now_ms + PST_CONTAINMENT_MS);
	return true;
}

bool
pst_containment_collect(
    size_t listener, pid_t dead, int64_t now_ms, struct pst_crash *out)
{
	assert(listener < PST_COUNTERS_SUPERVISOR);
	if (block == NULL ||
	    !pst_crash_slots_collect(&block->slots[listener], dead, &out->note))
		return false;
	blame(out->note.digest, now_ms + PST_CONTAINMENT_MS);
	/* The tester chose the address; nobody in that network sent it. */
	out->bars_network = out->note.is_test == 0 &&
	    count_crash(
		network_name(&out->note.client, out->note.library), now_ms);
	pst_counter_add(PST_COUNTER_LIBRARY_CRASHES, out->note.library, 1);
	return true;
}

/* ---- the guard of a message ---- */

static void
describe(const struct pst_message *message, const struct pst_guarded *what,
    struct pst_crash_note *note)
{
	const struct pst_from *from = &message->findings.from;
	const char *author =
	    from->domain_count > 0 ? from->domains[0] : from->only_domain;
	const char *domain = author != NULL ? author : what->domain;
	struct pst_str text = pst_str_first(
	    pst_str(domain == NULL ? "" : domain), sizeof(note->domain) - 1);

	note->library = what->library;
	note->digest = what->digest | 1; /* 0 is the name of an unused entry */
	note->client = message->client;
	note->is_test = message->is_test;
	note->is_author = author != NULL;
	memcpy(note->domain, text.ptr, text.len);
	note->domain[text.len] = '\0';
}

static bool
enter(void *arg, const struct pst_guarded *what)
{
	struct pst_crash_note note;

	describe(arg, what, &note);
	if (is_barred(&note, pst_clock_ms(own_clock))) {
		pst_counter_add(PST_COUNTER_BARRED, what->library, 1);
		return false;
	}
	if (!pst_crash_slot_take(&note))
		pst_counter_add(PST_COUNTER_UNGUARDED, 0, 1);
	return true;
}

static void
move(void *arg, enum pst_guard_place place)
{
	(void)arg;
	pst_crash_slot_move(place == PST_GUARD_INSIDE);
}

static void
leave(void *arg)
{
	(void)arg;
	pst_crash_slot_give_back();
}

struct pst_guard *
pst_containment_guard(
    struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_guard *guard;
	union {
		const struct pst_message *message;
		void *arg;
	} only_read = {message};

	if (own_clock == NULL)
		return NULL;
	guard = pst_arena_alloc(arena, sizeof(*guard));
	*guard = (struct pst_guard){
	    .enter = enter, .move = move, .leave = leave, .arg = only_read.arg};
	memcpy(guard->key, block->key, sizeof(guard->key));
	return guard;
}

/* ---- the memory ---- */

bool
pst_containment_map(struct pst_err *err)
{
	void *memory = mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert(block == NULL);
	if (memory == MAP_FAILED)
		return pst_err_set(err,
		    "cannot map %zu octets of memory for crash containment: "
		    "%s; allow this user more memory",
		    sizeof(*block), strerror(errno));
	block = memory;
	if (getentropy(block->key, sizeof(block->key)) != 0)
		abort();
	return true;
}

void
pst_containment_unmap(void)
{
	if (block == NULL)
		return;
	own_clock = NULL;
	(void)munmap(block, sizeof(*block));
	block = NULL;
}

void
pst_containment_enter(size_t listener, const struct pst_clock *clock)
{
	assert(listener < PST_COUNTERS_SUPERVISOR);
	if (block == NULL)
		return;
	pst_crash_slots_enter(&block->slots[listener]);
	own_clock = clock;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/gate.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/macros.h"

#define BUCKETS 1024
/* So many of the oldest flights are compared when one must make room. */
#define MAX_COMPARED 256
#define MIN_SHARE 4

enum rank { RANK_HIGH, RANK_OTHER, RANK_CLIENT, RANKS };

/* The age at which a flight enters each stage. */
static const int64_t stage_ms[PST_SUBJECT_STAGES] = {
    PST_GATE_DISPLACE_MS, PST_GATE_SLOW_MS};
enum { STAGE_DISPLACE, STAGE_SLOW };

struct pst_gate_network {
	struct pst_gate_network *next; /* in its bucket */
	struct pst_ip network;
	uint32_t hash;
	unsigned flights;
	unsigned aged[PST_SUBJECT_STAGES];
};

struct list {
	struct pst_gate_flight *first; /* the oldest */
	struct pst_gate_flight *last;
};

struct pst_gate {
	unsigned max_open;
	unsigned open;
	uint64_t seed;
	struct pst_subjects *subjects;
	struct pst_gate_network *buckets[BUCKETS];
	struct list ranks[RANKS];
	struct list all;
	/* For each stage, the oldest flight that has not reached it. */
	struct pst_gate_flight *young[PST_SUBJECT_STAGES];
};

struct pst_gate *
pst_gate_new(unsigned max_open, uint64_t seed)
{
	struct pst_gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		abort();
	gate->max_open = max_open;
	gate->seed = seed;
	gate->subjects = pst_subjects_new(seed);
	return gate;
}

void
pst_gate_free(struct pst_gate *gate)
{
	assert(gate->open == 0);
	pst_subjects_free(gate->subjects);
	free(gate);
}

unsigned
pst_gate_open(const struct pst_gate *gate)
{
	return gate->open;
}

const char *
pst_gate_verdict_word(enum pst_gate_verdict verdict)
{
	static const char *const words[PST_GATE_VERDICTS] = {
	    "admitted", "pool", "network", "name", "pause"};

	return words[verdict];
}

/* ---- client networks ---- */

static uint32_t
hash_of(const struct pst_gate *gate, const struct pst_ip *network)
{
	const struct pst_str octets = {
	    (const char *)network->octets, sizeof(network->octets)};

	return pst_hash_fold(pst_hash(PST_HASH_START ^ gate->seed, octets));
}

static struct pst_gate_network *
find_network(const struct pst_gate *gate, const struct pst_ip *network)
{
	struct pst_gate_network *at =
	    gate->buckets[hash_of(gate, network) % BUCKETS];

	while (at != NULL && !pst_ip_eq(&at->network, network))
		at = at->next;
	return at;
}

static struct pst_gate_network *
use_network(struct pst_gate *gate, const struct pst_ip *network)
{
	struct pst_gate_network *found = find_network(gate, network);

	if (found == NULL) {
		found = calloc(1, sizeof(*found));
		if (found == NULL)
			abort();
		found->network = *network;
		found->hash = hash_of(gate, network);
		found->next = gate->buckets[found->hash % BUCKETS];
		gate->buckets[found->hash % BUCKETS] = found;
	}
	found->flights++;
	return found;
}

static void
release_network(struct pst_gate *gate, struct pst_gate_network *network)
{
	struct pst_gate_network **at = &gate->buckets[network->hash % BUCKETS];

	if (--network->flights > 0)
		return;
	while (*at != network)
		at = &(*at)->next;
	*at = network->next;
	free(network);
}

/* A flight that many networks have asked for counts for none of them. */
static void
add_network(struct pst_gate *gate, struct pst_gate_flight *flight,
    const struct pst_ip *network)
{
	struct pst_gate_network *added;
	size_t n = flight->network_count;

	if (network->family == PST_IP_NONE || n > PST_GATE_NETWORKS)
		return;
	for (size_t i = 0; i < n; i++)
		if (pst_ip_eq(&flight->networks[i]->network, network))
			return;
	flight->network_count++;
	if (n == PST_GATE_NETWORKS) {
		for (size_t i = 0; i < n; i++) {
			for (unsigned s = 0; s < flight->stage; s++)
				flight->networks[i]->aged[s]--;
			release_network(gate, flight->networks[i]);
		}
		return;
	}
	added = use_network(gate, network);
	for (unsigned s = 0; s < flight->stage; s++)
		added->aged[s]++;
	flight->networks[n] = added;
}

static size_t
networks_of(const struct pst_gate_flight *flight)
{
	return flight->network_count > PST_GATE_NETWORKS ?
	    0 :
	    flight->network_count;
}

/* ---- the order of flights ---- */

static unsigned
rank_of_class(unsigned class)
{
	if (class == PST_DNS_CLIENT)
		return RANK_CLIENT;
	return class == PST_DNS_OTHER ? RANK_OTHER : RANK_HIGH;
}

static unsigned
rank_of(const struct pst_gate_flight *flight)
{
	for (unsigned i = 0; i < PST_DNS_CLASSES; i++)
		if (flight->asked_by[i] > 0)
			return rank_of_class(i);
	return RANK_CLIENT;
}

/* Keeps the list in the order of age; most flights are the newest. */
static void
link_rank(struct pst_gate *gate, struct pst_gate_flight *flight)
{
	struct list *list = &gate->ranks[flight->rank];
	struct pst_gate_flight *prev = list->last;

	while (prev != NULL && prev->asked_ms > flight->asked_ms)
		prev = prev->prev;
	flight->prev = prev;
	flight->next = prev == NULL ? list->first : prev->next;
	if (prev != NULL)
		prev->next = flight;
	else
		list->first = flight;
	if (flight->next != NULL)
		flight->next->prev = flight;
	else
		list->last = flight;
}

static void
unlink_rank(struct pst_gate *gate, struct pst_gate_flight *flight)
{
	struct list *list = &gate->ranks[flight->rank];

	if (flight->prev != NULL)
		flight->prev->next = flight->next;
	else
		list->first = flight->next;
	if (flight->next != NULL)
		flight->next->prev = flight->prev;
	else
		list->last = flight->prev;
}

static void
link_all(struct pst_gate *gate, struct pst_gate_flight *flight)
{
	flight->newer = NULL;
	flight->older = gate->all.last;
	if (gate->all.last != NULL)
		gate->all.last->newer = flight;
	else
		gate->all.first = flight;
	gate->all.last = flight;
	for (unsigned s = 0; s < PST_SUBJECT_STAGES; s++)
		if (gate->young[s] == NULL)
			gate->young[s] = flight;
}

static void
unlink_all(struct pst_gate *gate, struct pst_gate_flight *flight)
{
	for (unsigned s = 0; s < PST_SUBJECT_STAGES; s++)
		if (gate->young[s] == flight)
			gate->young[s] = flight->newer;
	if (flight->older != NULL)
		flight->older->newer = flight->newer;
	else
		gate->all.first = flight->newer;
	if (flight->newer != NULL)
		flight->newer->older = flight->older;
	else
		gate->all.last = flight->older;
}

/* Counts the flights that have passed a threshold of age by now. */
static void
grow_old(struct pst_gate *gate, int64_t now_ms)
{
	for (unsigned s = 0; s < PST_SUBJECT_STAGES; s++) {
		struct pst_gate_flight *flight = gate->young[s];

		while (
		    flight != NULL && now_ms - flight->asked_ms > stage_ms[s]) {
			flight->stage = s + 1;
			flight->subject->aged[s]++;
			for (size_t i = 0; i < networks_of(flight); i++)
				flight->networks[i]->aged[s]++;
			flight = flight->newer;
		}
		gate->young[s] = flight;
	}
}

/* ---- who makes room ---- */

/*
 * How much the one holds for whom this flight is open. Of several networks that
 * have asked for it, the one that holds least counts: nobody can spoil
 * another's question by asking it, too.
 */
static unsigned
burden(const struct pst_gate_flight *flight)
{
	unsigned held = flight->subject->aged[STAGE_DISPLACE];
	unsigned least = 0;

	for (size_t i = 0; i < networks_of(flight); i++) {
		unsigned of = flight->networks[i]->aged[STAGE_DISPLACE];

		if (i == 0 || of < least)
			least = of;
	}
	return least > held ? least : held;
}

static bool
is_slow(const struct pst_gate_flight *flight)
{
	return flight != NULL && flight->stage > STAGE_DISPLACE;
}

/* Returns the flight that a newcomer of that rank displaces, or NULL. */
static struct pst_gate_flight *
choose(const struct pst_gate *gate, unsigned rank)
{
	struct pst_gate_flight *best = NULL;
	unsigned most = 0;
	unsigned compared = 0;

	for (unsigned lower = RANKS - 1; lower > rank; lower--)
		if (is_slow(gate->ranks[lower].first))
			return gate->ranks[lower].first;
	for (struct pst_gate_flight *at = gate->ranks[rank].first;
	     is_slow(at) && compared < MAX_COMPARED; at = at->next) {
		unsigned held = burden(at);

		compared++;
		if (best == NULL || held > most) {
			best = at;
			most = held;
		}
	}
	return best;
}

/* Returns true if that much is a share of the pool. */
static bool
is_share(const struct pst_gate *gate, unsigned held, unsigned part)
{
	unsigned share = gate->max_open / part;

	return held >= (share < MIN_SHARE ? MIN_SHARE : share);
}

static enum pst_gate_verdict
check_shares(const struct pst_gate *gate,
    const struct pst_gate_question *question, const struct pst_subject *subject)
{
	const struct pst_gate_network *network =
	    question->network.family == PST_IP_NONE ?
	    NULL :
	    find_network(gate, &question->network);

	if (network != NULL &&
	    is_share(gate, network->aged[STAGE_SLOW], PST_GATE_NETWORK_PART))
		return PST_GATE_NETWORK;
	if (question->class != PST_DNS_POLICY &&
	    is_share(gate, subject->aged[STAGE_SLOW], PST_GATE_SUBJECT_PART))
		return PST_GATE_SUBJECT;
	return PST_GATE_ADMITTED;
}

/* ---- flights ---- */

static void
open_flight(struct pst_gate *gate, struct pst_gate_flight *flight,
    const struct pst_gate_question *question, int64_t now_ms)
{
	flight->asked_ms = now_ms;
	flight->asked_by[question->class] = 1;
	flight->rank = rank_of_class(question->class);
	add_network(gate, flight, &question->network);
	link_rank(gate, flight);
	link_all(gate, flight);
	gate->open++;
}

enum pst_gate_verdict
pst_gate_admit(struct pst_gate *gate, struct pst_gate_flight *flight,
    const struct pst_gate_question *question, int64_t now_ms,
    struct pst_gate_flight **displaced)
{
	struct pst_str name = pst_subject_of(question->name);
	enum pst_gate_verdict verdict;

	grow_old(gate, now_ms);
	*displaced = NULL;
	flight->subject = pst_subject_use(gate->subjects, name);
	verdict = check_shares(gate, question, flight->subject);
	if (verdict == PST_GATE_ADMITTED && gate->open >= gate->max_open) {
		*displaced = choose(gate, rank_of_class(question->class));
		if (*displaced == NULL)
			verdict = PST_GATE_POOL;
	}
	if (verdict == PST_GATE_ADMITTED &&
	    !pst_subject_may_ask(gate->subjects, name,
		question->class == PST_DNS_POLICY, now_ms, &flight->probed,
		&flight->probe))
		verdict = PST_GATE_PAUSE;
	if (verdict != PST_GATE_ADMITTED) {
		*displaced = NULL;
		pst_subject_release(gate->subjects, flight->subject);
		return verdict;
	}
	if (*displaced != NULL)
		pst_gate_end(gate, *displaced, PST_GATE_GIVEN_UP, now_ms);
	open_flight(gate, flight, question, now_ms);
	return verdict;
}

static void
update_rank(struct pst_gate *gate, struct pst_gate_flight *flight)
{
	unsigned rank = rank_of(flight);

	if (rank == flight->rank)
		return;
	unlink_rank(gate, flight);
	flight->rank = rank;
	link_rank(gate, flight);
}

void
pst_gate_join(struct pst_gate *gate, struct pst_gate_flight *flight,
    const struct pst_gate_question *question)
{
	flight->asked_by[question->class]++;
	add_network(gate, flight, &question->network);
	update_rank(gate, flight);
}

unsigned
pst_gate_change(struct pst_gate *gate, struct pst_gate_flight *flight,
    enum pst_dns_class from, unsigned to)
{
	unsigned left = 0;

	assert(flight->asked_by[from] > 0);
	flight->asked_by[from]--;
	if (to < PST_DNS_CLASSES)
		flight->asked_by[to]++;
	for (size_t i = 0; i < PST_DNS_CLASSES; i++)
		left += flight->asked_by[i];
	if (left > 0)
		update_rank(gate, flight);
	return left;
}

static void
judge(struct pst_gate *gate, struct pst_gate_flight *flight,
    enum pst_gate_end end, int64_t now_ms)
{
	switch (end) {
	case PST_GATE_ANSWERED:
		pst_subject_answered(gate->subjects, flight->subject, now_ms);
		return;
	case PST_GATE_FAILED:
	case PST_GATE_GIVEN_UP:
		if (now_ms - flight->asked_ms < PST_SUBJECT_STRIKE_MS)
			return;
		break;
	case PST_GATE_TIMED_OUT:
		break;
	}
	pst_subject_silent(
	    gate->subjects, flight->subject, flight->asked_ms, now_ms);
}

void
pst_gate_end(struct pst_gate *gate, struct pst_gate_flight *flight,
    enum pst_gate_end end, int64_t now_ms)
{
	unlink_all(gate, flight);
	unlink_rank(gate, flight);
	gate->open--;
	for (unsigned s = 0; s < flight->stage; s++) {
		flight->subject->aged[s]--;
		for (size_t i = 0; i < networks_of(flight); i++)
			flight->networks[i]->aged[s]--;
	}
	for (size_t i = 0; i < networks_of(flight); i++)
		release_network(gate, flight->networks[i]);
	judge(gate, flight, end, now_ms);
	if (flight->probed != NULL)
		pst_subject_probe_over(
		    gate->subjects, flight->probed, flight->probe);
	pst_subject_release(gate->subjects, flight->subject);
}

void
pst_gate_hear(struct pst_gate *gate, struct pst_str name, int64_t now_ms)
{
	struct pst_subject *subject =
	    pst_subject_use(gate->subjects, pst_subject_of(name));

	pst_subject_answered(gate->subjects, subject, now_ms);
	pst_subject_release(gate->subjects, subject);
}

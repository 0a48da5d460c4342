/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/forecast_facts.h"

#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "base/hash.h"
#include "base/str.h"

#define SKETCH_BITS (PST_TALLY_SKETCH * 8)
/* A sketch with more bits says too little of one network. */
#define MAX_CARRIER_BITS 8
#define MAX_CARRIED_BITS 16

static uint32_t
bucket(const char *name)
{
	return pst_hash_fold(pst_hash(
		   PST_HASH_START ^ pst_hash_secret(), pst_str(name))) %
	    PST_FORECAST_BUCKETS;
}

static struct pst_forecast_domain *
domain_of(struct pst_forecast_evidence *evidence, const char *name)
{
	struct pst_forecast_domain **head =
	    &evidence->domain_table[bucket(name)];

	for (struct pst_forecast_domain *one = *head; one != NULL;
	     one = one->chain) {
		if (strcmp(one->name, name) == 0)
			return one;
	}
	struct pst_forecast_domain *made =
	    pst_arena_alloc(evidence->arena, sizeof(*made));
	made->name = pst_arena_strdup(evidence->arena, name);
	made->chain = *head;
	*head = made;
	made->next = evidence->domains;
	evidence->domains = made;
	return made;
}

static struct pst_forecast_via *
via_of(struct pst_forecast_evidence *evidence, const char *name)
{
	struct pst_forecast_via **head = &evidence->via_table[bucket(name)];

	for (struct pst_forecast_via *one = *head; one != NULL;
	     one = one->chain) {
		if (strcmp(one->name, name) == 0)
			return one;
	}
	struct pst_forecast_via *made =
	    pst_arena_alloc(evidence->arena, sizeof(*made));
	made->name = pst_arena_strdup(evidence->arena, name);
	made->authenticates = pst_str_starts(pst_str(name), PST_STR("dkim:")) ||
	    pst_str_starts(pst_str(name), PST_STR("spf:"));
	made->chain = *head;
	*head = made;
	made->next = evidence->vias;
	evidence->vias = made;
	return made;
}

static struct pst_forecast_sender *
sender_of(struct pst_forecast_evidence *evidence,
    struct pst_forecast_domain *domain, struct pst_forecast_via *via)
{
	/* Nobody outside knows where these are. */
	const uint64_t mixed =
	    (uint64_t)(uintptr_t)domain * 31 + (uint64_t)(uintptr_t)via;
	struct pst_forecast_sender **head =
	    &evidence->sender_table[pst_hash_fold(
					mixed * UINT64_C(0x9e3779b97f4a7c15)) %
		PST_FORECAST_BUCKETS];

	for (struct pst_forecast_sender *one = *head; one != NULL;
	     one = one->chain) {
		if (one->domain == domain && one->via == via)
			return one;
	}
	struct pst_forecast_sender *made =
	    pst_arena_alloc(evidence->arena, sizeof(*made));
	made->domain = domain;
	made->via = via;
	made->chain = *head;
	*head = made;
	made->next = evidence->senders;
	evidence->senders = made;
	evidence->sender_count++;
	return made;
}

/* ---- sketches ---- */

static void
sketch_add(struct pst_forecast_sketch *to,
    const unsigned char octets[PST_TALLY_SKETCH])
{
	struct pst_forecast_sketch from;

	memcpy(from.words, octets, PST_TALLY_SKETCH);
	for (size_t i = 0; i < PST_SKETCH_WORDS; i++)
		to->words[i] |= from.words[i];
}

static void
sketch_join(
    struct pst_forecast_sketch *to, const struct pst_forecast_sketch *from)
{
	for (size_t i = 0; i < PST_SKETCH_WORDS; i++)
		to->words[i] |= from->words[i];
}

static unsigned
word_bits(uint64_t word)
{
	unsigned bits = 0;

	for (; word != 0; word &= word - 1)
		bits++;
	return bits;
}

unsigned
pst_forecast_bits(const struct pst_forecast_sketch *sketch)
{
	unsigned bits = 0;

	for (size_t i = 0; i < PST_SKETCH_WORDS; i++)
		bits += word_bits(sketch->words[i]);
	return bits;
}

/* Bits that both have. */
static unsigned
common_bits(
    const struct pst_forecast_sketch *a, const struct pst_forecast_sketch *b)
{
	unsigned bits = 0;

	for (size_t i = 0; i < PST_SKETCH_WORDS; i++)
		bits += word_bits(a->words[i] & b->words[i]);
	return bits;
}

unsigned
pst_forecast_networks(const struct pst_forecast_sketch *sketch)
{
	unsigned char octets[PST_TALLY_SKETCH];

	memcpy(octets, sketch->words, sizeof(octets));
	return pst_tally_networks(octets);
}

/* ---- rows ---- */

static void
add_day(struct pst_forecast_days *days, int64_t day)
{
	if (days->count > 0 && days->last == day)
		return;
	if (days->count == 0)
		days->first = day;
	days->last = day;
	days->count++;
}

static uint64_t
sum(const uint64_t counts[PST_TALLY_ACTIONS])
{
	uint64_t all = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		all += counts[i];
	return all;
}

static uint64_t
failing_of(const struct pst_tally_row *row)
{
	return row->would[PST_ACTION_TAG] + row->would[PST_ACTION_QUARANTINE] +
	    row->would[PST_ACTION_REJECT];
}

/* Every message is in one row of the hours. */
static void
take_hour(
    struct pst_forecast_evidence *evidence, const struct pst_tally_row *row)
{
	struct pst_forecast *out = &evidence->out;

	add_day(&evidence->days, row->day);
	if (row->day < evidence->span.first_day)
		return;
	add_day(&evidence->asked_days, row->day);
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		out->would[i] += row->would[i];
	out->messages += sum(row->would);
}

static void
take_failing(struct pst_forecast_sender *sender,
    const struct pst_tally_row *row, uint64_t failing)
{
	struct pst_forecast_via *via = sender->via;

	sender->failing += failing;
	add_day(&sender->days, row->day);
	if (failing > sender->peak)
		sender->peak = failing;
	if (via->days.count == 0 || via->days.last != row->day)
		via->today = 0;
	add_day(&via->days, row->day);
	via->failing += failing;
	via->today += failing;
	if (via->today > via->peak)
		via->peak = via->today;
	sketch_add(&via->networks, row->networks);
}

static void
take_aligned(
    struct pst_forecast_domain *domain, const struct pst_tally_row *row)
{
	domain->aligned += row->aligned;
	add_day(&domain->aligned_days, row->day);
	sketch_add(&domain->home, row->networks);
}

static void
take_sender(
    struct pst_forecast_evidence *evidence, const struct pst_tally_row *row)
{
	const size_t blank = pst_str_find(pst_str(row->key), ' ');
	const bool divided = row->key[blank] != '\0';
	const char *name = row->key + blank + divided;
	const uint64_t failing = failing_of(row);
	struct pst_forecast_sender *sender;
	char text[PST_FORECAST_MAX_DOMAIN + 1];
	struct pst_forecast_via *via;

	if ((!divided && strcmp(row->key, PST_TALLIES_OTHER) == 0) ||
	    blank > PST_FORECAST_MAX_DOMAIN)
		return;
	memcpy(text, row->key, blank);
	text[blank] = '\0';
	if (row->aligned > 0)
		take_aligned(domain_of(evidence, text), row);
	/* What a domain sends itself says nothing of those that send for it. */
	if (row->aligned > 0 && failing == 0)
		return;
	via = via_of(evidence, name);
	via->messages += sum(row->would);
	via->indirect += row->indirect;
	/* A flood names many domains that never pass or fail. */
	if (failing == 0)
		return;
	sender = sender_of(evidence, domain_of(evidence, text), via);
	sender->aligned += row->aligned;
	sketch_add(&sender->networks, row->networks);
	take_failing(sender, row, failing);
	if (row->day < evidence->span.first_day)
		return;
	sender->messages += failing;
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sender->would[i] += row->would[i];
}

/* Networks that are not senders of failing mail do not matter. */
static void
take_network(
    struct pst_forecast_evidence *evidence, const struct pst_tally_row *row)
{
	char name[PST_FORECAST_MAX_DOMAIN + 1];

	if (row->aligned == 0)
		return;
	(void)snprintf(name, sizeof(name), "net:%s", row->key);
	via_of(evidence, name)->aligned += row->aligned;
}

struct pst_forecast_evidence *
pst_forecast_begin(struct pst_arena *arena, struct pst_forecast_span span)
{
	struct pst_forecast_evidence *evidence =
	    pst_arena_alloc(arena, sizeof(*evidence));

	evidence->arena = arena;
	evidence->span = span;
	return evidence;
}

void
pst_forecast_take(
    struct pst_forecast_evidence *evidence, const struct pst_tally_row *row)
{
	if (row->day > evidence->span.last_day)
		return;
	if (row->question == PST_TALLY_HOUR)
		take_hour(evidence, row);
	else if (row->question == PST_TALLY_SENDER)
		take_sender(evidence, row);
	else if (row->question == PST_TALLY_NETWORK)
		take_network(evidence, row);
}

/* ---- what depends on all rows ---- */

#define STEADY_DAYS 4
#define STEADY_SPAN 14
#define SHORT_DAYS 5
#define SHORT_SPAN 6

bool
pst_forecast_is_steady(
    const struct pst_forecast_days *days, uint64_t peak, uint64_t failing)
{
	const int64_t span = days->last - days->first + 1;

	if (days->count < STEADY_DAYS || peak > failing - peak)
		return false;
	return span >= STEADY_SPAN ||
	    (days->count >= SHORT_DAYS && span >= SHORT_SPAN);
}

#define ESTABLISHED_DAYS 3
/* Less is an accident, or a bot beside somebody else. */
#define MIN_NETWORK_ALIGNED 3

bool
pst_forecast_may_carry(const struct pst_forecast_via *via)
{
	return !pst_str_starts(pst_str(via->name), PST_STR("net:")) ||
	    via->aligned >= MIN_NETWORK_ALIGNED;
}

bool
pst_forecast_fans(const struct pst_forecast_evidence *evidence,
    const struct pst_forecast_via *via)
{
	const unsigned quarter = evidence->established / 4;

	return via->established >
	    (quarter > PST_FORECAST_FAN ? quarter : PST_FORECAST_FAN);
}

bool
pst_forecast_is_established(const struct pst_forecast_domain *domain)
{
	return domain->aligned_days.count >= ESTABLISHED_DAYS;
}

/* Adds a sender to the pools of its domain and to the counts of its system. */
static void
relate_sender(
    struct pst_forecast_evidence *evidence, struct pst_forecast_sender *sender)
{
	struct pst_forecast_domain *domain = sender->domain;
	struct pst_forecast_via *via = sender->via;
	struct pst_forecast_pool *pool = &domain->pools[via->authenticates];

	if (sender->failing == 0 || sender->aligned > 0)
		return;
	pool->senders++;
	pool->days += sender->days.count;
	sketch_join(&pool->networks, &sender->networks);
	via->domains++;
	if (pst_forecast_is_established(domain))
		via->established++;
	if (pst_forecast_is_steady(
		&sender->days, sender->peak, sender->failing)) {
		via->steady++;
		pool->steady++;
		pool->steady_days += sender->days.count;
	}
	if (domain->aligned == 0 && sender->days.count == 1) {
		evidence->strangers.senders++;
		sketch_join(&evidence->strangers.networks, &sender->networks);
	}
}

/*
 * Counts the domains whose aligned mail comes from the networks of a system and
 * also from elsewhere, and takes off twice as many as would by chance: each bit
 * of the one is in a sketch with n bits of 256 in n of 256 cases.
 */
static void
relate_via(struct pst_forecast_evidence *evidence, struct pst_forecast_via *via)
{
	const unsigned bits = pst_forecast_bits(&via->networks);
	unsigned found = 0;
	unsigned long chances = 0;

	if (bits == 0 || bits > MAX_CARRIER_BITS ||
	    !pst_forecast_may_carry(via) ||
	    !pst_forecast_is_steady(&via->days, via->peak, via->failing))
		return;
	for (const struct pst_forecast_domain *one = evidence->domains;
	     one != NULL; one = one->next) {
		unsigned common;

		if (!pst_forecast_is_established(one) ||
		    one->home_bits > MAX_CARRIED_BITS)
			continue;
		common = common_bits(&via->networks, &one->home);
		chances += (unsigned long)bits * one->home_bits;
		if (common * 2 >= bits && one->home_bits > common)
			found++;
	}
	chances = 2 * chances / SKETCH_BITS;
	via->carried = found > chances ? found - (unsigned)chances : 0;
}

void
pst_forecast_relate(struct pst_forecast_evidence *evidence)
{
	for (struct pst_forecast_domain *one = evidence->domains; one != NULL;
	     one = one->next) {
		one->home_bits = pst_forecast_bits(&one->home);
		if (pst_forecast_is_established(one))
			evidence->established++;
	}
	for (struct pst_forecast_sender *one = evidence->senders; one != NULL;
	     one = one->next)
		relate_sender(evidence, one);
	for (struct pst_forecast_via *one = evidence->vias; one != NULL;
	     one = one->next)
		relate_via(evidence, one);
}

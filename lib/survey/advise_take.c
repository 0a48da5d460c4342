/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/domain.h"
#include "base/hash.h"
#include "core/policy.h"
#include "survey/advise_parts.h"

#define BUCKETS 65536u
#define POOL_BUCKETS 16384u
#define MAX_POOLS 400000
#define MAX_NAME 255
/* Rows come in the order of their times, so a cell is among the last ones. */
#define MAX_CELLS_BACK 600

/* ---- sets ---- */

bool
advise_day_has(const struct advise_days *days, size_t day)
{
	return (days->words[day / 64] >> day % 64 & 1) != 0;
}

void
advise_day_add(struct advise_days *days, size_t day)
{
	days->words[day / 64] |= UINT64_C(1) << day % 64;
}

void
advise_days_join(struct advise_days *to, const struct advise_days *from)
{
	for (size_t i = 0; i < ADVISE_DAY_WORDS; i++)
		to->words[i] |= from->words[i];
}

unsigned
advise_days_count(const struct advise_days *days)
{
	unsigned count = 0;

	for (size_t i = 0; i < ADVISE_DAY_WORDS; i++)
		count += (unsigned)__builtin_popcountll(days->words[i]);
	return count;
}

bool
advise_receiver_has(const struct advise_receivers *set, size_t receiver)
{
	return (set->words[receiver / 64] >> receiver % 64 & 1) != 0;
}

void
advise_receiver_add(struct advise_receivers *set, size_t receiver)
{
	set->words[receiver / 64] |= UINT64_C(1) << receiver % 64;
}

size_t
advise_receivers_count(
    const struct advise_receivers *set, const struct advise_receivers *with)
{
	size_t count = 0;

	for (size_t i = 0; i < ADVISE_RECEIVER_WORDS; i++) {
		uint64_t word = set->words[i];

		if (with != NULL)
			word &= with->words[i];
		count += (size_t)__builtin_popcountll(word);
	}
	return count;
}

/* ---- tables ---- */

static uint32_t
bucket_of(struct pst_str text, uint32_t buckets)
{
	return pst_hash_fold(
		   pst_hash(PST_HASH_START ^ pst_hash_secret(), text)) %
	    buckets;
}

static struct advise_pool *
find_pool(struct pst_advise *advise, struct pst_str name)
{
	struct advise_pool **slot =
	    &advise->pools[bucket_of(name, POOL_BUCKETS)];
	struct advise_pool *pool;

	for (pool = *slot; pool != NULL; pool = pool->next)
		if (pst_str_eq(pst_str(pool->name), name))
			return pool;
	if (advise->pool_count == MAX_POOLS) {
		advise->cut = true;
		return NULL;
	}
	advise->pool_count++;
	pool = pst_arena_alloc(advise->arena, sizeof(*pool));
	pool->name = pst_arena_memdup(advise->arena, name.ptr, name.len);
	pool->next = *slot;
	*slot = pool;
	return pool;
}

static struct advise_source *
find_source(struct pst_advise *advise, const struct pst_ip *ip, bool make)
{
	struct pst_str octets = {(const char *)ip->octets, sizeof(ip->octets)};
	struct advise_source **slot =
	    &advise->table[bucket_of(octets, BUCKETS)];
	struct pst_ip network = pst_ip_network(ip);
	char text[PST_IP_TEXT_SIZE];
	struct advise_source *source;

	for (source = *slot; source != NULL; source = source->next)
		if (pst_ip_eq(&source->ip, ip))
			return source;
	if (!make)
		return NULL;
	if (advise->count == PST_ADVISE_MAX_SOURCES) {
		advise->cut = true;
		return NULL;
	}
	source = pst_arena_alloc(advise->arena, sizeof(*source));
	source->ip = *ip;
	source->mark = advise->input->marks == NULL ?
	    NULL :
	    pst_mark_find(advise->input->marks, ip);
	source->network =
	    find_pool(advise, pst_str(pst_ip_text(&network, text)));
	source->next = *slot;
	*slot = source;
	advise->count++;
	return source;
}

/* Returns the number of a receiver; false if there are too many. */
static bool
find_receiver(struct pst_advise *advise, struct pst_str name, uint16_t *out)
{
	struct pst_str cut = pst_str_first(name, MAX_NAME);

	for (size_t i = 0; i < advise->receiver_count; i++) {
		if (!pst_str_ieq(pst_str(advise->receivers[i]), cut))
			continue;
		*out = (uint16_t)i;
		return true;
	}
	if (advise->receiver_count == PST_ADVISE_MAX_RECEIVERS) {
		advise->cut = true;
		return false;
	}
	*out = (uint16_t)advise->receiver_count;
	advise->receivers[advise->receiver_count++] =
	    pst_arena_memdup(advise->arena, cut.ptr, cut.len);
	return true;
}

static struct advise_cell *
find_cell(struct pst_advise *advise, struct advise_source *source,
    uint16_t receiver, uint16_t day)
{
	struct advise_cell *cell = source->cells;

	for (size_t i = 0; cell != NULL && i < MAX_CELLS_BACK; i++) {
		if (cell->receiver == receiver && cell->day == day)
			return cell;
		cell = cell->before;
	}
	cell = pst_arena_alloc(advise->arena, sizeof(*cell));
	cell->receiver = receiver;
	cell->day = day;
	cell->before = source->cells;
	source->cells = cell;
	source->cell_count++;
	return cell;
}

/* ---- rows ---- */

/* A report of several days counts for the middle one. */
static bool
day_of_row(const struct pst_advise *advise, const struct pst_query_source *row,
    uint16_t *out)
{
	int64_t day;

	if (row->begin_s < 0 || row->end_s < row->begin_s)
		return false;
	day = pst_day_of(row->begin_s + (row->end_s - row->begin_s) / 2) -
	    advise->first_day;
	if (day < 0 || day >= (int64_t)advise->day_count)
		return false;
	*out = (uint16_t)day;
	return true;
}

static bool
has_word(struct pst_str words, const char *word)
{
	struct pst_str one;
	bool more = true;

	while (pst_str_split(&words, ' ', &one, &more))
		if (pst_str_eq(one, pst_str(word)))
			return true;
	return false;
}

static bool
says_forwarded(struct pst_str reasons)
{
	return has_word(reasons, "forwarded") ||
	    has_word(reasons, "trusted_forwarder") ||
	    has_word(reasons, "mailing_list");
}

static void
take_auths(struct pst_advise *advise, struct advise_source *source,
    uint16_t receiver, struct pst_str auths)
{
	struct pst_str one;
	bool more = auths.len > 0;

	while (pst_str_split(&auths, ' ', &one, &more)) {
		struct pst_str name =
		    pst_str_from(one, pst_str_find(one, ':') + 1);
		struct advise_pool *pool;
		char domain[PST_DOMAIN_MAX + 1];
		size_t i = 0;

		if (name.len == 0 || name.len > PST_DOMAIN_MAX)
			continue;
		memcpy(domain, name.ptr, name.len);
		domain[name.len] = '\0';
		if (pst_domain_is_below(domain, advise->input->domain)) {
			source->own_auth = true;
			continue;
		}
		advise_receiver_add(&source->carrying, receiver);
		pool = find_pool(advise, one);
		while (i < source->auth_count && source->auths[i] != pool)
			i++;
		if (pool != NULL && i == source->auth_count &&
		    i < ADVISE_MAX_AUTHS)
			source->auths[source->auth_count++] = pool;
	}
}

static void
take_from(struct pst_advise *advise, struct pst_str from)
{
	for (size_t i = 0; i < advise->from_count; i++)
		if (pst_str_eq(pst_str(advise->froms[i].name), from))
			return;
	if (advise->from_count == ADVISE_MAX_FROMS || from.len > PST_DOMAIN_MAX)
		return;
	advise->froms[advise->from_count++].name =
	    pst_arena_memdup(advise->arena, from.ptr, from.len);
}

bool
pst_advise_take(void *arg, const struct pst_query_source *row)
{
	struct pst_advise *advise = arg;
	struct advise_source *source;
	struct advise_cell *cell;
	struct pst_ip ip;
	uint16_t receiver, day;

	if (row->messages <= 0 || !pst_ip_parse(row->ip, &ip) ||
	    !day_of_row(advise, row, &day) ||
	    !find_receiver(advise, row->receiver, &receiver))
		return true;
	source = find_source(advise, &ip, true);
	if (source == NULL)
		return true;
	cell = find_cell(advise, source, receiver, day);
	if (row->dkim || row->spf)
		cell->passed += row->messages;
	else
		cell->failed += row->messages;
	if (!row->dkim && !row->spf && says_forwarded(row->reasons))
		cell->excused += row->messages;
	source->own_dkim = source->own_dkim || row->dkim;
	source->own_spf = source->own_spf || row->spf;
	take_auths(advise, source, receiver, row->authenticated);
	if (row->dkim || row->spf)
		take_from(advise, row->header_from);
	return true;
}

bool
pst_advise_take_other(void *arg, const struct pst_query_source *row)
{
	struct pst_advise *advise = arg;
	char domain[PST_DOMAIN_MAX + 1];
	struct advise_source *source;
	struct pst_ip ip;
	uint16_t day, receiver;

	if (!row->dkim || row->spf || row->header_from.len > PST_DOMAIN_MAX ||
	    !pst_ip_parse(row->ip, &ip) || !day_of_row(advise, row, &day))
		return true;
	memcpy(domain, row->header_from.ptr, row->header_from.len);
	domain[row->header_from.len] = '\0';
	if (pst_domain_are_near(domain, advise->input->domain))
		return true;
	source = find_source(advise, &ip, false);
	if (source == NULL || !find_receiver(advise, row->receiver, &receiver))
		return true;
	advise_receiver_add(&source->carrying, receiver);
	if (source->other_count == ADVISE_MAX_OTHERS)
		return true;
	for (size_t i = 0; i < source->other_count; i++)
		if (pst_domain_are_near(source->others[i], domain))
			return true;
	source->others[source->other_count++] =
	    pst_arena_strdup(advise->arena, domain);
	return true;
}

void
pst_advise_is_cut(struct pst_advise *advise)
{
	advise->cut = true;
}

void
pst_advise_seen(struct pst_advise *advise, const struct pst_ip *client,
    int64_t seen_s, unsigned aligned)
{
	int64_t day = pst_day_of(seen_s) - advise->first_day;
	struct advise_source *source;

	if (client->family == PST_IP_NONE || day < 0 ||
	    day >= (int64_t)advise->day_count)
		return;
	source = find_source(advise, client, false);
	if (source == NULL)
		return;
	if ((aligned & PST_ALIGNED_SPF) != 0)
		source->verified |= ADVISE_SEEN_HERE;
	if ((aligned & PST_ALIGNED_DKIM) != 0)
		advise_day_add(&source->here, (size_t)day);
}

void
pst_advise_tally(struct pst_advise *advise, uint64_t messages, uint64_t aligned)
{
	advise->seen_here += messages;
	advise->seen_aligned += aligned;
}

/* ---- the beginning and the end ---- */

struct pst_advise *
pst_advise_begin(struct pst_arena *arena, const struct pst_advise_input *input)
{
	struct pst_advise *advise = pst_arena_alloc(arena, sizeof(*advise));

	advise->arena = arena;
	advise->input = input;
	/* today and the days before it; a clock elsewhere may be ahead */
	advise->day_count = input->days + 1;
	advise->first_day = pst_day_of(input->now_s) - (int64_t)input->days;
	advise->table = pst_arena_array(arena, BUCKETS, sizeof(*advise->table));
	advise->pools =
	    pst_arena_array(arena, POOL_BUCKETS, sizeof(*advise->pools));
	advise->froms[0].name = input->domain;
	advise->from_count = 1;
	return advise;
}

static int
by_evidence(const void *left, const void *right)
{
	const struct advise_source *a = *(struct advise_source *const *)left;
	const struct advise_source *b = *(struct advise_source *const *)right;

	if (a->cell_count != b->cell_count)
		return a->cell_count > b->cell_count ? -1 : 1;
	return memcmp(a->ip.octets, b->ip.octets, sizeof(a->ip.octets));
}

void
advise_list(struct pst_advise *advise)
{
	size_t count = 0;

	if (advise->sources != NULL)
		return;
	advise->sources = pst_arena_array(
	    advise->arena, advise->count + 1, sizeof(*advise->sources));
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct advise_source *source = advise->table[i];
		     source != NULL; source = source->next)
			advise->sources[count++] = source;
	qsort(advise->sources, count, sizeof(*advise->sources), by_evidence);
}

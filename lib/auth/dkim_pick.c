/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_pick.h"

#include "auth/dkim_own.h"
#include "base/domain.h"
#include "base/macros.h"

/*
 * Fields of which a reader sees only one (R-DKIM-18). mark_uncovered() expects
 * From to be the first.
 */
static const struct pst_str single_fields[] = {
    {"From", 4},
    {"Subject", 7},
    {"Date", 4},
    {"To", 2},
    {"Cc", 2},
    {"Reply-To", 8},
    {"Message-ID", 10},
    {"Content-Type", 12},
};

bool
pst_dkim_is_signature(const struct pst_header_field *field)
{
	return pst_str_ieq(field->name, PST_STR("DKIM-Signature"));
}

void
pst_dkim_item_decide(
    struct pst_dkim_item *item, enum pst_result result, enum pst_dkim_why why)
{
	item->sig.result = result;
	item->sig.why = why;
	item->sig.reason = pst_dkim_why_text(why);
	item->chosen = false;
}

void
pst_dkim_item_limit(struct pst_dkim_item *item, enum pst_result result,
    enum pst_dkim_why why, enum pst_dkim_gap gap)
{
	pst_dkim_item_decide(item, result, why);
	item->sig.gap = gap;
}

/* How often h= names a field; same is NULL if no field of the name was kept. */
static size_t
count_named(const struct pst_dkim_item *item, struct pst_str name,
    const struct pst_header_name *same)
{
	return same == NULL ? pst_dkim_tags_mentions(&item->tags, name) :
			      item->mentions[same->number];
}

static void
mark_uncovered(const struct pst_header *header,
    const struct pst_dkim_config *config, struct pst_dkim_pick *pick)
{
	size_t fields =
	    config->accept_unsigned_copies ? 1 : PST_COUNT(single_fields);

	for (size_t i = 0; i < fields; i++) {
		struct pst_str name = single_fields[i];
		const struct pst_header_name *same =
		    pst_header_name(header, name);
		size_t seen = same == NULL ? 0 : same->seen;
		size_t copies = i == 0 ? header->from_count : seen;

		for (size_t j = 0; copies > 1 && j < pick->count; j++) {
			struct pst_dkim_item *item = &pick->items[j];

			if (count_named(item, name, same) >= copies)
				continue;
			item->uncovered = true;
			item->sig.covers_origin = false;
		}
	}
}

/*
 * Returns true if the same value was seen before: two fields with the same
 * octets can only have the same result.
 */
static bool
is_repeated(const struct pst_dkim_pick *pick, struct pst_str value)
{
	for (size_t i = 0; i < pick->count; i++)
		if (pst_str_eq(pick->items[i].value, value))
			return true;
	return false;
}

static void
describe(struct pst_dkim_item *item)
{
	const struct pst_dkim_tags *tags = &item->tags;

	item->sig = (struct pst_dkim_sig){
	    .result = tags->result,
	    .why = tags->why,
	    .reason = pst_dkim_why_text(tags->why),
	    .domain = tags->domain,
	    .selector = tags->selector,
	    .algorithm = tags->algorithm_text,
	    .identity = tags->identity,
	    .b = tags->b,
	    .body_length = tags->has_length,
	    .covers_origin =
		pst_dkim_tags_mentions(tags, PST_STR("From")) > 0 &&
		pst_dkim_tags_mentions(tags, PST_STR("Date")) > 0 &&
		pst_dkim_tags_mentions(tags, PST_STR("Subject")) > 0,
	    .signed_at = tags->signed_at,
	    .gap = tags->limited ? PST_DKIM_GAP_CLAIMED : PST_DKIM_NO_GAP,
	    .checked = true,
	};
	item->chosen = tags->why == PST_DKIM_WHY_NONE;
}

/* One look-up for each name in h=, however many fields there are. */
static void
count_mentions(struct pst_arena *arena, const struct pst_header *header,
    struct pst_dkim_item *item)
{
	item->mentions =
	    pst_arena_array(arena, header->name_count, sizeof(*item->mentions));
	for (size_t i = 0; i < item->tags.name_count; i++) {
		const struct pst_header_name *same =
		    pst_header_name(header, item->tags.names[i]);

		if (same != NULL)
			item->mentions[same->number]++;
	}
}

static size_t
count_signatures(const struct pst_header *header)
{
	size_t count = 0;

	for (size_t i = 0; i < header->count; i++) {
		if (pst_dkim_is_signature(&header->fields[i]))
			count++;
	}
	return count;
}

static void
collect(struct pst_world *world, const struct pst_dkim_config *config,
    const struct pst_header *header, struct pst_dkim_pick *pick)
{
	size_t seen = 0;

	for (size_t i = 0; i < header->count; i++) {
		const struct pst_header_field *field = &header->fields[i];
		struct pst_dkim_item *item;

		if (!pst_dkim_is_signature(field))
			continue;
		if (seen == config->max_parsed) {
			pick->unparsed++;
			continue;
		}
		seen++;
		if (is_repeated(pick, field->value))
			continue;
		item = &pick->items[pick->count];
		item->value = field->value;
		item->field = i;
		pst_dkim_tags_parse(world->arena, field->value,
		    world->now_epoch, config->clock_skew_s, &item->tags);
		describe(item);
		count_mentions(world->arena, header, item);
		pick->count++;
	}
}

enum { RANK_AUTHOR, RANK_ABOVE, RANK_OTHER, RANKS };

static unsigned
rank_of(const struct pst_dkim_item *item, const char *author_domain)
{
	if (author_domain == NULL)
		return RANK_OTHER;
	if (pst_domain_eq(item->sig.domain, author_domain))
		return RANK_AUTHOR;
	if (pst_domain_is_below(author_domain, item->sig.domain))
		return RANK_ABOVE;
	return RANK_OTHER;
}

static void
leave_unchecked(struct pst_dkim_item *item)
{
	item->sig.checked = false;
	pst_dkim_item_decide(
	    item, PST_RESULT_NEUTRAL, PST_DKIM_WHY_MANY_SIGNATURES);
}

/*
 * Keeps at most max_verified of the signatures that may be verified: those of
 * the best rank, and within a rank those that come first.
 */
static void
choose(const struct pst_dkim_config *config, const char *author_domain,
    struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++)
		pick->items[i].rank = rank_of(&pick->items[i], author_domain);
	for (unsigned rank = 0; rank < RANKS; rank++) {
		for (size_t i = 0; i < pick->count; i++) {
			struct pst_dkim_item *item = &pick->items[i];

			if (!item->chosen || item->rank != rank)
				continue;
			if (pick->chosen < config->max_verified)
				pick->chosen++;
			else
				leave_unchecked(item);
		}
	}
}

/* Returns true if h= names a field that was not kept, or that may be so. */
static bool
is_incomplete(const struct pst_header *header, const struct pst_dkim_item *item)
{
	if (header->closed || header->unnamed)
		return true;
	for (size_t i = 0; i < PST_HEADER_NAMES; i++) {
		const struct pst_header_name *one = header->names[i];

		for (; one != NULL; one = one->next)
			if (one->left_out && item->mentions[one->number] > 0)
				return true;
	}
	return false;
}

/* A signature over a field that was not kept cannot be verified (R-SEC-6). */
static void
drop_incomplete(const struct pst_header *header, struct pst_dkim_pick *pick)
{
	for (size_t i = 0; header->truncated && i < pick->count; i++) {
		struct pst_dkim_item *item = &pick->items[i];

		if (item->chosen && is_incomplete(header, item))
			pst_dkim_item_limit(item, PST_RESULT_POLICY,
			    PST_DKIM_WHY_HEADER, PST_DKIM_GAP_CLAIMED);
	}
}

/* The key of a signature that could align must not be crowded out. */
static enum pst_dns_class
class_of(const struct pst_dkim_item *item, const char *author_domain)
{
	if (author_domain != NULL &&
	    pst_domain_are_near(item->sig.domain, author_domain))
		return PST_DNS_KEY;
	return PST_DNS_OTHER;
}

static void
ask_keys(struct pst_world *world, const char *author_domain,
    struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++) {
		struct pst_dkim_item *item = &pick->items[i];
		const char *name;

		if (!item->chosen)
			continue;
		name = pst_arena_printf(world->arena, "%s._domainkey.%s",
		    item->sig.selector, item->sig.domain);
		item->entry = pst_world_ask(world,
		    class_of(item, author_domain), pst_str(name), PST_DNS_TXT);
	}
}

void
pst_dkim_pick(struct pst_world *world, const struct pst_dkim_config *config,
    const struct pst_header *header, const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain), const void *arg,
    struct pst_dkim_pick *out)
{
	size_t parsed = count_signatures(header);

	if (parsed > config->max_parsed)
		parsed = config->max_parsed;
	*out = (struct pst_dkim_pick){.items = pst_arena_array(world->arena,
					  parsed, sizeof(*out->items))};
	collect(world, config, header, out);
	for (size_t i = 0; i < out->count; i++) {
		struct pst_dkim_item *item = &out->items[i];

		if (item->chosen && header->from_count == 0)
			pst_dkim_item_decide(
			    item, PST_RESULT_PERMERROR, PST_DKIM_WHY_NO_FROM);
		else if (item->chosen && public_suffix != NULL &&
		    public_suffix(arg, item->sig.domain))
			pst_dkim_item_decide(
			    item, PST_RESULT_NEUTRAL, PST_DKIM_WHY_SUFFIX);
	}
	choose(config, author_domain, out);
	drop_incomplete(header, out);
	pst_dkim_own_mark(header, out);
	mark_uncovered(header, config, out);
	ask_keys(world, author_domain, out);
}

bool
pst_dkim_pick_is_waiting(const struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++)
		if (pick->items[i].chosen &&
		    pick->items[i].entry->answer == NULL)
			return true;
	return false;
}

/* Room for one costly signature, however few may be verified. */
#define MIN_BUDGET 5

/*
 * Keeps the signatures that fit into one budget of time, best rank first
 * (R-SEC-7). max_verified keys of 4096 bits would take four times as long as
 * those that mail has.
 */
static void
spend_budget(const struct pst_dkim_config *config, struct pst_dkim_pick *pick)
{
	unsigned left = 2 * config->max_verified + MIN_BUDGET;

	for (unsigned rank = 0; rank < RANKS; rank++) {
		for (size_t i = 0; i < pick->count; i++) {
			struct pst_dkim_item *item = &pick->items[i];
			unsigned cost;

			if (!item->chosen || item->rank != rank)
				continue;
			cost =
			    pst_dkim_key_cost(&item->key, item->tags.algorithm);
			if (cost > left) {
				leave_unchecked(item);
				continue;
			}
			left -= cost;
		}
	}
}

void
pst_dkim_pick_keys(struct pst_world *world,
    const struct pst_dkim_config *config, struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++) {
		struct pst_dkim_item *item = &pick->items[i];
		struct pst_dkim_key *key = &item->key;

		if (!item->chosen)
			continue;
		pst_dkim_key_choose(world->arena, item->entry->answer,
		    item->tags.algorithm, config->min_key_bits, key);
		item->sig.bits = key->bits;
		item->sig.test_key = key->test;
		if (key->record == NULL)
			pst_dkim_item_limit(item, key->result, key->why,
			    key->limited ? PST_DKIM_GAP_CLAIMED :
					   PST_DKIM_NO_GAP);
		else if (key->strict &&
		    strcmp(item->tags.identity_domain, item->sig.domain) != 0)
			pst_dkim_item_decide(item, PST_RESULT_PERMERROR,
			    PST_DKIM_WHY_KEY_SUBDOMAIN);
	}
	spend_budget(config, pick);
	for (size_t i = 0; i < pick->count; i++)
		if (!pick->items[i].chosen)
			pick->items[i].key.record = NULL;
}

/*
 * A pass is the best result. Among the others the one that says most comes
 * first: a signature that might count elsewhere or later, then one that was
 * verified without success.
 */
static enum pst_result
best_result(const struct pst_dkim *all)
{
	static const enum pst_result order[] = {PST_RESULT_PASS,
	    PST_RESULT_POLICY, PST_RESULT_TEMPERROR, PST_RESULT_FAIL,
	    PST_RESULT_PERMERROR, PST_RESULT_NEUTRAL};

	for (size_t i = 0; i < PST_COUNT(order); i++)
		for (size_t j = 0; j < all->count; j++)
			if (all->sigs[j].result == order[i])
				return order[i];
	return PST_RESULT_NONE;
}

void
pst_dkim_pick_results(struct pst_world *world, const struct pst_dkim_pick *pick,
    struct pst_dkim *out)
{
	*out = (struct pst_dkim){
	    .sigs =
		pst_arena_array(world->arena, pick->count, sizeof(*out->sigs)),
	    .count = pick->count,
	    .unparsed = pick->unparsed,
	};
	for (size_t i = 0; i < pick->count; i++) {
		out->sigs[i] = pick->items[i].sig;
		out->sigs[i].mentions = pick->items[i].mentions;
	}
	out->result = best_result(out);
}

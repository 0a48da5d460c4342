/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/advise_parts.h"

/* Of a cell. Less is what every sender loses to failed look-ups. */
#define FAIL_PERCENT 10
#define FAIL_MANY 100

/* Failures are steady if seen on so many days, by receivers that are known or
 * at least not alone. */
#define DAYS_OF_SEVERAL 3
#define DAYS_OF_ONE 4
#define DAYS_OF_STRANGERS 7
/* Somebody took care that it authenticates, or it is beside a verified one. */
#define DAYS_IF_LIKELY 2

/* A source that is yours fails if it did on so many days. */
#define DAYS_BROKEN 2

const char *
pst_advise_word(enum pst_advise_kind kind)
{
	static const char *const words[PST_ADVISE_KINDS] = {
	    "yours", "yours, broken", "forwarder", "forgery", "unclear"};

	return words[kind];
}

const char *
pst_advise_name(enum pst_advise_kind kind)
{
	static const char *const names[PST_ADVISE_KINDS] = {
	    "aligned", "broken", "forwarder", "forgery", "unclear"};

	return names[kind];
}

bool
advise_is_yours(const struct advise_source *source)
{
	return source->kind == PST_ADVISE_ALIGNED ||
	    source->kind == PST_ADVISE_BROKEN;
}

bool
advise_cell_fails(const struct advise_cell *cell, bool excuses)
{
	int64_t failed = cell->failed - (excuses ? cell->excused : 0);

	return failed >= FAIL_MANY ||
	    (failed > 0 &&
		failed * 100 >= (cell->passed + failed) * FAIL_PERCENT);
}

static bool
has_mark(const struct advise_source *source, enum pst_mark_kind mark)
{
	return source->mark != NULL && source->mark->mark == mark;
}

/* The owner's word is as good as a record of his. */
static bool
is_verified(const struct advise_source *source)
{
	return source->verified != 0 || has_mark(source, PST_MARK_MINE);
}

/* ---- who is known ---- */

static void
find_known(struct pst_advise *advise)
{
	struct advise_days *days = pst_arena_array(
	    advise->arena, PST_ADVISE_MAX_RECEIVERS, sizeof(*days));

	for (size_t i = 0; i < advise->count; i++) {
		const struct advise_source *source = advise->sources[i];

		if (!is_verified(source))
			continue;
		for (const struct advise_cell *cell = source->cells;
		     cell != NULL; cell = cell->before)
			advise_day_add(&days[cell->receiver], cell->day);
	}
	for (size_t i = 0; i < advise->receiver_count; i++)
		if (advise_days_count(&days[i]) >= PST_ADVISE_KNOWN_DAYS)
			advise_receiver_add(&advise->known, i);
}

/* ---- presence ---- */

/* What the failures and the passes of one source amount to. */
struct weight {
	struct advise_presence failed, passed;
	struct advise_receivers excusing; /* receivers that say "forwarded" */
	unsigned good_cells, bad_cells;   /* of known receivers */
	unsigned excused_cells;
	int64_t passes;       /* of all receivers */
	int64_t known_passes; /* of known ones */
};

static void
add_presence(const struct pst_advise *advise, struct advise_presence *to,
    const struct advise_cell *cell)
{
	advise_day_add(&to->days, cell->day);
	advise_receiver_add(&to->receivers, cell->receiver);
	if (advise_receiver_has(&advise->known, cell->receiver))
		advise_day_add(&to->known_days, cell->day);
}

static void
weigh(const struct pst_advise *advise, const struct advise_source *source,
    struct weight *out)
{
	*out = (struct weight){.passes = 0};
	for (const struct advise_cell *cell = source->cells; cell != NULL;
	     cell = cell->before) {
		bool known =
		    advise_receiver_has(&advise->known, cell->receiver);
		bool excuses = !is_verified(source);
		bool fails = advise_cell_fails(cell, excuses);

		out->passes += cell->passed;
		out->known_passes += known ? cell->passed : 0;
		if (fails)
			add_presence(advise, &out->failed, cell);
		if (cell->passed > 0)
			add_presence(advise, &out->passed, cell);
		if (cell->excused > 0)
			advise_receiver_add(&out->excusing, cell->receiver);
		if (!known)
			continue;
		out->bad_cells += fails;
		out->good_cells += cell->passed > 0 && !fails;
		out->excused_cells += cell->excused > 0 && !fails;
	}
}

static void
join_presence(struct advise_presence *to, const struct advise_presence *from)
{
	advise_days_join(&to->days, &from->days);
	advise_days_join(&to->known_days, &from->known_days);
	for (size_t i = 0; i < ADVISE_RECEIVER_WORDS; i++)
		to->receivers.words[i] |= from->receivers.words[i];
}

static void
add_seen(const struct pst_advise *advise, struct advise_pool *pool,
    const struct advise_source *source)
{
	if (pool == NULL)
		return;
	for (const struct advise_cell *cell = source->cells; cell != NULL;
	     cell = cell->before)
		if (advise_receiver_has(&advise->known, cell->receiver))
			advise_day_add(&pool->seen, cell->day);
	pool->has_verified = pool->has_verified || is_verified(source);
}

/* Sources that are not verified and never aligned count together. A pass that
 * only strangers report does not take a source out. */
static void
fill_pools(struct pst_advise *advise)
{
	for (size_t i = 0; i < advise->count; i++) {
		struct advise_source *source = advise->sources[i];
		struct weight weight;

		add_seen(advise, source->network, source);
		for (size_t a = 0; a < source->auth_count; a++)
			add_seen(advise, source->auths[a], source);
		weigh(advise, source, &weight);
		if (is_verified(source) || weight.known_passes > 0 ||
		    has_mark(source, PST_MARK_FORGER) ||
		    has_mark(source, PST_MARK_FORWARDER))
			continue;
		if (source->network != NULL)
			join_presence(&source->network->failed, &weight.failed);
		for (size_t a = 0; a < source->auth_count; a++)
			join_presence(
			    &source->auths[a]->failed, &weight.failed);
	}
}

static bool
is_steady(const struct pst_advise *advise,
    const struct advise_presence *presence, bool likely)
{
	size_t all = advise_receivers_count(&presence->receivers, NULL);
	size_t known =
	    advise_receivers_count(&presence->receivers, &advise->known);
	unsigned known_days = advise_days_count(&presence->known_days);

	if (known >= 1 && likely && known_days >= DAYS_IF_LIKELY)
		return true;
	if (known >= 2 && known_days >= DAYS_OF_SEVERAL)
		return true;
	if (known >= 1 && known_days >= DAYS_OF_ONE)
		return true;
	return all >= 2 &&
	    advise_days_count(&presence->days) >= DAYS_OF_STRANGERS;
}

static bool
fails_steadily(const struct pst_advise *advise,
    const struct advise_source *source, const struct weight *weight)
{
	bool near = source->network != NULL && source->network->has_verified;

	if (is_steady(advise, &weight->failed, near || source->auth_count > 0))
		return true;
	if (weight->known_passes > 0)
		return false;
	if (source->network != NULL &&
	    is_steady(advise, &source->network->failed, near))
		return true;
	for (size_t i = 0; i < source->auth_count; i++)
		if (is_steady(advise, &source->auths[i]->failed, true))
			return true;
	return false;
}

/* ---- judgement ---- */

static void
conclude(
    struct advise_source *source, enum pst_advise_kind kind, bool in_the_way)
{
	source->kind = kind;
	source->in_the_way = in_the_way;
}

/* True if two known receivers say so; a stranger cannot help one of them. */
static bool
is_said_by_several(
    const struct pst_advise *advise, const struct advise_receivers *set)
{
	return advise_receivers_count(set, &advise->known) >= 2;
}

/* A single bad day is chance only where known receivers saw better ones. */
static void
judge_verified(const struct pst_advise *advise, struct advise_source *source,
    const struct weight *weight)
{
	unsigned passed_days = advise_days_count(&weight->passed.known_days);
	size_t all = advise_receivers_count(&weight->failed.receivers, NULL);
	size_t known =
	    advise_receivers_count(&weight->failed.receivers, &advise->known);
	bool fails = (known >= 1 || all >= 2) &&
	    (passed_days < PST_ADVISE_KNOWN_DAYS ||
		advise_days_count(&weight->failed.days) >= DAYS_BROKEN);

	conclude(source, fails ? PST_ADVISE_BROKEN : PST_ADVISE_ALIGNED, fails);
}

static bool
is_forwarder(const struct pst_advise *advise,
    const struct advise_source *source, const struct weight *weight)
{
	bool says = is_said_by_several(advise, &weight->excusing);

	if (weight->passes == 0)
		return says && weight->excused_cells > weight->bad_cells;
	if (!source->own_dkim || source->own_spf)
		return false;
	return is_said_by_several(advise, &weight->passed.receivers) &&
	    weight->good_cells + weight->excused_cells > weight->bad_cells &&
	    (says ||
		advise_receivers_count(&source->carrying, &advise->known) > 0);
}

static void
judge_other(const struct pst_advise *advise, struct advise_source *source,
    const struct weight *weight)
{
	bool steady = fails_steadily(advise, source, weight);

	if (is_forwarder(advise, source, weight))
		conclude(source, PST_ADVISE_FORWARDER, false);
	else if (weight->passes > 0 && !steady &&
	    advise_days_count(&source->here) >= PST_ADVISE_HERE_DAYS)
		conclude(source, PST_ADVISE_ALIGNED, false);
	else if (weight->passes > 0 || steady)
		conclude(source, PST_ADVISE_UNCLEAR, steady);
	else
		conclude(source, PST_ADVISE_FORGERY, false);
}

static void
judge_source(const struct pst_advise *advise, struct advise_source *source)
{
	enum pst_mark_kind mark =
	    source->mark == NULL ? PST_MARK_NONE : source->mark->mark;
	struct weight weight;

	weigh(advise, source, &weight);
	switch (mark) {
	case PST_MARK_FORGER:
		conclude(source, PST_ADVISE_FORGERY, false);
		return;
	case PST_MARK_FORWARDER:
		conclude(source, PST_ADVISE_FORWARDER, false);
		return;
	case PST_MARK_MINE:
	case PST_MARK_NONE:
		break;
	}
	if (is_verified(source))
		judge_verified(advise, source, &weight);
	else
		judge_other(advise, source, &weight);
}

void
advise_judge(struct pst_advise *advise)
{
	find_known(advise);
	fill_pools(advise);
	for (size_t i = 0; i < advise->count; i++)
		judge_source(advise, advise->sources[i]);
}

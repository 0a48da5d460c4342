/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/keep_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/hash.h"

/* A power of two, larger than PST_WEB_KEPT_ROWS */
#define PLACES 1024
/* Octets of all rules of a forecast: one can name many domains. */
#define MAX_RULES ((size_t)1024 * 1024)

/* ---- uses ---- */

static struct pst_web_answer *
new_answer(void)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_answer *answer = pst_arena_alloc(arena, sizeof(*answer));

	answer->arena = arena;
	atomic_init(&answer->uses, 1);
	return answer;
}

void
pst_web_answer_hold(struct pst_web_answer *answer)
{
	(void)atomic_fetch_add(&answer->uses, 1);
}

void
pst_web_answer_release(void *ptr)
{
	struct pst_web_answer *answer = ptr;

	if (answer != NULL && atomic_fetch_sub(&answer->uses, 1) == 1)
		pst_arena_free(answer->arena);
}

/* ---- tables ---- */

/* A table that is being made. */
struct making {
	struct pst_arena *arena; /* of the answer */
	const struct pst_web_question *question;
	const struct pst_web_source *source;
	struct pst_web_table_rows *out;
	struct pst_web_row *rows;  /* room for PST_WEB_KEPT_ROWS */
	struct pst_web_row *daily; /* of each day; or NULL */
	uint32_t **by_day;         /* of each of rows, as in there */
	unsigned char (*sketches)[PST_TALLY_SKETCH]; /* of rows and the sum */
	uint16_t places[PLACES]; /* by hash: an index plus one; 0: free */
};

static void
add_numbers(struct pst_web_row *to, const struct pst_tally_row *row)
{
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		to->done[i] += row->done[i];
		to->would[i] += row->would[i];
	}
	to->aligned += row->aligned;
	to->indirect += row->indirect;
}

static uint64_t
messages_of(const uint64_t done[PST_TALLY_ACTIONS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sum += done[i];
	return sum;
}

/* Returns the place of a key: its own, or a free one. */
static uint16_t *
place_of(struct making *making, const char *key)
{
	uint32_t at = pst_hash_fold(
	    pst_hash(PST_HASH_START ^ pst_hash_secret(), pst_str(key)));

	for (;; at++) {
		uint16_t *place = &making->places[at % PLACES];

		if (*place == 0 ||
		    strcmp(making->rows[*place - 1].key, key) == 0)
			return place;
	}
}

/* Returns a new row for the key; NULL if there is no room. */
static struct pst_web_row *
add_row(struct making *making, const char *key)
{
	struct pst_web_table_rows *out = making->out;
	struct pst_web_row *row = &making->rows[out->count];
	uint16_t *place;

	out->all++;
	if (out->count == PST_WEB_KEPT_ROWS)
		return NULL;
	row->key = pst_arena_strdup(making->arena, key);
	if (making->daily != NULL)
		row->by_day = making->by_day[out->count] = pst_arena_array(
		    making->arena, out->days_shown, sizeof(*row->by_day));
	place = place_of(making, key);
	*place = (uint16_t)++out->count;
	return row;
}

static void
add_sketch(unsigned char to[PST_TALLY_SKETCH],
    const unsigned char from[PST_TALLY_SKETCH])
{
	for (size_t i = 0; i < PST_TALLY_SKETCH; i++)
		to[i] |= from[i];
}

static void
add_to_sum(struct making *making, const struct pst_tally_row *row)
{
	add_numbers(&making->out->sum, row);
	add_sketch(making->sketches[PST_WEB_KEPT_ROWS], row->networks);
}

/* First pass: the rows with most messages come first. */
static bool
take_sum(void *arg, const struct pst_tally_row *tally, unsigned days)
{
	struct making *making = arg;
	struct pst_web_row *row = add_row(making, tally->key);

	add_to_sum(making, tally);
	if (row != NULL) {
		add_numbers(row, tally);
		row->days = days;
		row->networks = pst_tally_networks(tally->networks);
	}
	return !atomic_load(making->source->stop);
}

static void
note_day(struct making *making, size_t at, const struct pst_tally_row *tally,
    size_t day)
{
	const uint64_t messages = messages_of(tally->done);

	if (making->daily != NULL)
		making->by_day[at][day] =
		    messages > UINT32_MAX ? UINT32_MAX : (uint32_t)messages;
}

/* Second pass: how the rows of the first one are spread over the days. */
static bool
take_day(void *arg, const struct pst_tally_row *tally, unsigned days)
{
	struct making *making = arg;
	const size_t day = (size_t)(tally->day - making->out->first_day);
	const uint16_t place = *place_of(making, tally->key);

	(void)days;
	add_numbers(&making->daily[day], tally);
	if (place != 0)
		note_day(making, place - 1u, tally, day);
	return !atomic_load(making->source->stop);
}

/* True if a row with the prefix is of the key that was asked for. */
static bool
is_wanted(const struct making *making, const char *key)
{
	return making->question->question == PST_TALLY_SENDER ||
	    strcmp(key, making->question->key) == 0;
}

/* The only pass for one key, in the order of days. */
static bool
take_key_day(void *arg, const struct pst_tally_row *tally, unsigned days)
{
	struct making *making = arg;
	const size_t day = (size_t)(tally->day - making->out->first_day);
	struct pst_web_row *row;
	uint16_t place;

	(void)days;
	if (!is_wanted(making, tally->key))
		return true;
	add_to_sum(making, tally);
	if (making->daily != NULL)
		add_numbers(&making->daily[day], tally);
	place = *place_of(making, tally->key);
	row =
	    place == 0 ? add_row(making, tally->key) : &making->rows[place - 1];
	if (row != NULL) {
		add_numbers(row, tally);
		add_sketch(
		    making->sketches[row - making->rows], tally->networks);
		row->networks =
		    pst_tally_networks(making->sketches[row - making->rows]);
		row->days++;
		note_day(making, (size_t)(row - making->rows), tally, day);
	}
	return !atomic_load(making->source->stop);
}

static bool
ask(struct making *making, const struct pst_tally_query *query,
    bool (*visit)(void *, const struct pst_tally_row *, unsigned),
    struct pst_err *err)
{
	if (atomic_load(making->source->stop))
		return pst_err_set(err, "the program is about to end");
	return pst_tallies_ask(making->source->tallies_path, query,
	    (struct pst_tally_visitor){visit, making}, err);
}

static int
most_first(const void *a, const void *b)
{
	const struct pst_web_row *first = a, *second = b;
	const uint64_t one = messages_of(first->done);
	const uint64_t two = messages_of(second->done);

	return one != two ? (one < two ? 1 : -1) :
			    strcmp(first->key, second->key);
}

static bool
read_key(
    struct making *making, struct pst_tally_query *query, struct pst_err *err)
{
	query->by_day = true;
	query->key_prefix = making->question->key;
	if (query->question == PST_TALLY_SENDER)
		query->key_prefix = pst_arena_printf(
		    making->arena, "%s ", making->question->key);
	if (!ask(making, query, take_key_day, err))
		return false;
	if (making->out->count > 0)
		qsort(making->rows, making->out->count, sizeof(*making->rows),
		    most_first);
	return true;
}

static bool
read_all(
    struct making *making, struct pst_tally_query *query, struct pst_err *err)
{
	if (!ask(making, query, take_sum, err))
		return false;
	if (making->daily == NULL)
		return true;
	query->by_day = true;
	return ask(making, query, take_day, err);
}

/* Copies the rows, as there is room for more of them than there may be. */
static const struct pst_web_row *
keep_rows(const struct making *making)
{
	struct pst_web_row *rows =
	    pst_arena_array(making->arena, making->out->count, sizeof(*rows));

	memcpy(rows, making->rows, making->out->count * sizeof(*rows));
	return rows;
}

static bool
make_table(struct pst_web_answer *answer, const struct pst_web_source *source,
    const struct pst_web_question *question, struct pst_err *err)
{
	struct pst_web_table_rows *out = &answer->table;
	struct pst_tally_query query = {.question = question->question,
	    .first_day = out->first_day,
	    .last_day = out->last_day};
	struct pst_arena *scratch = pst_arena_new();
	struct making *making = pst_arena_alloc(scratch, sizeof(*making));
	bool ok;

	making->arena = answer->arena;
	making->question = question;
	making->source = source;
	making->out = out;
	making->rows =
	    pst_arena_array(scratch, PST_WEB_KEPT_ROWS, sizeof(*making->rows));
	making->by_day = pst_arena_array(
	    scratch, PST_WEB_KEPT_ROWS, sizeof(*making->by_day));
	making->sketches =
	    pst_arena_array(scratch, PST_WEB_KEPT_ROWS + 1, PST_TALLY_SKETCH);
	if (question->question != PST_TALLY_SENDER)
		making->daily = pst_arena_array(
		    answer->arena, out->days_shown, sizeof(*making->daily));
	out->day_rows = making->daily;
	ok = question->key != NULL ? read_key(making, &query, err) :
				     read_all(making, &query, err);
	out->sum.networks =
	    pst_tally_networks(making->sketches[PST_WEB_KEPT_ROWS]);
	out->rows = keep_rows(making);
	pst_arena_free(scratch);
	return ok;
}

/* ---- forecast ---- */

/* Returns the rule in the answer's arena; the same text is copied once. */
static const char *
keep_rule(struct pst_web_answer *answer, const struct pst_forecast *all,
    const size_t *origins, const char *rule, size_t *room)
{
	const struct pst_web_forecast *out = &answer->forecast;
	size_t len;

	if (rule == NULL)
		return NULL;
	for (size_t i = 0; i < out->count; i++)
		if (all->rows[origins[i]].rule == rule)
			return out->rows[i].rule;
	len = strlen(rule) + 1;
	if (len > *room)
		return NULL;
	*room -= len;
	return pst_arena_strdup(answer->arena, rule);
}

static void
keep_senders(struct pst_web_answer *answer, const struct pst_forecast *all)
{
	enum { MOST = PST_FORECAST_KINDS * PST_WEB_KEPT_SENDERS };
	struct pst_web_forecast *out = &answer->forecast;
	struct pst_forecast_row *rows =
	    pst_arena_array(answer->arena, MOST, sizeof(*rows));
	size_t origins[MOST], room = MAX_RULES;

	out->rows = rows;
	for (size_t i = 0; i < all->count; i++) {
		const struct pst_forecast_row *row = &all->rows[i];
		struct pst_forecast_row *to = &rows[out->count];

		out->kinds[row->kind].senders++;
		out->kinds[row->kind].messages += row->messages;
		if (out->kinds[row->kind].kept == PST_WEB_KEPT_SENDERS)
			continue;
		out->kinds[row->kind].kept++;
		*to = *row;
		to->from_domain =
		    pst_arena_strdup(answer->arena, row->from_domain);
		to->via = pst_arena_strdup(answer->arena, row->via);
		to->why = pst_arena_strdup(answer->arena, row->why);
		to->rule = keep_rule(answer, all, origins, row->rule, &room);
		origins[out->count++] = i;
	}
}

static bool
make_forecast(struct pst_web_answer *answer,
    const struct pst_web_source *source, struct pst_err *err)
{
	struct pst_web_forecast *out = &answer->forecast;
	const struct pst_forecast_span span = {.first_day = out->first_day,
	    .last_day = out->last_day,
	    .own_domains = source->own_domains};
	struct pst_arena *arena = pst_arena_new();
	struct pst_forecast all;
	bool ok =
	    pst_forecast_make(arena, source->tallies_path, span, &all, err);

	if (ok) {
		memcpy(out->would, all.would, sizeof(out->would));
		out->messages = all.messages;
		out->days = all.days;
		keep_senders(answer, &all);
	}
	pst_arena_free(arena);
	return ok;
}

struct pst_web_answer *
pst_web_answer_make(const struct pst_web_source *source,
    const struct pst_web_wanted *wanted, int64_t now_s, struct pst_err *err)
{
	struct pst_web_answer *answer = new_answer();
	struct pst_web_table_rows *table = &answer->table;
	bool ok;

	table->last_day = pst_day_of(now_s);
	table->first_day = table->last_day - wanted->of.days + 1;
	table->days_shown = wanted->of.days;
	table->made_s = now_s;
	answer->forecast.first_day = table->first_day;
	answer->forecast.last_day = table->last_day;
	answer->forecast.made_s = now_s;
	ok = wanted->forecast ? make_forecast(answer, source, err) :
				make_table(answer, source, &wanted->of, err);
	/* What a visitor left unfinished is not an answer. */
	if (ok && atomic_load(source->stop))
		ok = pst_err_set(err, "the program is about to end");
	if (!ok) {
		pst_web_answer_release(answer);
		return NULL;
	}
	return answer;
}

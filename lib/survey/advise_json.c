/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/advise_json.h"

#include "base/day.h"
#include "base/json.h"

static void
add_day(struct pst_json *json, const char *key, int64_t day)
{
	char text[PST_DAY_TEXT_SIZE];

	pst_json_text(json, key, pst_day_text(day, text));
}

static void
add_row(struct pst_json *json, const struct pst_advise_row *row)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "source", row->source);
	pst_json_number(json, "addresses", row->addresses);
	pst_json_text(json, "name", row->name);
	pst_json_text(json, "judgement", pst_advise_name(row->kind));
	pst_json_bool(json, "in_the_way", row->in_the_way);
	pst_json_text(json, "why", row->why);
	pst_json_text(json, "fix", row->fix);
	pst_json_text(json, "authenticated", row->authenticated);
	pst_json_text(json, "receivers", row->receivers);
	pst_json_number(json, "receiver_count", row->receiver_count);
	pst_json_number(json, "messages", (uint64_t)row->messages);
	pst_json_number(json, "passed", (uint64_t)row->passed);
	pst_json_real(json, "share", row->share);
	pst_json_text(json, "trend", row->trend);
	pst_json_number(json, "days", row->days);
	add_day(json, "first", row->first_day);
	add_day(json, "last", row->last_day);
	pst_json_text(json, "mark", pst_mark_word(row->mark));
	pst_json_text(json, "note", row->note);
	pst_json_close(json);
}

static void
add_anomalies(struct pst_json *json, const struct pst_anomalies *anomalies)
{
	pst_json_bool(json, "anomalies_known", anomalies->enough);
	pst_json_open_array(json, "anomalies");
	for (size_t i = 0; i < anomalies->count; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "name", anomalies->items[i].name);
		pst_json_text(json, "source", anomalies->items[i].source);
		pst_json_text(json, "text", anomalies->items[i].text);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_number(json, "anomalies_more", anomalies->more);
}

/* How many addresses and messages are of each judgement. */
static void
add_kinds(struct pst_json *json, const struct pst_advice *advice)
{
	pst_json_open_object(json, "by_kind");
	for (unsigned i = 0; i < PST_ADVISE_KINDS; i++) {
		pst_json_open_object(
		    json, pst_advise_name((enum pst_advise_kind)i));
		pst_json_number(json, "addresses", advice->by_kind[i]);
		pst_json_number(
		    json, "messages", (uint64_t)advice->messages_by_kind[i]);
		pst_json_close(json);
	}
	pst_json_close(json);
}

/* Addresses, as in the sentence of the verdict. */
static size_t
in_the_way(const struct pst_advice *advice)
{
	size_t count = 0;

	for (size_t i = 0; i < advice->count; i++)
		if (advice->rows[i].in_the_way)
			count += advice->rows[i].addresses;
	return count;
}

static void
add_sources(struct pst_json *json, const struct pst_advice *advice, size_t max)
{
	size_t count = advice->count < max ? advice->count : max;

	pst_json_open_array(json, "sources");
	for (size_t i = 0; i < count; i++)
		add_row(json, &advice->rows[i]);
	pst_json_close(json);
	pst_json_number(json, "sources_left_out", advice->count - count);
}

const char *
pst_advise_json(struct pst_arena *arena, const struct pst_advice *advice,
    const struct pst_anomalies *anomalies, size_t max_sources)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "domain", advice->domain);
	pst_json_text(
	    json, "verdict", pst_advise_verdict_name(advice->verdict));
	pst_json_text(json, "sentence", advice->sentence);
	pst_json_text(json, "policy", advice->current);
	pst_json_text(json, "owner", advice->owner);
	pst_json_text(json, "record", advice->text);
	pst_json_text(json, "zone", advice->zone);
	pst_json_text(json, "step", advice->step);
	pst_json_number(json, "messages", (uint64_t)advice->messages);
	pst_json_number(json, "passed", (uint64_t)advice->passed);
	pst_json_number(json, "genuine", (uint64_t)advice->genuine);
	pst_json_number(json, "days", advice->days);
	pst_json_number(json, "known_receivers", advice->receivers);
	pst_json_number(json, "other_receivers", advice->strangers);
	pst_json_number(json, "seen_here", advice->seen_here);
	pst_json_number(json, "seen_here_aligned", advice->seen_aligned);
	pst_json_number(json, "in_the_way", in_the_way(advice));
	add_kinds(json, advice);
	add_sources(json, advice, max_sources);
	if (anomalies != NULL)
		add_anomalies(json, anomalies);
	pst_json_close(json);
	return pst_json_end(json);
}

const char *
pst_advise_summary_json(struct pst_arena *arena,
    const struct pst_advice *advice, const struct pst_anomalies *anomalies)
{
	struct pst_json *json = pst_json_new(arena);
	pst_json_open_object(json, NULL);
	pst_json_text(json, "domain", advice->domain);
	pst_json_text(
	    json, "verdict", pst_advise_verdict_name(advice->verdict));
	pst_json_number(json, "messages", (uint64_t)advice->messages);
	pst_json_number(json, "passed", (uint64_t)advice->passed);
	pst_json_number(json, "in_the_way", in_the_way(advice));
	if (anomalies != NULL && anomalies->enough)
		pst_json_number(
		    json, "anomalies", anomalies->count + anomalies->more);
	pst_json_close(json);
	return pst_json_end(json);
}

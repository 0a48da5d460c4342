/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/anomaly.h"

#include <inttypes.h>
#include <stdlib.h>

#include "survey/advise_parts.h"

/* Mail by day, as known receivers report it. */
struct series {
	int64_t passed[PST_ADVISE_MAX_DAYS + 1];
	int64_t failed[PST_ADVISE_MAX_DAYS + 1];
};

struct part {
	int64_t passed, failed;
	int64_t busiest; /* the messages of one day */
	unsigned days;
};

struct hunt {
	struct pst_advise *advise;
	struct pst_anomalies *out;
	size_t recent; /* the first recent day */
	struct series forged;
	int64_t recent_messages; /* of the domain */
};

static void
name_it(
    struct hunt *hunt, const char *name, const char *source, const char *text)
{
	struct pst_anomalies *out = hunt->out;

	if (out->count == PST_ANOMALY_MAX)
		out->more++;
	else
		out->items[out->count++] =
		    (struct pst_anomaly){name, source, text};
}

static void
add_source(const struct pst_advise *advise, struct series *series,
    const struct advise_source *source)
{
	for (const struct advise_cell *cell = source->cells; cell != NULL;
	     cell = cell->before) {
		if (!advise_receiver_has(&advise->known, cell->receiver))
			continue;
		series->passed[cell->day] += cell->passed;
		series->failed[cell->day] += cell->failed;
	}
}

/* Sums up the days from `from` to before `to`. */
static struct part
sum_up(const struct series *series, size_t from, size_t to)
{
	struct part part = {.days = 0};

	for (size_t day = from; day < to; day++) {
		int64_t messages = series->passed[day] + series->failed[day];

		part.passed += series->passed[day];
		part.failed += series->failed[day];
		part.days += messages > 0;
		if (messages > part.busiest)
			part.busiest = messages;
	}
	return part;
}

static int
by_network(const void *left, const void *right)
{
	const struct advise_source *a = *(struct advise_source *const *)left;
	const struct advise_source *b = *(struct advise_source *const *)right;

	if (a->ip.family != b->ip.family)
		return a->ip.family < b->ip.family ? -1 : 1;
	return memcmp(a->ip.octets, b->ip.octets, sizeof(a->ip.octets));
}

/* A provider that was seen before sends from new networks at times. */
static bool
is_known_sender(const struct hunt *hunt, const struct advise_source *source)
{
	for (size_t i = 0; i < source->auth_count; i++)
		for (size_t day = 0; day < hunt->recent; day++)
			if (advise_day_has(&source->auths[i]->seen, day))
				return true;
	return false;
}

static bool
check_new(struct hunt *hunt, const struct pst_advise_row *row,
    const struct advise_source *source, const struct part *recent)
{
	bool noise = source->kind == PST_ADVISE_FORGERY;
	int64_t messages = recent->passed + recent->failed;
	int64_t least = noise ? PST_ANOMALY_MIN_NOISE : PST_ANOMALY_MIN_NEW;
	int64_t share = hunt->recent_messages / (noise ? 10 : 50);

	if (source->mark != NULL || messages < least || messages < share ||
	    is_known_sender(hunt, source))
		return false;
	name_it(hunt, "new-source", row->source,
	    pst_arena_printf(hunt->advise->arena,
		"new source %s%s%s%s: %" PRId64 " messages, %" PRId64
		" passed; %s",
		row->source, row->name == NULL ? "" : " (",
		row->name == NULL ? "" : row->name,
		row->name == NULL ? "" : ")", messages, recent->passed,
		row->why));
	return true;
}

static void
check_jump(struct hunt *hunt, const char *source, const struct part *before,
    const struct part *recent)
{
	if (recent->busiest <= before->busiest * PST_ANOMALY_TIMES ||
	    recent->busiest < before->busiest + PST_ANOMALY_MORE)
		return;
	name_it(hunt, "jump", source,
	    pst_arena_printf(hunt->advise->arena,
		"jump of %s: %" PRId64 " messages on a day, %" PRId64
		" on the busiest day before",
		source[0] == '\0' ? "mail that looks forged" : source,
		recent->busiest, before->busiest));
}

static void
check_fall(struct hunt *hunt, const char *source, const struct part *before,
    const struct part *recent)
{
	int64_t old = before->passed + before->failed;
	int64_t new = recent->passed + recent->failed;
	int64_t was, is;

	if (old < PST_ANOMALY_MIN_RATE || new < PST_ANOMALY_MIN_RATE)
		return;
	was = (int64_t)((double)before->passed * 100 / (double)old);
	is = (int64_t)((double)recent->passed * 100 / (double)new);
	if (was - is < PST_ANOMALY_FALL)
		return;
	name_it(hunt, "fall", source,
	    pst_arena_printf(hunt->advise->arena,
		"fewer pass from %s: %" PRId64 " %% of %" PRId64
		" messages, %" PRId64 " %% before",
		source, is, new, was));
}

static void
check_network(
    struct hunt *hunt, struct advise_source *const *sources, size_t count)
{
	size_t days = hunt->advise->day_count;
	struct series series = {{0}, {0}};
	const struct advise_source *first = sources[0];
	struct pst_advise_row row;
	struct part before, recent;
	bool all_forged = true;

	for (size_t i = 0; i < count; i++) {
		add_source(hunt->advise, &series, sources[i]);
		if (sources[i]->kind == PST_ADVISE_FORGERY)
			continue;
		if (all_forged)
			first = sources[i];
		all_forged = false;
	}
	before = sum_up(&series, 0, hunt->recent);
	recent = sum_up(&series, hunt->recent, days);
	if (recent.days == 0)
		return;
	advise_describe(hunt->advise, sources, count, &row);
	if (before.days == 0 && check_new(hunt, &row, first, &recent))
		return;
	if (all_forged) {
		for (size_t i = 0; i < count; i++)
			add_source(hunt->advise, &hunt->forged, sources[i]);
		return;
	}
	if (before.days > 0)
		check_jump(hunt, row.source, &before, &recent);
	if (first->kind != PST_ADVISE_FORWARDER)
		check_fall(hunt, row.source, &before, &recent);
}

static void
check_forged(struct hunt *hunt)
{
	struct part before = sum_up(&hunt->forged, 0, hunt->recent);
	struct part recent =
	    sum_up(&hunt->forged, hunt->recent, hunt->advise->day_count);

	check_jump(hunt, "", &before, &recent);
}

void
pst_anomaly_find(struct pst_advise *advise, struct pst_anomalies *out)
{
	/* today counts with the last two whole days */
	struct hunt hunt = {.advise = advise,
	    .out = out,
	    .recent = advise->day_count > PST_ANOMALY_RECENT + 1 ?
		advise->day_count - PST_ANOMALY_RECENT - 1 :
		0};
	struct series all = {{0}, {0}};
	struct part part;

	*out = (struct pst_anomalies){.count = 0};
	for (size_t i = 0; i < advise->count; i++)
		add_source(advise, &all, advise->sources[i]);
	if (sum_up(&all, 0, hunt.recent).days < PST_ANOMALY_BASELINE)
		return;
	out->enough = true;
	part = sum_up(&all, hunt.recent, advise->day_count);
	hunt.recent_messages = part.passed + part.failed;
	qsort(advise->sources, advise->count, sizeof(*advise->sources),
	    by_network);
	for (size_t i = 0, n; i < advise->count; i += n) {
		n = 1;
		while (i + n < advise->count &&
		    advise->sources[i]->network ==
			advise->sources[i + n]->network)
			n++;
		check_network(&hunt, &advise->sources[i], n);
	}
	check_forged(&hunt);
}

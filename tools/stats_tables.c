/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/json.h"
#include "base/macros.h"
#include "tools/bar.h"
#include "tools/command.h"
#include "tools/csv.h"
#include "tools/stats.h"
#include "tools/ui.h"

static const char command[] = "stats";

/* Columns of a table for a person; with the others they make 80. */
#define KEY_COLUMNS 26
#define BAR_COLUMNS 9

struct line {
	struct line *next;
	const char *key;
	uint64_t done[PST_TALLY_ACTIONS];
	uint64_t would[PST_TALLY_ACTIONS];
	uint64_t aligned;
	uint64_t indirect;
	unsigned networks;
	unsigned days;
};

struct table {
	struct pst_arena *arena;
	struct line *first, **end;
	struct line all; /* the sum of all lines */
	uint64_t most;   /* messages of one line */
	uint64_t count;
	uint64_t limit; /* of lines that are kept */
	bool by_day;    /* lines are days */
	bool by_key;    /* lines are in the order of their keys */
};

static void
add_counts(struct line *line, const struct pst_tally_row *row)
{
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		line->done[i] += row->done[i];
		line->would[i] += row->would[i];
	}
	line->aligned += row->aligned;
	line->indirect += row->indirect;
}

static struct line *
add_line(struct table *table, const char *key)
{
	struct line *line = pst_arena_alloc(table->arena, sizeof(*line));
	struct line **at = table->end;

	line->key = pst_arena_strdup(table->arena, key);
	if (table->by_key) {
		at = &table->first;
		while (*at != NULL && strcmp((*at)->key, key) < 0)
			at = &(*at)->next;
	}
	line->next = *at;
	*at = line;
	if (line->next == NULL)
		table->end = &line->next;
	return line;
}

/* Rows of one day follow each other. */
static bool
take_day(struct table *table, const struct pst_tally_row *row)
{
	char day[PST_DAY_TEXT_SIZE];
	struct line *line = table->first;

	while (line != NULL && line->next != NULL)
		line = line->next;
	(void)pst_day_text(row->day, day);
	if (line == NULL || strcmp(line->key, day) != 0) {
		line = add_line(table, day);
		line->days = 1;
		table->count++;
	}
	add_counts(line, row);
	add_counts(&table->all, row);
	return true;
}

static bool
take_row(void *arg, const struct pst_tally_row *row, unsigned days)
{
	struct table *table = arg;

	if (table->by_day)
		return take_day(table, row);
	add_counts(&table->all, row);
	if (table->count++ < table->limit) {
		struct line *line = add_line(table, row->key);

		add_counts(line, row);
		line->networks = pst_tally_networks(row->networks);
		line->days = days;
	}
	return true;
}

static enum pst_tally_question
question_of(enum pst_stats_by by)
{
	switch (by) {
	case PST_STATS_FROM_DOMAIN:
		return PST_TALLY_FROM_DOMAIN;
	case PST_STATS_SOURCE:
		return PST_TALLY_NETWORK;
	case PST_STATS_RCPT_DOMAIN:
		return PST_TALLY_RCPT_DOMAIN;
	case PST_STATS_RULE:
		return PST_TALLY_RULE;
	case PST_STATS_REASON:
		return PST_TALLY_REASON;
	case PST_STATS_TOTALS:
	case PST_STATS_DAY:
	case PST_STATS_HOUR:
		break;
	}
	return PST_TALLY_HOUR;
}

/* ---- for a person ---- */

static uint64_t
marked(const uint64_t counts[PST_TALLY_ACTIONS])
{
	return counts[PST_ACTION_TAG] + counts[PST_ACTION_QUARANTINE];
}

static void
print_line(const struct table *table, const struct line *line)
{
	const uint64_t messages = pst_stats_sum(line->done);

	pst_bar_print_key(line->key, KEY_COLUMNS);
	printf(" %9" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %4.0f%%  ",
	    messages, line->done[PST_ACTION_REJECT], marked(line->done),
	    line->would[PST_ACTION_REJECT] + marked(line->would),
	    messages == 0 ? 0.0 :
			    100 * (double)line->aligned / (double)messages);
	pst_bar_print(messages, table->most, BAR_COLUMNS);
	putchar('\n');
}

static void
print_lines(struct table *table, const char *what)
{
	for (const struct line *line = table->first; line != NULL;
	     line = line->next) {
		if (pst_stats_sum(line->done) > table->most)
			table->most = pst_stats_sum(line->done);
	}
	printf("%-*s  messages  refused   marked enforced aligned\n",
	    KEY_COLUMNS, what);
	for (const struct line *line = table->first; line != NULL;
	     line = line->next)
		print_line(table, line);
	if (table->count > table->limit && !table->by_day)
		printf("and %" PRIu64 " more; --limit shows more of them\n",
		    table->count - table->limit);
}

/* What was done with all mail, and what enforcing does. */
static void
print_actions(const struct line *all)
{
	const uint64_t messages = pst_stats_sum(all->done);

	printf("%-*s  messages       if enforced\n", 12, "action");
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		if (all->done[i] == 0 && all->would[i] == 0)
			continue;
		printf("%-12s %9" PRIu64 "  %5.1f%% %9" PRIu64 "  %5.1f%%  ",
		    pst_stats_actions[i], all->done[i],
		    100 * (double)all->done[i] / (double)messages,
		    all->would[i],
		    100 * (double)all->would[i] / (double)messages);
		pst_bar_print(all->would[i], messages, BAR_COLUMNS);
		putchar('\n');
	}
	putchar('\n');
}

static void
print_text(struct table *table, const struct pst_stats_request *request)
{
	printf("%s, %" PRIu64 " messages\n\n",
	    pst_stats_days(table->arena, request),
	    pst_stats_sum(table->all.done));
	if (table->count == 0)
		return;
	if (request->by == PST_STATS_TOTALS)
		print_actions(&table->all);
	print_lines(table, request->by_word == NULL ? "day" : request->by_word);
}

/* ---- for programs ---- */

static void
add_object(struct pst_json *json, const char *key,
    const uint64_t counts[PST_TALLY_ACTIONS])
{
	pst_json_open_object(json, key);
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		pst_json_number(json, pst_stats_actions[i], counts[i]);
	pst_json_close(json);
}

static void
add_members(struct pst_json *json, const struct line *line)
{
	pst_json_number(json, "messages", pst_stats_sum(line->done));
	add_object(json, "done", line->done);
	add_object(json, "if_enforced", line->would);
	pst_json_number(json, "aligned", line->aligned);
	pst_json_number(json, "indirect", line->indirect);
}

static void
print_json(const struct table *table, const struct pst_stats_request *request)
{
	struct pst_json *json = pst_json_new(table->arena);
	char day[PST_DAY_TEXT_SIZE];

	pst_json_open_object(json, NULL);
	pst_json_text(json, "first_day", pst_day_text(request->first_day, day));
	pst_json_text(json, "last_day", pst_day_text(request->last_day, day));
	add_members(json, &table->all);
	pst_json_text(
	    json, "by", request->by_word == NULL ? "day" : request->by_word);
	pst_json_open_array(json, "rows");
	for (const struct line *line = table->first; line != NULL;
	     line = line->next) {
		pst_json_open_object(json, NULL);
		pst_json_octets(json, "key", pst_str(line->key));
		add_members(json, line);
		if (line->networks > 0)
			pst_json_number(json, "networks", line->networks);
		pst_json_number(json, "days", line->days);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_number(json, "rows_in_all", table->count);
	pst_json_close(json);
	puts(pst_json_end(json));
}

static void
print_csv(const struct table *table, const struct pst_stats_request *request)
{
	printf(
	    "%s,messages", request->by_word == NULL ? "day" : request->by_word);
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		printf(",%s", pst_stats_actions[i]);
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		printf(",if_enforced_%s", pst_stats_actions[i]);
	printf(",aligned,indirect,days\r\n");
	for (const struct line *line = table->first; line != NULL;
	     line = line->next) {
		pst_csv_text(pst_str(line->key));
		printf(",%" PRIu64, pst_stats_sum(line->done));
		for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
			printf(",%" PRIu64, line->done[i]);
		for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
			printf(",%" PRIu64, line->would[i]);
		printf(",%" PRIu64 ",%" PRIu64 ",%u\r\n", line->aligned,
		    line->indirect, line->days);
	}
}

int
pst_stats_tables(struct pst_arena *arena, const char *path,
    const struct pst_stats_request *request)
{
	const bool by_day =
	    request->by == PST_STATS_TOTALS || request->by == PST_STATS_DAY;
	const struct pst_tally_query query = {
	    .question = question_of(request->by),
	    .first_day = request->first_day,
	    .last_day = request->last_day,
	    .by_day = by_day};
	struct table table = {.arena = arena,
	    .by_day = by_day,
	    .by_key = request->by == PST_STATS_HOUR,
	    .limit = request->limit > 0       ? request->limit :
		request->json || request->csv ? UINT64_MAX :
		request->by == PST_STATS_HOUR ? 24 :
						PST_STATS_LIMIT};
	struct pst_err err;

	table.end = &table.first;
	if (!pst_tallies_ask(path, &query,
		(struct pst_tally_visitor){take_row, &table}, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (request->json)
		print_json(&table, request);
	else if (request->csv)
		print_csv(&table, request);
	else
		print_text(&table, request);
	return PST_EXIT_OK;
}

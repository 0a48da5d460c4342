/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/json.h"
#include "store/forecast.h"
#include "tools/command.h"
#include "tools/csv.h"
#include "tools/stats.h"
#include "tools/ui.h"

static const char command[] = "stats";

#define INDENT 4
#define MAX_SENTENCE 1024

/* In the order in which they are printed: first those that would lose mail. */
static const struct {
	enum pst_forecast_kind kind;
	enum pst_ui_tone tone;
	const char *advice;
} kinds[PST_FORECAST_KINDS] = {
    {PST_FORECAST_GENUINE, PST_UI_GOOD,
	"Check that you know the sender, then paste the rule."},
    {PST_FORECAST_FORWARDED, PST_UI_WARN,
	"Check that you know the forwarder or list, then paste the rule."},
    {PST_FORECAST_UNCLEAR, PST_UI_PLAIN,
	"Look at examples with \"postern explain --from-domain\". The rule "
	"tags the mail instead of refusing it until you know."},
    {PST_FORECAST_FORGED, PST_UI_BAD,
	"They are refused or marked; nothing needs to be done."},
};

/* "30 refused, 2 quarantined" */
static void
add_actions(struct pst_buf *buf, const uint64_t would[PST_TALLY_ACTIONS])
{
	static const struct {
		enum pst_action action;
		const char *word;
	} words[] = {{PST_ACTION_REJECT, "refused"},
	    {PST_ACTION_QUARANTINE, "quarantined"}, {PST_ACTION_TAG, "tagged"},
	    {PST_ACTION_TEMPFAIL, "deferred"}};
	const char *separator = "";

	for (size_t i = 0; i < PST_COUNT(words); i++) {
		if (would[words[i].action] == 0)
			continue;
		pst_buf_printf(buf, "%s%" PRIu64 " %s", separator,
		    would[words[i].action], words[i].word);
		separator = ", ";
	}
}

/* True if an earlier row has the same rule: all of a forwarder have. */
static bool
is_repeated(const struct pst_forecast *forecast, size_t at)
{
	const struct pst_forecast_row *row = &forecast->rows[at];

	for (size_t i = 0; i < at; i++) {
		if (forecast->rows[i].rule == row->rule)
			return true;
	}
	return false;
}

/* ---- for a person ---- */

/* Each line of the rule, below the row. */
static void
print_rule(const char *rule)
{
	struct pst_str rest = pst_str(rule), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (line.len > 0)
			printf(
			    "%*s%.*s\n", INDENT, "", (int)line.len, line.ptr);
	}
}

static void
print_row(struct pst_arena *arena, const struct pst_forecast *forecast,
    size_t at, enum pst_ui_tone tone)
{
	const struct pst_forecast_row *row = &forecast->rows[at];
	const unsigned width = pst_ui_width(1);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_SENTENCE);
	pst_buf_printf(&buf, ": %.120s", row->from_domain);
	if (row->via[0] != '\0')
		pst_buf_printf(&buf, " by %.120s", row->via);
	pst_buf_add_text(&buf, ": ");
	add_actions(&buf, row->would);
	pst_buf_add_char(&buf, '\n');
	pst_ui_print(tone, pst_forecast_word(row->kind));
	pst_ui_wrap(stdout, pst_buf_str(&buf), width, INDENT);
	pst_ui_wrap(stdout,
	    pst_arena_printf(arena, "%*s%s\n", INDENT, "", row->why), width,
	    INDENT);
	if (row->rule == NULL)
		return;
	if (is_repeated(forecast, at))
		printf("%*s(the rule above has it)\n", INDENT, "");
	else
		print_rule(row->rule);
}

static uint64_t
print_kind(struct pst_arena *arena, const struct pst_forecast *forecast,
    size_t kind, uint64_t limit)
{
	uint64_t count = 0, messages = 0;

	for (size_t i = 0; i < forecast->count; i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];

		if (row->kind != kinds[kind].kind)
			continue;
		messages += row->messages;
		if (count++ < limit)
			print_row(arena, forecast, i, kinds[kind].tone);
	}
	if (count > limit)
		printf("... and %" PRIu64 " more that %s; --limit shows them\n",
		    count - limit,
		    kinds[kind].kind == PST_FORECAST_FORGED ? "are forged" :
			kinds[kind].kind == PST_FORECAST_UNCLEAR ?
							      "are unclear" :
			kinds[kind].kind == PST_FORECAST_GENUINE ?
							      "look genuine" :
							      "look forwarded");
	if (count > 0) {
		pst_ui_wrap(stdout,
		    pst_arena_printf(arena, "%s\n\n", kinds[kind].advice),
		    pst_ui_width(1), 0);
	}
	return messages;
}

static void
print_sum(struct pst_arena *arena, const struct pst_forecast *forecast,
    const uint64_t messages[PST_FORECAST_KINDS])
{
	const uint64_t lost =
	    pst_stats_sum(forecast->would) - forecast->would[PST_ACTION_ACCEPT];
	uint64_t rest = lost;
	struct pst_buf buf;

	if (lost == 0) {
		printf("Enforcing would accept all %" PRIu64 " messages.\n",
		    forecast->messages);
		return;
	}
	pst_buf_init(&buf, arena, MAX_SENTENCE);
	pst_buf_printf(&buf,
	    "Enforcing would change what becomes of %" PRIu64 " of %" PRIu64
	    " messages (",
	    lost, forecast->messages);
	add_actions(&buf, forecast->would);
	pst_buf_add_text(&buf, "): ");
	for (size_t i = 0; i < PST_FORECAST_KINDS; i++) {
		const enum pst_forecast_kind kind = kinds[i].kind;

		pst_buf_printf(&buf, "%s%" PRIu64 " %s", i == 0 ? "" : ", ",
		    messages[i],
		    kind == PST_FORECAST_GENUINE       ? "look genuine" :
			kind == PST_FORECAST_FORWARDED ? "look forwarded" :
			kind == PST_FORECAST_UNCLEAR   ? "are unclear" :
							 "are forged");
		rest -= messages[i] < rest ? messages[i] : rest;
	}
	if (rest > 0)
		pst_buf_printf(&buf,
		    ", and %" PRIu64 " are of senders that are not told apart",
		    rest);
	pst_buf_add_text(&buf, ".\n");
	pst_ui_wrap(stdout, pst_buf_str(&buf), pst_ui_width(1), 0);
}

static void
print_text(struct pst_arena *arena, const struct pst_forecast *forecast,
    const struct pst_stats_request *request)
{
	const uint64_t limit =
	    request->limit > 0 ? request->limit : PST_STATS_LIMIT;
	uint64_t messages[PST_FORECAST_KINDS];

	printf("What enforcing would have done with the mail of %s:\n\n",
	    pst_stats_days(arena, request));
	for (size_t i = 0; i < PST_FORECAST_KINDS; i++)
		messages[i] = print_kind(arena, forecast, i, limit);
	print_sum(arena, forecast, messages);
}

/* ---- for programs ---- */

static size_t
shown(const struct pst_forecast *forecast,
    const struct pst_stats_request *request)
{
	return request->limit > 0 && request->limit < forecast->count ?
	    (size_t)request->limit :
	    forecast->count;
}

static void
add_would(struct pst_json *json, const uint64_t would[PST_TALLY_ACTIONS])
{
	pst_json_open_object(json, "if_enforced");
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		pst_json_number(json, pst_stats_actions[i], would[i]);
	pst_json_close(json);
}

static void
print_json(struct pst_arena *arena, const struct pst_forecast *forecast,
    const struct pst_stats_request *request)
{
	struct pst_json *json = pst_json_new(arena);
	char day[PST_DAY_TEXT_SIZE];

	pst_json_open_object(json, NULL);
	pst_json_text(json, "first_day", pst_day_text(request->first_day, day));
	pst_json_text(json, "last_day", pst_day_text(request->last_day, day));
	pst_json_number(json, "messages", forecast->messages);
	add_would(json, forecast->would);
	pst_json_open_array(json, "rows");
	for (size_t i = 0; i < shown(forecast, request); i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];

		pst_json_open_object(json, NULL);
		pst_json_octets(json, "from_domain", pst_str(row->from_domain));
		pst_json_octets(json, "via", pst_str(row->via));
		pst_json_text(json, "kind", pst_forecast_word(row->kind));
		pst_json_text(json, "why", row->why);
		pst_json_number(json, "messages", row->messages);
		add_would(json, row->would);
		pst_json_number(json, "networks", row->networks);
		pst_json_number(json, "days", row->days);
		pst_json_number(json, "domain_aligned", row->domain_aligned);
		pst_json_text(json, "rule", row->rule);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_number(json, "rows_in_all", forecast->count);
	pst_json_close(json);
	puts(pst_json_end(json));
}

static void
print_csv(const struct pst_forecast *forecast,
    const struct pst_stats_request *request)
{
	printf("from_domain,via,kind,messages,reject,quarantine,tag,networks,"
	       "days,domain_aligned,why\r\n");
	for (size_t i = 0; i < shown(forecast, request); i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];

		pst_csv_text(pst_str(row->from_domain));
		putchar(',');
		pst_csv_text(pst_str(row->via));
		printf(",\"%s\",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       ",%u,%u,%" PRIu64 ",",
		    pst_forecast_word(row->kind), row->messages,
		    row->would[PST_ACTION_REJECT],
		    row->would[PST_ACTION_QUARANTINE],
		    row->would[PST_ACTION_TAG], row->networks, row->days,
		    row->domain_aligned);
		pst_csv_text(pst_str(row->why));
		(void)fputs("\r\n", stdout);
	}
}

int
pst_stats_forecast(struct pst_arena *arena, const char *path,
    const struct pst_stats_request *request)
{
	const struct pst_forecast_span span = {.first_day = request->first_day,
	    .last_day = request->last_day,
	    .own_domains = request->own_domains};
	struct pst_forecast forecast;
	struct pst_err err;

	if (!pst_forecast_make(arena, path, span, &forecast, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (request->json)
		print_json(arena, &forecast, request);
	else if (request->csv)
		print_csv(&forecast, request);
	else
		print_text(arena, &forecast, request);
	return PST_EXIT_OK;
}

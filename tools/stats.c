/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/stats.h"

#include <getopt.h>
#include <string.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/journal_config.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "stats";

#define USUAL_DAYS 7
#define MAX_LIMIT 1000000

static const struct option options[] = {
    {"since", required_argument, NULL, 's'},
    {"by", required_argument, NULL, 'b'},
    {"would", no_argument, NULL, 'w'},
    {"limit", required_argument, NULL, 'l'},
    {"json", no_argument, NULL, 'j'},
    {"csv", no_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

const char *const pst_stats_actions[PST_TALLY_ACTIONS] = {
    [PST_ACTION_ACCEPT] = "accept",
    [PST_ACTION_TAG] = "tag",
    [PST_ACTION_QUARANTINE] = "quarantine",
    [PST_ACTION_REJECT] = "reject",
    [PST_ACTION_TEMPFAIL] = "tempfail",
};

static const struct {
	const char *word;
	enum pst_stats_by by;
} words[] = {
    {"from-domain", PST_STATS_FROM_DOMAIN},
    {"source", PST_STATS_SOURCE},
    {"rcpt-domain", PST_STATS_RCPT_DOMAIN},
    {"rule", PST_STATS_RULE},
    {"day", PST_STATS_DAY},
    {"hour", PST_STATS_HOUR},
    {"reason", PST_STATS_REASON},
};

uint64_t
pst_stats_sum(const uint64_t counts[PST_TALLY_ACTIONS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sum += counts[i];
	return sum;
}

const char *
pst_stats_days(struct pst_arena *arena, const struct pst_stats_request *request)
{
	char first[PST_DAY_TEXT_SIZE], last[PST_DAY_TEXT_SIZE];

	(void)pst_day_text(request->first_day, first);
	(void)pst_day_text(request->last_day, last);
	if (request->first_day >= request->last_day)
		return pst_arena_strdup(arena, last);
	return pst_arena_printf(arena, "%s to %s", first, last);
}

static bool
take_by(struct pst_stats_request *request, const char *text)
{
	for (size_t i = 0; i < PST_COUNT(words); i++) {
		if (strcmp(text, words[i].word) != 0)
			continue;
		request->by = words[i].by;
		request->by_word = words[i].word;
		return true;
	}
	pst_ui_fail(command,
	    "--by must be one of from-domain, source, rcpt-domain, rule, day, "
	    "hour and reason, not \"%s\"",
	    text);
	return false;
}

static bool
take_since(struct pst_stats_request *request, const char *text)
{
	const int64_t now = pst_clock_epoch(&pst_clock_system);
	int64_t since;

	if (!pst_argument_since(command, "--since", text, now, &since))
		return false;
	request->first_day = pst_day_of(since);
	return true;
}

static bool
take_option(struct pst_stats_request *request, int option)
{
	const struct pst_argument_range range = {"--limit", 1, MAX_LIMIT};

	switch (option) {
	case 's':
		return take_since(request, optarg);
	case 'b':
		return take_by(request, optarg);
	case 'w':
		request->would = true;
		return true;
	case 'l':
		return pst_argument_number(
		    command, range, optarg, &request->limit);
	case 'j':
		request->json = true;
		return true;
	case 'c':
		request->csv = true;
		return true;
	case 'f':
		request->config_file = optarg;
		return true;
	default:
		return false;
	}
}

static bool
read_options(struct pst_stats_request *request, int argc, char **argv)
{
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		if (!take_option(request, c))
			return false;
	}
	if (optind < argc)
		pst_ui_fail(
		    command, "unexpected argument \"%s\"", argv[optind]);
	else if (request->json && request->csv)
		pst_ui_fail(
		    command, "--json and --csv cannot be used together");
	else if (request->would && request->by_word != NULL)
		pst_ui_fail(
		    command, "--would and --by cannot be used together");
	else
		return true;
	return false;
}

static int
run(struct pst_stats_request *request)
{
	struct pst_arena *arena;
	struct pst_config *config;
	const char *origin, *path;
	int status;

	config = pst_settings_load(command, request->config_file, &origin);
	if (config == NULL)
		return PST_EXIT_USAGE;
	arena = pst_arena_new();
	request->own_domains = &config->own_domains.set;
	path = pst_tallies_path(arena, pst_journal_path(arena, config));
	status = request->would ? pst_stats_forecast(arena, path, request) :
				  pst_stats_tables(arena, path, request);
	pst_arena_free(arena);
	pst_config_unref(config);
	return status;
}

int
pst_cmd_stats(int argc, char **argv)
{
	const int64_t today = pst_day_of(pst_clock_epoch(&pst_clock_system));
	struct pst_stats_request request = {
	    .first_day = today - USUAL_DAYS + 1, .last_day = today};

	if (!read_options(&request, argc, argv))
		return PST_EXIT_USAGE;
	return pst_ui_finish(command, run(&request));
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/json.h"
#include "base/day.h"
#include "feedback/imports.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/report.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "report sources";

enum option_id {
	OPT_DOMAIN = 1000,
	OPT_SINCE,
	OPT_JSON,
};

static const struct option options[] = {
    {"domain", required_argument, NULL, OPT_DOMAIN},
    {"since", required_argument, NULL, OPT_SINCE},
    {"config", required_argument, NULL, PST_OPT_CONFIG},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

struct request {
	struct pst_arena *arena;
	struct pst_settings settings;
	struct pst_feedback_filter filter;
	bool json;
};

/* ---- text ---- */

/* Rounds down, so that 99.6 % does not look like all. */
static unsigned
percent(int64_t part, int64_t whole)
{
	return whole == 0 ? 0 : (unsigned)((double)part * 100 / (double)whole);
}

static void
print_share(struct pst_arena *arena, int64_t part, int64_t whole, int width)
{
	unsigned share = percent(part, whole);
	enum pst_ui_tone tone = PST_UI_WARN;

	if (whole == 0) {
		printf("%*s  ", width, "-");
		return;
	}
	if (part == whole)
		tone = PST_UI_GOOD;
	else if (part == 0)
		tone = PST_UI_BAD;
	pst_ui_print(tone, pst_arena_printf(arena, "%*u%%", width - 1, share));
	fputs("  ", stdout);
}

static void
print_domains(struct pst_arena *arena, const struct pst_feedback_source *source)
{
	size_t shown = source->domain_count < PST_FEEDBACK_MAX_DOMAINS ?
	    source->domain_count :
	    PST_FEEDBACK_MAX_DOMAINS;
	struct pst_buf buf;

	pst_buf_init(&buf, arena,
	    4 * (size_t)PST_FEEDBACK_MAX_DOMAINS * PST_FEEDBACK_MAX_TEXT +
		1024);
	pst_buf_add_text(&buf, "    ");
	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			pst_buf_add_text(&buf, ", ");
		pst_buf_add_escaped(&buf, pst_str(source->domains[i]));
	}
	if (shown < source->domain_count)
		pst_buf_printf(
		    &buf, ", and %zu more", source->domain_count - shown);
	if (source->failures > 0)
		pst_buf_printf(
		    &buf, "; %" PRId64 " in failure reports", source->failures);
	pst_buf_add_char(&buf, '\n');
	pst_ui_print(PST_UI_DIM, pst_buf_str(&buf));
}

/* A longer address gets a line of its own; the rest fits in 80 columns. */
#define ADDRESS_WIDTH 15

static void
print_source(struct pst_arena *arena, const struct pst_feedback_source *source)
{
	char first[PST_DAY_TEXT_SIZE], last[PST_DAY_TEXT_SIZE];
	int64_t end_s =
	    source->end_s > source->begin_s ? source->end_s - 1 : source->end_s;
	const char *ip = pst_escaped(arena, pst_str(source->ip));

	if (strlen(ip) > ADDRESS_WIDTH) {
		printf("%s\n", ip);
		ip = "";
	}
	printf("%-*s  %8" PRId64 "  ", ADDRESS_WIDTH, ip, source->messages);
	print_share(arena, source->dkim, source->messages, 4);
	print_share(arena, source->spf, source->messages, 4);
	print_share(arena, source->passed, source->messages, 5);
	printf("%4" PRId64 "  %4" PRId64 "  %s  %s\n", source->quarantined,
	    source->rejected, pst_day_text(pst_day_of(source->begin_s), first),
	    pst_day_text(pst_day_of(end_s), last));
	print_domains(arena, source);
}

static void
print_text(struct pst_arena *arena, const struct pst_feedback_sources *found)
{
	if (found->count > 0)
		pst_ui_print(PST_UI_DIM,
		    pst_arena_printf(arena,
			"%-*s  messages  dkim   spf  dmarc  quar   rej  "
			"first       last\n",
			ADDRESS_WIDTH, "source"));
	for (size_t i = 0; i < found->count; i++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);

		print_source(arena, &found->sources[i]);
		pst_arena_rewind(arena, mark);
	}
	printf("%s%zu source%s in %" PRId64
	       " report%s from others, unverified\n",
	    found->count > 0 ? "\n" : "", found->count,
	    found->count == 1 ? "" : "s", found->reports,
	    found->reports == 1 ? "" : "s");
	if (found->invalid > 0)
		pst_ui_note(command,
		    "%" PRId64 " invalid report%s in the store %s not counted",
		    found->invalid, found->invalid == 1 ? "" : "s",
		    found->invalid == 1 ? "is" : "are");
}

/* ---- JSON ---- */

static void
add_source(struct pst_json *json, const struct pst_feedback_source *source)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "source_ip", source->ip);
	pst_json_number(json, "messages", (uint64_t)source->messages);
	pst_json_number(json, "dkim_pass", (uint64_t)source->dkim);
	pst_json_number(json, "spf_pass", (uint64_t)source->spf);
	pst_json_number(json, "dmarc_pass", (uint64_t)source->passed);
	pst_json_number(json, "delivered", (uint64_t)source->delivered);
	pst_json_number(json, "quarantined", (uint64_t)source->quarantined);
	pst_json_number(json, "rejected", (uint64_t)source->rejected);
	pst_json_number(json, "failures", (uint64_t)source->failures);
	pst_json_number(json, "begin", (uint64_t)source->begin_s);
	pst_json_number(json, "end", (uint64_t)source->end_s);
	pst_json_number(json, "domain_count", source->domain_count);
	pst_json_open_array(json, "domains");
	for (size_t i = 0;
	     i < source->domain_count && i < PST_FEEDBACK_MAX_DOMAINS; i++)
		pst_json_text(json, NULL, source->domains[i]);
	pst_json_close(json);
	pst_json_close(json);
}

static void
print_json(struct pst_arena *arena, const struct pst_feedback_sources *found)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_number(json, "reports", (uint64_t)found->reports);
	pst_json_number(json, "invalid", (uint64_t)found->invalid);
	pst_json_open_array(json, "sources");
	for (size_t i = 0; i < found->count; i++)
		add_source(json, &found->sources[i]);
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

/* ---- the command ---- */

static bool
take_since(struct request *request)
{
	int64_t day;

	if (!pst_day_parse(pst_str(optarg), &day)) {
		pst_ui_fail(command,
		    "--since must be a date such as 2026-11-23, not \"%s\"",
		    optarg);
		return false;
	}
	request->filter.since_s = pst_day_begin(day);
	return true;
}

static bool
take_option(struct request *request, int key)
{
	switch (key) {
	case OPT_DOMAIN:
		request->filter.domain =
		    pst_domain_normalize(request->arena, pst_str(optarg));
		if (request->filter.domain != NULL)
			return true;
		pst_ui_fail(command,
		    "--domain must be a domain name, not \"%s\"", optarg);
		return false;
	case OPT_SINCE:
		return take_since(request);
	case OPT_JSON:
		request->json = true;
		return true;
	default:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	}
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next("report", argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (optind == argc)
		return true;
	pst_ui_fail(command,
	    "unexpected argument \"%s\"; see \"postern help report\"",
	    argv[optind]);
	return false;
}

/*
 * With a shared database, what was imported into this gateway's own file before
 * is not shown, and nothing moves it.
 */
static void
note_hidden(const struct request *request, const struct pst_config *config)
{
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_feedback_sources found;
	struct pst_err err;

	if (!pst_store_has_shared(config) ||
	    access(config->store.path, R_OK) != 0)
		return;
	if (pst_store_open_file(&store, PST_DB_READ, &err) &&
	    pst_feedback_sources(
		store.db, request->arena, &request->filter, &found, &err) &&
	    found.reports > 0)
		pst_ui_note(command,
		    "%s holds reports that were imported before "
		    "store.postgresql was set; they are not shown here, so "
		    "import them again",
		    config->store.path);
	pst_store_close(&store);
}

static int
run(const struct request *request)
{
	struct pst_feedback_sources found;
	struct pst_err err;
	const char *origin;
	struct pst_config *config =
	    pst_settings_load(command, request->settings.config_file, &origin);
	bool ok;

	if (config == NULL)
		return PST_EXIT_USAGE;
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	ok = pst_store_open(&store, PST_STORE_READ, &err) &&
	    pst_feedback_sources(
		store.db, request->arena, &request->filter, &found, &err);
	pst_store_close(&store);
	if (ok)
		note_hidden(request, config);
	pst_config_unref(config);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	if (request->json)
		print_json(request->arena, &found);
	else
		print_text(request->arena, &found);
	return PST_EXIT_OK;
}

int
pst_report_sources(int argc, char **argv)
{
	struct request request = {
	    .arena = pst_arena_new(), .filter = {.domain = ""}};
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		status = run(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}

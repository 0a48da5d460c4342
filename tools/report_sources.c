/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "store/open.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/report.h"
#include "tools/report_sources_by.h"
#include "tools/ui.h"

const char pst_sources_command[] = "report sources";

#define MAX_LIMIT 1000000

enum option_id {
	OPT_DOMAIN = 1000,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_BY,
	OPT_LIMIT,
	OPT_PTR,
	OPT_JSON,
	OPT_CSV,
};

static const struct option options[] = {
    {"domain", required_argument, NULL, OPT_DOMAIN},
    {"since", required_argument, NULL, OPT_SINCE},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"by", required_argument, NULL, OPT_BY},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"ptr", no_argument, NULL, OPT_PTR},
    PST_SETTINGS_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"csv", no_argument, NULL, OPT_CSV},
    {NULL, 0, NULL, 0},
};

/* ---- the command line ---- */

static bool
take_domain(struct pst_sources_request *request, const char *text)
{
	request->filter.domain =
	    pst_domain_normalize(request->arena, pst_str(text));
	if (request->filter.domain != NULL)
		return true;
	pst_ui_fail(pst_sources_command,
	    "--domain must be a domain name, not \"%s\"", text);
	return false;
}

static bool
take_by(struct pst_sources_request *request, const char *text)
{
	request->grouped = pst_source_by_parse(text, &request->by);
	if (request->grouped)
		return true;
	pst_ui_fail(pst_sources_command,
	    "--by must be day, week, source, network, receiver or "
	    "authenticated-domain, not \"%s\"",
	    text);
	return false;
}

static bool
take_time(struct pst_sources_request *request, int key)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	int64_t now_s = pst_clock_epoch(&clock);

	if (key == OPT_SINCE)
		return pst_argument_since(pst_sources_command, "--since",
		    optarg, now_s, &request->filter.since_s);
	if (!pst_argument_until(pst_sources_command, "--until", optarg, now_s,
		&request->filter.until_s))
		return false;
	/* A period that begins in this second is still wanted. */
	request->filter.until_s++;
	return true;
}

static bool
take_option(struct pst_sources_request *request, int key)
{
	struct pst_argument_range range = {"--limit", 1, MAX_LIMIT};

	switch (key) {
	case OPT_DOMAIN:
		return take_domain(request, optarg);
	case OPT_SINCE:
	case OPT_UNTIL:
		return take_time(request, key);
	case OPT_BY:
		return take_by(request, optarg);
	case OPT_LIMIT:
		return pst_argument_number(
		    pst_sources_command, range, optarg, &request->limit);
	case OPT_PTR:
		request->ptr = true;
		return true;
	case OPT_JSON:
		request->json = true;
		return true;
	case OPT_CSV:
		request->csv = true;
		return true;
	default:
		return pst_settings_take(
		    pst_sources_command, key, optarg, &request->settings);
	}
}

static bool
check_request(const struct pst_sources_request *request)
{
	if (request->json && request->csv) {
		pst_ui_fail(
		    pst_sources_command, "--json and --csv cannot be combined");
		return false;
	}
	if (request->ptr && request->grouped &&
	    request->by != PST_SOURCE_BY_SOURCE) {
		pst_ui_fail(pst_sources_command,
		    "--ptr names single addresses, so it cannot be combined "
		    "with --by %s",
		    pst_source_by_word(request->by));
		return false;
	}
	return true;
}

static bool
read_command_line(struct pst_sources_request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next("report", argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (optind == argc)
		return check_request(request);
	pst_ui_fail(pst_sources_command,
	    "unexpected argument \"%s\"; see \"postern help report\"",
	    argv[optind]);
	return false;
}

/* ---- the store ---- */

/*
 * With a shared database, what was imported into this gateway's own file before
 * is not shown, and nothing moves it.
 */
static void
note_hidden(
    const struct pst_sources_request *request, const struct pst_config *config)
{
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_feedback_sources found = {.count = 0};
	struct pst_err err;

	if (!pst_store_has_shared(config) ||
	    access(config->store.path, R_OK) != 0)
		return;
	if (pst_store_open_file(&store, PST_DB_READ, &err) &&
	    pst_feedback_count(
		store.db, request->arena, &request->filter, &found, &err) &&
	    found.reports > 0)
		pst_ui_note(pst_sources_command,
		    "%s holds reports that were imported before "
		    "store.postgresql was set; they are not shown here, so "
		    "import them again",
		    config->store.path);
	pst_store_close(&store);
}

/* Reads what the request is about into the one or the other. */
static bool
read_store(const struct pst_sources_request *request,
    const struct pst_config *config, struct pst_sources_details *details,
    struct pst_sources_groups *groups, struct pst_err *err)
{
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	bool ok = pst_store_open(&store, PST_STORE_READ, err);

	if (ok && request->grouped)
		ok = pst_sources_group(store.db, request, groups, err);
	else if (ok)
		ok = pst_feedback_sources(store.db, request->arena,
			 &request->filter, &details->found, err) &&
		    pst_query_marks(
			store.db, request->arena, &details->marks, err);
	pst_store_close(&store);
	return ok;
}

static size_t
at_most(size_t count, uint64_t limit)
{
	return count < limit ? count : (size_t)limit;
}

/* ---- names ---- */

/* Says how many sources have no name because there are too many. */
static void
note_names(const struct pst_sources_request *request, size_t shown)
{
	if (request->ptr && shown > PST_SOURCES_MAX_NAMES)
		pst_ui_note(pst_sources_command,
		    "the names of the first %d sources were looked up; "
		    "--domain or a later --since leaves fewer",
		    PST_SOURCES_MAX_NAMES);
}

static void
name_details(struct pst_service *service, struct pst_sources_details *details)
{
	const struct pst_sources_request *request = details->request;
	size_t count = at_most(details->shown, PST_SOURCES_MAX_NAMES);
	const char **ips =
	    pst_arena_array(request->arena, count + 1, sizeof(*ips));

	for (size_t i = 0; i < count; i++)
		ips[i] = details->found.sources[i].ip;
	details->names = pst_sources_names(request->arena, service, ips, count);
	details->name_count = count;
	note_names(request, details->shown);
}

static void
name_groups(struct pst_service *service,
    const struct pst_sources_request *request,
    struct pst_sources_groups *groups)
{
	size_t shown = at_most(groups->found.count, request->limit);
	size_t count = at_most(shown, PST_SOURCES_MAX_NAMES);
	const char **ips =
	    pst_arena_array(request->arena, count + 1, sizeof(*ips));

	for (size_t i = 0; i < count; i++)
		ips[i] = groups->found.items[i].key;
	groups->names = pst_sources_names(request->arena, service, ips, count);
	groups->name_count = count;
	note_names(request, shown);
}

/* ---- the command ---- */

static int
show(const struct pst_sources_request *request, const struct pst_config *config,
    struct pst_service *service)
{
	struct pst_sources_details details = {.request = request};
	struct pst_sources_groups groups = {.names = NULL};
	struct pst_err err;

	if (!read_store(request, config, &details, &groups, &err))
		return pst_ui_fail(pst_sources_command, "%s", err.text);
	note_hidden(request, config);
	if (!request->grouped) {
		details.shown = at_most(details.found.count, request->limit);
		if (service != NULL)
			name_details(service, &details);
		pst_sources_add_up(&details);
		pst_sources_print(&details);
	} else {
		if (service != NULL)
			name_groups(service, request, &groups);
		pst_sources_print_groups(&groups, request);
	}
	return PST_EXIT_OK;
}

/* Only names need a resolver. */
static int
run(const struct pst_sources_request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct pst_service *service = NULL;
	struct pst_config *config;
	const char *origin;
	int status;

	if (request->ptr) {
		service = pst_settings_start(
		    pst_sources_command, &request->settings, &clock, &origin);
		if (service == NULL)
			return PST_EXIT_USAGE;
		config = pst_service_config(service);
	} else {
		config = pst_settings_load(pst_sources_command,
		    request->settings.config_file, &origin);
		if (config == NULL)
			return PST_EXIT_USAGE;
	}
	status = show(request, config, service);
	pst_config_unref(config);
	if (service != NULL)
		pst_service_stop(service);
	return status;
}

int
pst_report_sources(int argc, char **argv)
{
	struct pst_sources_request request = {.arena = pst_arena_new(),
	    .filter = {.domain = ""},
	    .limit = UINT64_MAX};
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		status = run(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(pst_sources_command, status);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/day.h"
#include "base/domain.h"
#include "store/open.h"
#include "survey/advise_json.h"
#include "tools/advise_page.h"
#include "tools/advise_seen.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/keeping.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define DEFAULT_DAYS 30
#define MIN_DAYS 1
#define TIMEOUT_MS 60000
/* Sources that are kept of each domain: somebody who makes up reports chooses
 * how many there are. */
#define MAX_KEPT 200

static const char command[] = "advise";

enum option_id {
	OPT_DAYS = 1000,
	OPT_OWN,
	OPT_JSON,
	OPT_ANOMALIES,
	OPT_KEEP,
};

static const struct option options[] = {
    {"days", required_argument, NULL, OPT_DAYS},
    {"own", no_argument, NULL, OPT_OWN},
    PST_SETTINGS_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"anomalies", no_argument, NULL, OPT_ANOMALIES},
    {"keep", no_argument, NULL, OPT_KEEP},
    {NULL, 0, NULL, 0},
};

struct request {
	struct pst_arena *arena;
	struct pst_settings settings;
	struct pst_domain_list domains;
	uint64_t days;
	bool own, json, anomalies, keep;
};

static bool
mistake(const char *sentence)
{
	(void)pst_ui_fail(command, "%s", sentence);
	return false;
}

static bool
take_option(struct request *request, int key)
{
	struct pst_argument_range range = {
	    "--days", MIN_DAYS, PST_ADVISE_MAX_DAYS};

	switch (key) {
	case OPT_DAYS:
		return pst_argument_number(
		    command, range, optarg, &request->days);
	case OPT_OWN:
		request->own = true;
		return true;
	case OPT_JSON:
		request->json = true;
		return true;
	case OPT_ANOMALIES:
		request->anomalies = true;
		return true;
	case OPT_KEEP:
		request->keep = true;
		return true;
	default:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	}
}

/* What is kept is the advice about the domains of own-domains. */
static bool
is_sound(const struct request *request)
{
	if (request->domains.count == 0 && !request->own)
		return mistake("the domain is missing; --own takes those of "
			       "own-domains");
	if (request->keep && (!request->own || request->domains.count > 0))
		return mistake("--keep requires --own, and no domain besides");
	if (request->keep && request->settings.zone_file != NULL)
		return mistake("--keep and --zone cannot be combined");
	return true;
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	for (; optind < argc; optind++)
		if (!pst_domain_list_add(&request->domains, argv[optind]))
			return false;
	return is_sound(request);
}

/* ---- one domain ---- */

struct run {
	struct request *request;
	struct pst_service *service;
	struct pst_config *config;
	struct pst_source_marks marks;
	size_t anomalies;
	struct pst_keeping keeping;
};

static bool
read_rows(struct pst_db *db, const struct pst_advise_input *input,
    struct pst_advise *advise, struct pst_err *err)
{
	struct pst_query_source_filter filter = {.domain = input->domain,
	    .since_s = input->now_s - (int64_t)input->days * PST_DAY_SECONDS,
	    .max_rows = PST_ADVISE_MAX_ROWS};
	struct pst_query_source_visitor visitor = {pst_advise_take, advise};
	bool cut;

	if (!pst_query_sources(db, &filter, visitor, &cut, err))
		return false;
	if (cut)
		pst_advise_is_cut(advise);
	filter.domain = "";
	visitor.visit = pst_advise_take_other;
	return pst_query_sources(db, &filter, visitor, &cut, err);
}

static void
ask(const struct run *run, struct pst_arena *arena, struct pst_advise *advise)
{
	struct pst_clock *clock = pst_service_clock(run->service);
	struct pst_dns_limits limits = run->config->dns_limits;
	struct pst_world world = {
	    .arena = arena, .now_epoch = pst_clock_epoch(clock), .eager = true};
	int64_t until = pst_clock_ms(clock) + TIMEOUT_MS;

	limits.max_queries = PST_ADVISE_QUERIES;
	limits.reserved = 0;
	world.dns = pst_dns_open(
	    arena, pst_service_resolver(run->service), clock, limits);
	while (!pst_advise_ask(&world, advise))
		if (!pst_dns_wait(world.dns, until))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
}

static struct pst_anomalies *
find_anomalies(
    struct run *run, struct pst_arena *arena, struct pst_advise *advise)
{
	struct pst_anomalies *found = pst_arena_alloc(arena, sizeof(*found));

	pst_anomaly_find(advise, found);
	run->anomalies += found->count;
	return found;
}

static void
keep(struct run *run, struct pst_arena *arena, const struct pst_advice *advice,
    const struct pst_anomalies *anomalies)
{
	struct pst_clock *clock = pst_service_clock(run->service);
	const struct pst_review_texts texts = {.made_s = pst_clock_epoch(clock),
	    .summary = pst_advise_summary_json(arena, advice, anomalies),
	    .result = pst_advise_json(arena, advice, anomalies, MAX_KEPT)};

	pst_keeping_put(&run->keeping, arena, advice->domain, &texts);
}

static void
print(const struct request *request, struct pst_arena *arena,
    const struct pst_advice *advice, const struct pst_anomalies *found)
{
	if (request->anomalies && !found->enough && !request->json)
		pst_ui_note(command,
		    "%s: there are too few days of reports to say what is "
		    "unusual",
		    advice->domain);
	if (request->json)
		puts(pst_advise_json(arena, advice, found, SIZE_MAX));
	else if (request->anomalies)
		pst_advise_lines(advice->domain, found);
	else
		pst_advise_page(arena, advice);
}

static bool
advise_domain(struct run *run, struct pst_db *db, const char *domain)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_clock *clock = pst_service_clock(run->service);
	struct pst_advise_input input = {.domain = domain,
	    .now_s = pst_clock_epoch(clock),
	    .days = (unsigned)run->request->days,
	    .marks = &run->marks};
	struct pst_advise *advise = pst_advise_begin(arena, &input);
	struct pst_anomalies *found = NULL;
	struct pst_advice advice;
	struct pst_err err;
	bool ok = read_rows(db, &input, advise, &err);

	if (ok) {
		/* A zone file is a draft, and mail tells nothing of it. */
		if (run->request->settings.zone_file == NULL)
			pst_advise_read_seen(
			    arena, run->config, &input, advise);
		ask(run, arena, advise);
		pst_advise_end(advise, &advice);
		if (run->request->anomalies)
			found = find_anomalies(run, arena, advise);
		print(run->request, arena, &advice, found);
		if (run->keeping.dir != NULL)
			keep(run, arena, &advice, found);
	} else {
		(void)pst_ui_fail(command, "%s", err.text);
	}
	pst_arena_free(arena);
	return ok;
}

/* ---- all domains ---- */

/* Nobody has imported a report yet: a timer has nothing to do then. */
static bool
has_no_store(const struct pst_config *config)
{
	struct stat st;

	return !pst_store_has_shared(config) &&
	    lstat(config->store.path, &st) == -1 && errno == ENOENT;
}

static int
advise_all(struct request *request, struct run *run)
{
	struct pst_store store = {
	    .config = run->config, .clock = &pst_clock_system};
	struct pst_err err;
	bool ok = !request->own ||
	    pst_domain_list_add_own(
		&request->domains, run->config, "nothing is advised");

	if (!ok)
		return PST_EXIT_USAGE;
	if (request->keep && has_no_store(run->config)) {
		pst_ui_note(command,
		    "the report store does not exist yet, so no advice is kept; "
		    "\"postern report import\" makes it from the reports that "
		    "you receive");
		return PST_EXIT_OK;
	}
	if (!pst_store_open(&store, PST_STORE_READ, &err) ||
	    !pst_query_marks(store.db, request->arena, &run->marks, &err)) {
		pst_store_close(&store);
		return pst_ui_fail(command, "%s", err.text);
	}
	if (request->keep)
		run->keeping.dir = pst_review_dir(request->arena, run->config);
	for (size_t i = 0; ok && i < request->domains.count; i++) {
		if (i > 0 && !request->json && !request->anomalies)
			putchar('\n');
		ok = advise_domain(run, store.db, request->domains.names[i]);
	}
	pst_store_close(&store);
	if (ok && request->keep)
		pst_keeping_forget_others(&run->keeping, &request->domains);
	if (!ok || run->keeping.failed)
		return PST_EXIT_USAGE;
	return run->anomalies > 0 ? PST_EXIT_OTHER : PST_EXIT_OK;
}

static int
advise(struct request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct run run = {.request = request,
	    .keeping = {.command = command, .part = PST_REVIEW_ADVICE}};
	const char *origin;
	int status;

	run.service =
	    pst_settings_start(command, &request->settings, &clock, &origin);
	if (run.service == NULL)
		return PST_EXIT_USAGE;
	run.config = pst_service_config(run.service);
	status = advise_all(request, &run);
	pst_config_unref(run.config);
	pst_service_stop(run.service);
	return status;
}

int
pst_cmd_advise(int argc, char **argv)
{
	struct request request = {
	    .arena = pst_arena_new(), .days = DEFAULT_DAYS};
	int status = PST_EXIT_USAGE;

	request.domains.arena = request.arena;
	request.domains.command = command;
	if (read_command_line(&request, argc, argv))
		status = advise(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}

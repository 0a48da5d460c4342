/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "survey/survey_json.h"
#include "tools/argument.h"
#include "tools/check_changed.h"
#include "tools/check_page.h"
#include "tools/check_selectors.h"
#include "tools/command.h"
#include "tools/keeping.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define DEFAULT_TIMEOUT_S 20
#define MAX_TIMEOUT_S 600

/* 1 to 3 tell what was found, so a mistake on the command line needs another. */
#define EXIT_MISTAKE 64

static const char command[] = "check";

struct request {
	struct pst_arena *arena;
	struct pst_settings settings;
	struct pst_domain_list domains;
	const char *selectors[PST_SURVEY_MAX_SELECTORS];
	size_t selector_count;
	struct pst_ip ips[PST_SURVEY_MAX_IPS];
	size_t ip_count;
	const char *state_file;
	uint64_t timeout_s;
	bool own, json, changed, keep;
};

enum option_id {
	OPT_SELECTOR = 1000,
	OPT_IP,
	OPT_JSON,
	OPT_CHANGED,
	OPT_KEEP,
	OPT_OWN,
	OPT_STATE,
	OPT_TIMEOUT,
};

static const struct option options[] = {
    {"selector", required_argument, NULL, OPT_SELECTOR},
    {"ip", required_argument, NULL, OPT_IP},
    PST_SETTINGS_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"changed", no_argument, NULL, OPT_CHANGED},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"own", no_argument, NULL, OPT_OWN},
    {"state", required_argument, NULL, OPT_STATE},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {NULL, 0, NULL, 0},
};

/* ---- the command line ---- */

static bool
mistake(const char *sentence)
{
	(void)pst_ui_fail(command, "%s", sentence);
	return false;
}

static bool
add_selector(struct request *request, const char *text)
{
	if (!pst_domain_is_ldh(pst_str(text)) || strlen(text) > 200) {
		(void)pst_ui_fail(command,
		    "\"%s\" is not a selector: it has letters, digits, "
		    "hyphens and dots, such as \"s1\"",
		    text);
		return false;
	}
	if (request->selector_count == PST_SURVEY_MAX_SELECTORS)
		return mistake("at most 64 selectors can be given");
	request->selectors[request->selector_count++] = text;
	return true;
}

static bool
add_ip(struct request *request, const char *text)
{
	if (request->ip_count == PST_SURVEY_MAX_IPS)
		return mistake("at most 64 addresses can be given");
	return pst_argument_ip(
	    command, text, &request->ips[request->ip_count++]);
}

static bool
take_option(struct request *request, int key)
{
	struct pst_argument_range range = {"--timeout", 1, MAX_TIMEOUT_S};

	switch (key) {
	case OPT_SELECTOR:
		return add_selector(request, optarg);
	case OPT_IP:
		return add_ip(request, optarg);
	case OPT_JSON:
		request->json = true;
		return true;
	case OPT_CHANGED:
		request->changed = true;
		return true;
	case OPT_KEEP:
		request->keep = true;
		return true;
	case OPT_OWN:
		request->own = true;
		return true;
	case OPT_STATE:
		request->state_file = optarg;
		return true;
	case OPT_TIMEOUT:
		return pst_argument_number(
		    command, range, optarg, &request->timeout_s);
	default:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	}
}

/* What is kept is what the DNS says of the domains of own-domains. */
static bool
is_sound(const struct request *request)
{
	if (request->domains.count == 0 && !request->own)
		return mistake("the domain is missing; --own checks those of "
			       "own-domains");
	if (request->keep && (!request->own || request->domains.count > 0))
		return mistake("--keep requires --own, and no domain besides");
	if (request->keep && request->settings.zone_file != NULL)
		return mistake("--keep and --zone cannot be combined");
	if (request->state_file != NULL && !request->changed)
		return mistake("--state requires --changed");
	if (request->json && request->changed)
		return mistake("--json and --changed cannot be combined");
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

/* ---- the domains ---- */

struct run {
	struct request *request;
	struct pst_service *service;
	struct pst_config *config;
	/* NULL: a zone file is a draft, and mail tells nothing of it */
	struct pst_check_selectors_source *selectors;
	struct pst_check_state *state; /* NULL: not --changed */
	size_t counts[PST_SEVERITIES]; /* findings of all domains */
	size_t changes;
	struct pst_keeping keeping;
};

/* ---- one domain ---- */

static void
keep(struct run *run, struct pst_arena *arena, const struct pst_survey *found)
{
	struct pst_clock *clock = pst_service_clock(run->service);
	const struct pst_review_texts texts = {.made_s = pst_clock_epoch(clock),
	    .summary = pst_survey_summary_json(arena, found),
	    .result = pst_survey_json(arena, found)};

	pst_keeping_put(&run->keeping, arena, found->domain, &texts);
}

static void
survey(const struct run *run, struct pst_arena *arena, const char *domain,
    struct pst_survey *out)
{
	const struct request *request = run->request;
	struct pst_clock *clock = pst_service_clock(run->service);
	struct pst_dns_limits limits = run->config->dns_limits;
	struct pst_world world = {
	    .arena = arena, .now_epoch = pst_clock_epoch(clock), .eager = true};
	struct pst_check_selectors found;
	struct pst_survey_input input = {.domain = domain,
	    .selectors = request->selectors,
	    .selector_count = request->selector_count,
	    .ips = request->ips,
	    .ip_count = request->ip_count,
	    .max_voids = run->config->spf.void_lookups,
	    .psl = run->config->psl};
	int64_t until;

	pst_check_selectors_find(run->selectors, arena, domain, &found);
	input.seen = found.items;
	input.seen_count = found.seen_count;
	input.reported = found.items + found.seen_count;
	input.reported_count = found.count - found.seen_count;
	limits.max_queries = PST_SURVEY_QUERIES;
	limits.reserved = 0;
	until = pst_clock_ms(clock) + (int64_t)request->timeout_s * 1000;
	world.dns = pst_dns_open(
	    arena, pst_service_resolver(run->service), clock, limits);
	input.trusts_ad = pst_dns_trusts_ad(world.dns);
	while (!pst_survey_check(&world, &input, out))
		if (!pst_dns_wait(world.dns, until))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
}

static void
check_domain(struct run *run, const char *domain, bool first)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_survey found;

	survey(run, arena, domain, &found);
	pst_findings_count(&found.findings, run->counts);
	if (run->keeping.dir != NULL)
		keep(run, arena, &found);
	if (run->state != NULL) {
		run->changes += pst_check_state_compare(run->state, &found);
	} else if (run->request->json) {
		puts(pst_survey_json(arena, &found));
	} else {
		if (!first)
			puts("");
		pst_check_page(arena, &found);
	}
	(void)fflush(stdout);
	pst_arena_free(arena);
}

/* ---- all of them ---- */

static int
status_of(const struct run *run)
{
	if (run->state != NULL)
		return run->changes > 0 ? 1 : 0;
	if (run->counts[PST_SEVERITY_ERROR] > 0)
		return 2;
	if (run->counts[PST_SEVERITY_UNKNOWN] > 0)
		return 3;
	return run->counts[PST_SEVERITY_WARNING] > 0 ? 1 : 0;
}

static int
check_all(struct request *request, struct run *run)
{
	const char *path = request->state_file;
	struct pst_err err;

	if (request->own &&
	    !pst_domain_list_add_own(
		&request->domains, run->config, "nothing was checked"))
		return EXIT_MISTAKE;
	if (path == NULL)
		path = pst_arena_printf(
		    request->arena, "%s-check", run->config->store.path);
	if (request->changed) {
		run->state = pst_check_state_read(request->arena, path, &err);
		if (run->state == NULL) {
			(void)pst_ui_fail(command, "%s", err.text);
			return EXIT_MISTAKE;
		}
	}
	if (request->keep)
		run->keeping.dir = pst_review_dir(request->arena, run->config);
	for (size_t i = 0; i < request->domains.count; i++)
		check_domain(run, request->domains.names[i], i == 0);
	if (request->keep)
		pst_keeping_forget_others(&run->keeping, &request->domains);
	if (request->changed &&
	    !pst_check_state_write(run->state, path, &err)) {
		(void)pst_ui_fail(command, "%s", err.text);
		return EXIT_MISTAKE;
	}
	return run->keeping.failed ? EXIT_MISTAKE : status_of(run);
}

static int
check(struct request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct run run = {.request = request,
	    .keeping = {.command = command, .part = PST_REVIEW_RECORDS}};
	const char *origin;
	int status;

	run.service =
	    pst_settings_start(command, &request->settings, &clock, &origin);
	if (run.service == NULL)
		return EXIT_MISTAKE;
	run.config = pst_service_config(run.service);
	if (request->settings.zone_file == NULL)
		run.selectors = pst_check_selectors_open(run.config);
	status = check_all(request, &run);
	pst_check_selectors_close(run.selectors);
	pst_config_unref(run.config);
	pst_service_stop(run.service);
	return status;
}

int
pst_cmd_check(int argc, char **argv)
{
	struct request request = {
	    .arena = pst_arena_new(), .timeout_s = DEFAULT_TIMEOUT_S};
	int status = EXIT_MISTAKE;

	request.domains.arena = request.arena;
	request.domains.command = command;
	if (read_command_line(&request, argc, argv))
		status = check(&request);
	pst_arena_free(request.arena);
	/* Output that could not be written is not a verdict either. */
	return pst_ui_finish(command, PST_EXIT_OK) == PST_EXIT_OK ?
	    status :
	    EXIT_MISTAKE;
}

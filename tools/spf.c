/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "auth/spf.h"
#include "base/buf.h"
#include "base/json.h"
#include "tools/command.h"
#include "tools/envelope.h"
#include "tools/argument.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "spf";

struct request {
	struct pst_arena *arena;
	struct pst_settings settings;
	struct pst_envelope given;
	bool explain;
	bool json;
};

enum option_id {
	OPT_EXPLAIN = PST_OPT_OWN,
	OPT_JSON,
};

static const struct option options[] = {
    {"ip", required_argument, NULL, PST_OPT_IP},
    {"helo", required_argument, NULL, PST_OPT_HELO},
    {"mail-from", required_argument, NULL, PST_OPT_MAIL_FROM},
    PST_SETTINGS_OPTIONS,
    {"explain", no_argument, NULL, OPT_EXPLAIN},
    {"json", no_argument, NULL, OPT_JSON},
    {NULL, 0, NULL, 0},
};

static bool
take_option(struct request *request, int key)
{
	switch (key) {
	case PST_OPT_ZONE:
	case PST_OPT_CONFIG:
	case PST_OPT_NOW:
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	case OPT_EXPLAIN:
		request->explain = true;
		return true;
	case OPT_JSON:
		request->json = true;
		return true;
	default:
		return pst_envelope_take(
		    request->arena, command, key, optarg, &request->given);
	}
}

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (optind < argc) {
		pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help spf\"",
		    argv[optind]);
		return false;
	}
	if (request->given.ip.family == PST_IP_NONE) {
		pst_ui_fail(command, "--ip ADDRESS is missing");
		return false;
	}
	if (request->given.mail_from == NULL) {
		pst_ui_fail(command,
		    "--mail-from PATH is missing; an empty PATH is the null "
		    "sender");
		return false;
	}
	return true;
}

/* Runs one check with a DNS transcript of its own, and waits for it. */
static void
check(struct pst_service *service, struct pst_arena *arena,
    const struct pst_spf_input *input, struct pst_spf *out)
{
	struct pst_clock *clock = pst_service_clock(service);
	struct pst_config *config = pst_service_config(service);
	struct pst_world world = {
	    .arena = arena, .now_epoch = pst_clock_epoch(clock), .eager = true};
	int64_t until = pst_clock_ms(clock) + config->deadline_ms;

	world.dns = pst_dns_open(
	    arena, pst_service_resolver(service), clock, config->dns_limits);
	while (!pst_spf_check(&world, input, out)) {
		if (!pst_dns_wait(world.dns, until))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	}
	pst_config_unref(config);
}

static enum pst_ui_tone
tone_of(enum pst_result result)
{
	switch (result) {
	case PST_RESULT_PASS:
		return PST_UI_GOOD;
	case PST_RESULT_FAIL:
	case PST_RESULT_PERMERROR:
		return PST_UI_BAD;
	case PST_RESULT_SOFTFAIL:
	case PST_RESULT_TEMPERROR:
		return PST_UI_WARN;
	case PST_RESULT_NONE:
	case PST_RESULT_NEUTRAL:
	case PST_RESULT_POLICY:
		break;
	}
	return PST_UI_PLAIN;
}

static const char *
identity_word(const struct pst_spf *spf)
{
	return spf->identity == PST_SPF_HELO ? "helo" : "mailfrom";
}

static void
print_step(struct pst_arena *arena, const struct pst_spf_step *step)
{
	int indent = (int)step->depth * 2;

	printf("  %*s", indent, "");
	if (step->via.len > 0)
		printf("%s -> ", pst_escaped(arena, step->via));
	printf("%s: ", pst_escaped(arena, pst_str(step->domain)));
	pst_ui_print(tone_of(step->result), pst_result_word(step->result));
	if (step->matched.len > 0)
		printf(" by %s", pst_escaped(arena, step->matched));
	putchar('\n');
	printf("  %*s  ", indent, "");
	pst_ui_print(PST_UI_DIM,
	    step->record.len > 0 ? pst_escaped(arena, step->record) :
				   "(no record)");
	putchar('\n');
}

static void
print_text(struct pst_arena *arena, const struct pst_spf *spf,
    unsigned max_voids, bool explain)
{
	pst_ui_print(tone_of(spf->result), pst_result_word(spf->result));
	if (spf->domain != NULL)
		printf(" for %s of %s", identity_word(spf), spf->domain);
	if (spf->why != NULL)
		printf(": %s", spf->why);
	else if (spf->term.len > 0)
		printf(" by %s", pst_escaped(arena, spf->term));
	if (spf->why != NULL && spf->term.len > 0)
		printf(": %s, in the record of %s",
		    pst_escaped(arena, spf->term),
		    pst_escaped(arena, pst_str(spf->term_domain)));
	putchar('\n');
	for (size_t i = 0; i < spf->trace_count; i++)
		print_step(arena, &spf->trace[i]);
	printf("look-ups: %u of %d, void look-ups: %u of %u\n", spf->lookups,
	    PST_SPF_MAX_LOOKUPS, spf->voids, max_voids);
	if (explain)
		printf("explanation: %s\n",
		    spf->explanation == NULL ? "(none)" : spf->explanation);
}

static void
print_json(
    struct pst_arena *arena, const struct pst_spf *spf, unsigned max_voids)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "result", pst_result_word(spf->result));
	pst_json_text(json, "identity", identity_word(spf));
	pst_json_text(json, "domain", spf->domain);
	pst_json_text(json, "why", spf->why);
	pst_json_octets(json, "term", spf->term);
	pst_json_text(json, "term_domain",
	    spf->term_domain == NULL ?
		NULL :
		pst_escaped(arena, pst_str(spf->term_domain)));
	pst_json_text(json, "explanation", spf->explanation);
	pst_json_number(json, "lookups", spf->lookups);
	pst_json_number(json, "max_lookups", PST_SPF_MAX_LOOKUPS);
	pst_json_number(json, "voids", spf->voids);
	pst_json_number(json, "max_voids", max_voids);
	pst_json_open_array(json, "records");
	for (size_t i = 0; i < spf->trace_count; i++) {
		const struct pst_spf_step *step = &spf->trace[i];
		pst_json_open_object(json, NULL);
		pst_json_number(json, "depth", step->depth);
		pst_json_octets(json, "domain", pst_str(step->domain));
		pst_json_octets(json, "via", step->via);
		pst_json_octets(json, "record", step->record);
		pst_json_octets(json, "matched", step->matched);
		pst_json_text(json, "result", pst_result_word(step->result));
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

static int
run(const struct request *request)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct pst_spf spf = {.result = PST_RESULT_NONE};
	struct pst_spf_input input = {.client = request->given.ip,
	    .helo = pst_str(request->given.helo),
	    .want_explanation = request->explain,
	    .want_trace = true};
	const char *origin;
	struct pst_service *service =
	    pst_settings_start(command, &request->settings, &clock, &origin);

	if (service == NULL)
		return PST_EXIT_USAGE;
	struct pst_config *config = pst_service_config(service);
	input.max_voids = config->spf.void_lookups;
	pst_config_unref(config);
	/*
	 * The queries end with their arena, which must go before the resolver.
	 */
	struct pst_arena *arena = pst_arena_new();
	pst_reverse_path_parse(
	    arena, pst_str(request->given.mail_from), &input.mail_from);
	check(service, arena, &input, &spf);
	if (request->json)
		print_json(arena, &spf, input.max_voids);
	else
		print_text(arena, &spf, input.max_voids, request->explain);
	pst_arena_free(arena);
	pst_service_stop(service);
	return spf.result == PST_RESULT_PASS ? PST_EXIT_OK : PST_EXIT_OTHER;
}

int
pst_cmd_spf(int argc, char **argv)
{
	struct request request = {.arena = pst_arena_new()};
	int status = PST_EXIT_USAGE;

	if (read_command_line(&request, argc, argv))
		status = run(&request);
	pst_arena_free(request.arena);
	return pst_ui_finish(command, status);
}

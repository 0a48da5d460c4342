/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/orgdomain.h"
#include "base/domain.h"
#include "base/macros.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/record_ask.h"
#include "tools/record_dkim.h"
#include "tools/ui.h"

static const char command[] = "record";

#define LINE_WIDTH 80

enum option_id {
	OPT_IP = 1,
	OPT_INCLUDE,
	OPT_MX,
	OPT_A,
	OPT_ALL,
	OPT_POLICY,
	OPT_RUA,
	OPT_RUF,
	OPT_SUBDOMAINS,
	OPT_NP,
	OPT_STRICT,
	OPT_TEST,
	OPT_FO,
	OPT_FROM_CURRENT,
	OPT_SELECTOR,
	OPT_KEY,
	OPT_TYPE,
	OPT_BITS,
	OPT_VERIFY,
};

static const struct option spf_options[] = {
    {"ip", required_argument, NULL, OPT_IP},
    {"include", required_argument, NULL, OPT_INCLUDE},
    {"mx", no_argument, NULL, OPT_MX},
    {"a", no_argument, NULL, OPT_A},
    {"all", required_argument, NULL, OPT_ALL},
    {NULL, 0, NULL, 0},
};

static const struct option dmarc_options[] = {
    {"policy", required_argument, NULL, OPT_POLICY},
    {"rua", required_argument, NULL, OPT_RUA},
    {"ruf", required_argument, NULL, OPT_RUF},
    {"subdomains", required_argument, NULL, OPT_SUBDOMAINS},
    {"np", required_argument, NULL, OPT_NP},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"test", no_argument, NULL, OPT_TEST},
    {"fo", required_argument, NULL, OPT_FO},
    {"from-current", no_argument, NULL, OPT_FROM_CURRENT},
    PST_SETTINGS_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const struct option dkim_options[] = {
    {"selector", required_argument, NULL, OPT_SELECTOR},
    {"key", required_argument, NULL, OPT_KEY},
    {"type", required_argument, NULL, OPT_TYPE},
    {"bits", required_argument, NULL, OPT_BITS},
    {"verify", no_argument, NULL, OPT_VERIFY},
    PST_SETTINGS_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* ---- the command line ---- */

static bool
take_spf_option(struct pst_record_request *request, int key)
{
	switch (key) {
	case OPT_IP:
		return pst_record_add_network(request, optarg);
	case OPT_INCLUDE:
		return pst_record_add(&request->includes, optarg);
	case OPT_MX:
		request->mx = true;
		return true;
	case OPT_A:
		request->a = true;
		return true;
	default: /* OPT_ALL */
		if (strcmp(optarg, "-") == 0 || strcmp(optarg, "~") == 0) {
			request->all = optarg[0];
			return true;
		}
		pst_ui_fail(command,
		    "--all requires - (mail from other hosts is forged) or ~ "
		    "(it is suspect)");
		return false;
	}
}

static bool
take_dmarc_option(struct pst_record_request *request, int key)
{
	struct pst_make_dmarc *dmarc = &request->dmarc;

	switch (key) {
	case OPT_POLICY:
		request->has_policy = true;
		return pst_record_take_policy(optarg, &dmarc->p);
	case OPT_RUA:
		return pst_record_add(&request->rua, optarg);
	case OPT_RUF:
		return pst_record_add(&request->ruf, optarg);
	case OPT_SUBDOMAINS:
		dmarc->has_sp = true;
		return pst_record_take_policy(optarg, &dmarc->sp);
	case OPT_NP:
		dmarc->has_np = true;
		return pst_record_take_policy(optarg, &dmarc->np);
	case OPT_STRICT:
		dmarc->adkim_strict = dmarc->aspf_strict = true;
		return true;
	case OPT_TEST:
		dmarc->test = true;
		return true;
	case OPT_FO:
		dmarc->fo = optarg;
		return true;
	default: /* OPT_FROM_CURRENT */
		request->from_current = true;
		return true;
	}
}

static bool
take_dkim_option(struct pst_record_request *request, int key)
{
	uint64_t bits;

	switch (key) {
	case OPT_SELECTOR:
		request->selector = optarg;
		return true;
	case OPT_KEY:
		request->key_file = optarg;
		return true;
	case OPT_TYPE:
		return pst_record_take_type(optarg, &request->type);
	case OPT_BITS:
		if (!pst_argument_number(command,
			(struct pst_argument_range){"--bits", 2048, 4096},
			optarg, &bits))
			return false;
		request->bits = (unsigned)bits;
		return true;
	default: /* OPT_VERIFY */
		request->verify = true;
		return true;
	}
}

static bool
take_option(struct pst_record_request *request, int key)
{
	if (key >= PST_OPT_ZONE)
		return pst_settings_take(
		    command, key, optarg, &request->settings);
	request->any = true;
	switch (request->kind) {
	case PST_RECORD_SPF:
		return take_spf_option(request, key);
	case PST_RECORD_DKIM:
		return take_dkim_option(request, key);
	case PST_RECORD_DMARC:
		return take_dmarc_option(request, key);
	}
	return false;
}

static bool
take_domain(struct pst_record_request *request, int argc, char **argv)
{
	if (optind == argc) {
		pst_ui_fail(command, "the domain is missing");
		return false;
	}
	if (optind + 1 < argc) {
		pst_ui_fail(command,
		    "unexpected argument \"%s\"; one domain at a time",
		    argv[optind + 1]);
		return false;
	}
	request->domain =
	    pst_domain_normalize(request->arena, pst_str(argv[optind]));
	if (request->domain != NULL && pst_domain_labels(request->domain) > 1)
		return true;
	pst_ui_fail(command, "\"%s\" is not a domain name", argv[optind]);
	return false;
}

/* Returns the options of the kind in argv[1]; NULL after a sentence. */
static const struct option *
take_kind(struct pst_record_request *request, int argc, char **argv)
{
	static const struct {
		const char *word;
		const struct option *options;
	} kinds[] = {
	    [PST_RECORD_SPF] = {"spf", spf_options},
	    [PST_RECORD_DKIM] = {"dkim", dkim_options},
	    [PST_RECORD_DMARC] = {"dmarc", dmarc_options},
	};

	for (size_t i = 0; argc > 1 && i < PST_COUNT(kinds); i++) {
		if (strcmp(argv[1], kinds[i].word) != 0)
			continue;
		request->kind = (enum pst_record_kind)i;
		return kinds[i].options;
	}
	pst_ui_fail(command,
	    "%s: expected spf, dkim or dmarc; see \"postern help record\"",
	    argc > 1 ? argv[1] : "missing kind of record");
	return NULL;
}

static bool
read_command_line(struct pst_record_request *request, int argc, char **argv)
{
	const struct option *options = take_kind(request, argc, argv);
	int key;

	if (options == NULL)
		return false;
	argc--;
	argv++;
	while ((key = pst_argument_next(command, argc, argv, options)) != -1)
		if (key == '?' || !take_option(request, key))
			return false;
	if (!take_domain(request, argc, argv))
		return false;
	if (request->any)
		return true;
	if (isatty(STDIN_FILENO) == 1)
		return pst_record_ask(request);
	pst_ui_fail(command,
	    "no option says what the record is for, and there is no terminal "
	    "to ask on; see \"postern help record\"");
	return false;
}

/* ---- the door ---- */

bool
pst_record_door_open(
    const struct pst_record_request *request, struct pst_record_door *door)
{
	struct pst_config *config;
	const char *origin;

	*door = (struct pst_record_door){
	    .clock = pst_settings_clock(&request->settings)};
	door->service = pst_settings_start(
	    command, &request->settings, &door->clock, &origin);
	if (door->service == NULL)
		return false;
	config = pst_service_config(door->service);
	door->arena = pst_arena_new();
	door->until_ms = pst_clock_ms(&door->clock) + config->deadline_ms;
	door->world = (struct pst_world){.arena = door->arena,
	    .now_epoch = pst_clock_epoch(&door->clock),
	    .eager = true,
	    .dns =
		pst_dns_open(door->arena, pst_service_resolver(door->service),
		    &door->clock, config->dns_limits)};
	pst_config_unref(config);
	return true;
}

void
pst_record_door_wait(struct pst_record_door *door)
{
	if (!pst_dns_wait(door->world.dns, door->until_ms))
		pst_dns_expire(door->world.dns, PST_DNS_TIMEOUT);
}

void
pst_record_door_close(struct pst_record_door *door)
{
	/* The queries end with their arena, which must go first. */
	pst_arena_free(door->arena);
	pst_service_stop(door->service);
}

/* ---- printing ---- */

void
pst_record_print(const struct pst_made_record *record)
{
	printf("For a zone file:\n\n%s\n\nFor the form of a web panel (some "
	       "add the domain to the name themselves):\n\n"
	       "    type   TXT\n    name   %s\n    value  %s\n",
	    record->zone, record->owner, record->text);
}

/* A domain elsewhere must agree to receive the reports. */
static void
print_consents(const struct pst_record_request *request,
    const struct pst_record_list *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		struct pst_str all = pst_str(addresses->items[i]);
		struct pst_str raw =
		    pst_str_from(all, pst_str_rfind(all, '@') + 1);
		const char *other = pst_domain_normalize(request->arena, raw);
		struct pst_made_record consent;

		if (other == NULL ||
		    pst_domain_is_below(other, request->domain) ||
		    pst_domain_is_below(request->domain, other))
			continue;
		pst_make_consent(
		    request->arena, request->domain, other, &consent);
		printf("\nIf %s is of another organization, it agrees "
		       "to receive these\nreports with this record in its own "
		       "zone:\n\n%s\n",
		    other, consent.zone);
	}
}

static void
print_next(const struct pst_record_request *request)
{
	printf("\nWhen it is published: postern check %s\n", request->domain);
}

/* ---- the kinds ---- */

static int
make_spf(struct pst_record_request *request)
{
	const struct pst_make_spf what = {
	    .domain = request->domain,
	    .nets = request->nets,
	    .net_count = request->net_count,
	    .includes = request->includes.items,
	    .include_count = request->includes.count,
	    .mx = request->mx,
	    .a = request->a,
	    .all = request->all,
	};
	struct pst_made_record record;
	struct pst_err err;

	if (!pst_make_spf(request->arena, &what, &record, &err))
		return pst_ui_fail(command, "%s", err.text);
	pst_record_print(&record);
	print_next(request);
	return PST_EXIT_OK;
}

/* Prints the step after the record that is published. */
static int
print_next_dmarc(
    const struct pst_record_request *request, const struct pst_walk_hit *hit)
{
	struct pst_made_record record;
	struct pst_err err;

	if (!pst_make_next_dmarc(
		request->arena, request->domain, &hit->record, &record, &err))
		return pst_ui_fail(command, "%s", err.text);
	pst_ui_wrap(stdout, record.why, LINE_WIDTH, 0);
	puts("\n");
	pst_record_print(&record);
	print_next(request);
	return PST_EXIT_OK;
}

static int
make_next_dmarc(const struct pst_record_request *request)
{
	enum pst_walk_found found;
	struct pst_record_door door;
	struct pst_walk_hit hit;
	const char *fault;
	int status = PST_EXIT_OTHER;

	if (request->has_policy || request->rua.count > 0)
		return pst_ui_fail(command,
		    "--from-current takes everything from the present record; "
		    "give no other option with it");
	if (!pst_record_door_open(request, &door))
		return PST_EXIT_USAGE;
	while ((found = pst_walk_record(&door.world, request->domain, &hit,
		    &fault)) == PST_WALK_PENDING)
		pst_record_door_wait(&door);
	if (found == PST_WALK_RECORD)
		status = print_next_dmarc(request, &hit);
	else if (found == PST_WALK_TEMPERROR)
		pst_ui_note(command,
		    "the look-up of _dmarc.%s failed, so the present record is "
		    "not known; try again",
		    request->domain);
	else
		pst_ui_note(command,
		    "receivers find no DMARC record at _dmarc.%s%s%s; begin "
		    "with --policy none --rua ADDRESS",
		    request->domain, fault == NULL ? "" : ": ",
		    fault == NULL ? "" : fault);
	pst_record_door_close(&door);
	return status;
}

static int
make_dmarc(struct pst_record_request *request)
{
	struct pst_made_record record;
	struct pst_err err;

	if (request->from_current)
		return make_next_dmarc(request);
	if (!request->has_policy)
		return pst_ui_fail(command,
		    "--policy none, quarantine or reject is missing; begin "
		    "with none");
	request->dmarc.domain = request->domain;
	request->dmarc.rua = request->rua.items;
	request->dmarc.rua_count = request->rua.count;
	request->dmarc.ruf = request->ruf.items;
	request->dmarc.ruf_count = request->ruf.count;
	if (!pst_make_dmarc(request->arena, &request->dmarc, &record, &err))
		return pst_ui_fail(command, "%s", err.text);
	pst_record_print(&record);
	print_consents(request, &request->rua);
	print_consents(request, &request->ruf);
	print_next(request);
	return PST_EXIT_OK;
}

static int
make_dkim(const struct pst_record_request *request)
{
	if (request->selector == NULL)
		return pst_ui_fail(
		    command, "--selector NAME is missing: the name of the key");
	if (request->key_file == NULL)
		return pst_ui_fail(command,
		    "--key FILE is missing: the file of the private key");
	return request->verify ? pst_record_verify_key(request) :
				 pst_record_make_key(request);
}

int
pst_cmd_record(int argc, char **argv)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_record_request *request =
	    pst_arena_alloc(arena, sizeof(*request));
	int status = PST_EXIT_USAGE;

	request->arena = arena;
	request->all = '-';
	if (read_command_line(request, argc, argv)) {
		switch (request->kind) {
		case PST_RECORD_SPF:
			status = make_spf(request);
			break;
		case PST_RECORD_DKIM:
			status = make_dkim(request);
			break;
		case PST_RECORD_DMARC:
			status = make_dmarc(request);
			break;
		}
	}
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}

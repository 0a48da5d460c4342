/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/store.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/domain.h"
#include "base/day.h"
#include "store/expiry.h"
#include "store/open.h"
#include "store/query.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "store";

static const struct option options[] = {
    {"config", required_argument, NULL, 'f'},
    {"day", required_argument, NULL, 'd'},
    {"domain", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"csv", no_argument, NULL, 'c'},
    {NULL, 0, NULL, 0},
};

uint64_t
pst_store_file_size(const char *path)
{
	char log[4096];
	struct stat st;
	uint64_t size = 0;

	(void)snprintf(log, sizeof(log), "%s-wal", path);
	if (stat(path, &st) == 0)
		size += (uint64_t)st.st_size;
	if (stat(log, &st) == 0)
		size += (uint64_t)st.st_size;
	return size;
}

static bool
tidy(const struct pst_store *store, struct pst_err *err)
{
	struct pst_expired expired;
	struct pst_trusted_now now;
	struct pst_err text;

	if (!pst_expire_all(
		store->db, store->config, store->clock, &expired, &now, err))
		return false;
	if (now.doubt != PST_CLOCK_PLAUSIBLE) {
		pst_trusted_clock_say(&now, &text);
		pst_ui_note(command, "%s", text.text);
	}
	return pst_query_compact(store->db, err);
}

static int
vacuum(const struct pst_config *config)
{
	uint64_t before = pst_store_file_size(config->store.path);
	struct pst_err err;
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	bool ok =
	    pst_store_open(&store, PST_STORE_WRITE, &err) && tidy(&store, &err);

	pst_store_close(&store);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	printf("%s: %" PRIu64 " octets, previously %" PRIu64 "\n",
	    config->store.path, pst_store_file_size(config->store.path),
	    before);
	return PST_EXIT_OK;
}

static bool
take_domain(struct pst_store_request *request, struct pst_arena *arena,
    const char *text)
{
	request->domain = pst_domain_normalize(arena, pst_str(text));
	if (request->domain == NULL)
		pst_ui_fail(command, "\"%s\" is not a domain name", text);
	return request->domain != NULL;
}

static bool
take_day(struct pst_store_request *request, const char *text)
{
	if (pst_day_parse(pst_str(text), &request->day))
		return true;
	pst_ui_fail(command,
	    "--day must be a date such as 2026-11-23 (UTC), not \"%s\"", text);
	return false;
}

static bool
read_options(struct pst_store_request *request, struct pst_arena *arena,
    int argc, char **argv)
{
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'f':
			request->config_file = optarg;
			break;
		case 'd':
			if (!take_day(request, optarg))
				return false;
			break;
		case 'n':
			if (!take_domain(request, arena, optarg))
				return false;
			break;
		case 'j':
			request->json = true;
			break;
		case 'c':
			request->csv = true;
			break;
		default:
			return false;
		}
	}
	if (!request->json || !request->csv)
		return true;
	pst_ui_fail(command, "--json and --csv cannot be used together");
	return false;
}

static int
run(const char *verb, const struct pst_store_request *request)
{
	bool is_info = strcmp(verb, "info") == 0;
	bool is_export = strcmp(verb, "export") == 0;
	const char *origin;
	struct pst_config *config;
	int status;

	if (!is_info && !is_export && strcmp(verb, "vacuum") != 0)
		return pst_ui_fail(command,
		    "unknown subcommand \"%s\"; expected one of: info, "
		    "vacuum, export",
		    verb);
	if (!is_export &&
	    (request->csv || request->day >= 0 || request->domain[0] != '\0'))
		return pst_ui_fail(
		    command, "--day, --domain and --csv require export");
	if (!is_export && !is_info && request->json)
		return pst_ui_fail(command, "--json requires info or export");
	config = pst_settings_load(command, request->config_file, &origin);
	if (config == NULL)
		return PST_EXIT_USAGE;
	if (is_info)
		status = pst_store_info(config, request);
	else if (is_export)
		status = pst_store_export(config, request);
	else
		status = vacuum(config);
	pst_config_unref(config);
	return status;
}

int
pst_cmd_store(int argc, char **argv)
{
	struct pst_store_request request = {.day = -1, .domain = ""};
	struct pst_arena *arena = pst_arena_new();
	int status = PST_EXIT_USAGE;

	if (!read_options(&request, arena, argc, argv))
		;
	else if (argc - optind != 1)
		pst_ui_fail(
		    command, "expected one subcommand: info, vacuum or export");
	else
		status = run(argv[optind], &request);
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/bounce.h"
#include "report/outbox.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/envelope.h"
#include "tools/argument.h"
#include "tools/report.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "report bounce";

struct request {
	struct pst_settings settings;
	const char *recipient; /* NULL: as the message says */
	const char *file;      /* NULL: standard input */
};

enum option_id {
	OPT_RECIPIENT = PST_OPT_OWN,
};

static const struct option options[] = {
    {"recipient", required_argument, NULL, OPT_RECIPIENT},
    {"config", required_argument, NULL, PST_OPT_CONFIG},
    {"now", required_argument, NULL, PST_OPT_NOW},
    {NULL, 0, NULL, 0},
};

static bool
read_command_line(struct request *request, int argc, char **argv)
{
	int key;

	while ((key = pst_argument_next(command, argc, argv, options)) != -1) {
		if (key == '?')
			return false;
		if (key == OPT_RECIPIENT)
			request->recipient = optarg;
		else if (!pst_settings_take(
			     command, key, optarg, &request->settings))
			return false;
	}
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		request->file = argv[optind];
	if (optind + 1 < argc) {
		pst_ui_fail(command, "only one message can be given");
		return false;
	}
	return true;
}

/* Returns the message or its beginning; ptr is NULL if that fails. */
static struct pst_str
read_message(struct pst_arena *arena, const char *name)
{
	char *text = pst_arena_alloc(arena, PST_BOUNCE_MAX_BYTES);
	FILE *file = name == NULL ? stdin : fopen(name, "r");
	struct pst_str message = {NULL, 0};

	if (file != NULL) {
		message.len = fread(text, 1, PST_BOUNCE_MAX_BYTES, file);
		if (!ferror(file))
			message.ptr = text;
	}
	if (message.ptr == NULL)
		pst_ui_fail(command, "cannot read %s: %s",
		    name == NULL ? "standard input" : name, strerror(errno));
	if (file != NULL && file != stdin)
		(void)fclose(file);
	return message;
}

static int
suppress(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_bounce *bounce, const struct pst_clock *clock)
{
	struct pst_store store = {.config = config, .clock = clock};
	const char *address = "";
	struct pst_err err;
	bool ok = pst_store_open(&store, PST_STORE_REPORTS, &err) &&
	    pst_outbox_bounce(&store, arena, bounce, &address, &err);

	pst_store_close(&store);
	if (!ok)
		return pst_ui_fail(command, "%s", err.text);
	if (address[0] == '\0')
		puts("nothing to do: none of our reports has this mark");
	else
		printf("%s gets no reports for %u days: %s\n", address,
		    config->reports.suppress_for_s / 86400, bounce->why);
	return PST_EXIT_OK;
}

static int
run(struct pst_arena *arena, const struct request *request,
    const struct pst_config *config)
{
	struct pst_clock clock = pst_settings_clock(&request->settings);
	struct pst_str message = read_message(arena, request->file);
	struct pst_bounce bounce;

	if (message.ptr == NULL)
		return PST_EXIT_USAGE;
	if (config->reports.bounces[0] == '\0')
		return pst_ui_fail(command,
		    "reports.bounces is not set, so our reports have no mark");
	pst_bounce_read(arena, config->reports.bounces, request->recipient,
	    message, &bounce);
	if (bounce.failed && bounce.token.len > 0)
		return suppress(arena, config, &bounce, &clock);
	puts(bounce.failed ?
		"nothing to do: the message has no mark of a report" :
		"nothing to do: the message does not report a failed delivery");
	return PST_EXIT_OK;
}

int
pst_report_bounce(int argc, char **argv)
{
	struct request request = {.recipient = NULL};
	int status = PST_EXIT_USAGE;
	const char *origin;

	if (read_command_line(&request, argc, argv)) {
		struct pst_config *config = pst_settings_load(
		    command, request.settings.config_file, &origin);
		struct pst_arena *arena = pst_arena_new();

		if (config != NULL)
			status = run(arena, &request, config);
		pst_config_unref(config);
		pst_arena_free(arena);
	}
	return pst_ui_finish(command, status);
}

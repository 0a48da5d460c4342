/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>

#include "tools/argument.h"
#include "core/ask.h"
#include "tools/command.h"
#include "tools/ui.h"

/* This is longer than the daemon waits for its workers. */
#define PATIENCE_S 40

static const char command[] = "reload";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {"status", no_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

static int
ask(const struct pst_ask_where *where, const char *request)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text;
	int status = PST_EXIT_OK;

	switch (pst_ask(arena, where, request, PATIENCE_S, &text)) {
	case PST_ASK_DONE:
		printf("%s\n", text);
		break;
	case PST_ASK_FAILED:
		(void)pst_ui_fail(command, "%s", text);
		status = PST_EXIT_OTHER;
		break;
	case PST_ASK_REFUSED:
	case PST_ASK_NO_DAEMON:
		status = pst_ui_fail(command, "%s", text);
		break;
	case PST_ASK_NO_CONFIG:
		(void)pst_ui_fail(command, "%s", text);
		pst_ui_note(
		    command, "a running posternd keeps its old configuration");
		status = PST_EXIT_OTHER;
		break;
	}
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}

int
pst_cmd_reload(int argc, char **argv)
{
	struct pst_ask_where where = {NULL, NULL};
	const char *request = "reload";
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'c':
			where.control = optarg;
			break;
		case 'f':
			where.config = optarg;
			break;
		case 's':
			request = "status";
			break;
		default:
			return PST_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help reload\"",
		    argv[optind]);
	if (where.control != NULL && where.config != NULL)
		return pst_ui_fail(
		    command, "--control and --config cannot be used together");
	return ask(&where, request);
}

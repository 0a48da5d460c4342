/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>

#include "core/ask.h"
#include "store/metrics_page.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/ui.h"

#define PATIENCE_S 10

static const char command[] = "metrics";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

/*
 * Everything is printed at the end, so that a collector never sees a part: after
 * an error, nothing has been printed.
 */
static int
show(struct pst_arena *arena, const struct pst_ask_where *where)
{
	const struct pst_status *status;
	struct pst_config *config = NULL;
	const char *answer, *origin;
	struct pst_err err;

	if (pst_ask(arena, where, "counters", PATIENCE_S, &answer) !=
	    PST_ASK_DONE) {
		(void)pst_ui_fail(command, "%s", answer);
		return PST_EXIT_OTHER;
	}
	status = pst_status_read(arena, answer, &err);
	if (status == NULL) {
		(void)pst_ui_fail(command, "%s", err.text);
		return PST_EXIT_OTHER;
	}
	/* The configuration names the report store, too. */
	if (where->control == NULL) {
		config = pst_settings_load(command, where->config, &origin);
		if (config == NULL)
			return PST_EXIT_OTHER;
	}
	(void)fputs(pst_metrics_page(arena, status, config), stdout);
	pst_config_unref(config);
	return PST_EXIT_OK;
}

/* Returns false after a sentence. */
static bool
parse(int argc, char **argv, struct pst_ask_where *where)
{
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'c':
			where->control = optarg;
			break;
		case 'f':
			where->config = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind < argc)
		(void)pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help metrics\"",
		    argv[optind]);
	else if (where->control != NULL && where->config != NULL)
		(void)pst_ui_fail(
		    command, "--control and --config cannot be used together");
	else
		return true;
	return false;
}

int
pst_cmd_metrics(int argc, char **argv)
{
	struct pst_ask_where where = {NULL, NULL};
	struct pst_arena *arena;
	int status;

	if (!parse(argc, argv, &where))
		return PST_EXIT_USAGE;
	arena = pst_arena_new();
	status = show(arena, &where);
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/status.h"

#include <getopt.h>
#include <stdio.h>

#include "core/ask.h"
#include "store/overdue.h"
#include "tools/argument.h"
#include "tools/command.h"
#include "tools/settings.h"
#include "tools/status_page.h"
#include "tools/ui.h"

#define PATIENCE_S 10

static const char command[] = "status";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {"nagios", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

enum output { PAGE, JSON, NAGIOS };

/* Prints what is wrong when there are no counters to print. */
static int
fail(enum output output, enum pst_status_level level, const char *text)
{
	if (output != NAGIOS)
		return pst_ui_fail(command, "%s", text);
	printf("POSTERN %s - %s\n", pst_status_level_word(level), text);
	return (int)level;
}

/* Of the daemon, and of the reports if a configuration names their store. */
static enum pst_status_level
judge(struct pst_arena *arena, const struct pst_ask_where *where,
    const struct pst_status *status, const char **problems)
{
	enum pst_status_level level = pst_status_judge(arena, status, problems);
	struct pst_config *config;
	const char *origin;

	if (where->control != NULL)
		return level;
	config = pst_settings_load(command, where->config, &origin);
	if (config != NULL)
		level = pst_overdue_judge(arena, config, level, problems);
	pst_config_unref(config);
	return level;
}

static int
print_status(struct pst_arena *arena, const struct pst_ask_where *where,
    enum output output, const struct pst_status *status)
{
	const char *problems;
	enum pst_status_level level = judge(arena, where, status, &problems);

	if (output == NAGIOS) {
		printf(
		    "%s\n", pst_status_nagios(arena, status, level, problems));
		return (int)level;
	}
	if (problems[0] != '\0') {
		pst_ui_print(
		    level == PST_STATUS_CRITICAL ? PST_UI_BAD : PST_UI_WARN,
		    pst_status_level_word(level));
		printf(": %s\n\n", problems);
	}
	(void)fputs(pst_status_page(arena, status), stdout);
	return level == PST_STATUS_OK ? PST_EXIT_OK : PST_EXIT_OTHER;
}

static int
show(struct pst_arena *arena, const struct pst_ask_where *where,
    enum output output)
{
	const struct pst_status *status;
	const char *text;
	struct pst_err err;

	switch (pst_ask(arena, where, "counters", PATIENCE_S, &text)) {
	case PST_ASK_DONE:
		break;
	case PST_ASK_NO_DAEMON:
		return fail(output, PST_STATUS_CRITICAL, text);
	case PST_ASK_FAILED:
	case PST_ASK_REFUSED:
	case PST_ASK_NO_CONFIG:
		return fail(output, PST_STATUS_UNKNOWN, text);
	}
	status = pst_status_read(arena, text, &err);
	if (status == NULL)
		return fail(output, PST_STATUS_UNKNOWN, err.text);
	if (output != JSON)
		return print_status(arena, where, output, status);
	puts(text);
	return PST_EXIT_OK;
}

/* Returns false after a sentence. */
static bool
parse(int argc, char **argv, struct pst_ask_where *where, enum output *output)
{
	bool json = false, nagios = false;
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'c':
			where->control = optarg;
			break;
		case 'f':
			where->config = optarg;
			break;
		case 'j':
			json = true;
			*output = JSON;
			break;
		case 'n':
			nagios = true;
			*output = NAGIOS;
			break;
		default:
			return false;
		}
	}
	if (optind < argc)
		pst_ui_fail(command,
		    "unexpected argument \"%s\"; see \"postern help status\"",
		    argv[optind]);
	else if (where->control != NULL && where->config != NULL)
		pst_ui_fail(
		    command, "--control and --config cannot be used together");
	else if (json && nagios)
		pst_ui_fail(
		    command, "--json and --nagios cannot be used together");
	else
		return true;
	return false;
}

int
pst_cmd_status(int argc, char **argv)
{
	struct pst_ask_where where = {NULL, NULL};
	enum output output = PAGE;
	struct pst_arena *arena;
	int status;

	if (!parse(argc, argv, &where, &output))
		return output == NAGIOS ? (int)PST_STATUS_UNKNOWN :
					  (int)PST_EXIT_USAGE;
	arena = pst_arena_new();
	status = show(arena, &where, output);
	pst_arena_free(arena);
	return pst_ui_finish(command, status);
}

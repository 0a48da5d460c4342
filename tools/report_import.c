/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>

#include "base/buf.h"
#include "feedback/imports.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/report.h"
#include "tools/report_input.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "report import";

struct import {
	struct pst_store store;
	size_t added[PST_FEEDBACK_BETTER + 1];
	size_t invalid;
	bool failed; /* the store failed; no more reports are added */
};

static void
on_report(void *arg, struct pst_arena *arena, const char *label,
    const struct pst_feedback *feedback)
{
	struct import *import = arg;
	enum pst_feedback_added added;
	struct pst_err err;

	if (import->failed)
		return;
	if (!pst_feedback_add(&import->store, feedback, &added, &err)) {
		import->failed = true;
		pst_ui_fail(command, "%s", err.text);
		return;
	}
	import->added[added]++;
	if (feedback->fault[0] == '\0' || added == PST_FEEDBACK_KNOWN)
		return;
	import->invalid++;
	pst_ui_note(command, "%s is kept, but not counted: %s",
	    pst_escaped(arena, pst_str(label)),
	    pst_escaped(arena, pst_str(feedback->fault)));
}

static int
run(const struct pst_config *config, char **names, size_t count)
{
	struct import import = {
	    .store = {.config = config, .clock = &pst_clock_system}};
	struct pst_report_visitor visitor = {on_report, &import};
	struct pst_report_tally tally;
	struct pst_err err;

	if (!pst_store_open(&import.store, PST_STORE_REPORTS, &err))
		return pst_ui_fail(command, "%s", err.text);
	pst_report_visit(command, names, count, visitor, &tally);
	pst_store_close(&import.store);
	printf("%zu new, %zu already known, %zu replaced, %zu refused\n",
	    import.added[PST_FEEDBACK_NEW], import.added[PST_FEEDBACK_KNOWN],
	    import.added[PST_FEEDBACK_BETTER], tally.refused);
	pst_report_note_tally(command, &tally);
	return import.failed ? PST_EXIT_USAGE : pst_report_status(&tally);
}

int
pst_report_import(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, PST_OPT_CONFIG},
	    {NULL, 0, NULL, 0},
	};
	struct pst_settings settings = {.config_file = NULL};
	const char *origin;
	int key;

	while ((key = pst_argument_next("report", argc, argv, options)) != -1) {
		if (key == '?' ||
		    !pst_settings_take(command, key, optarg, &settings))
			return PST_EXIT_USAGE;
	}
	if (optind == argc)
		return pst_ui_fail(command,
		    "missing FILE; expected a report, a mail, a mailbox, or "
		    "\"-\"");
	struct pst_config *config =
	    pst_settings_load(command, settings.config_file, &origin);
	if (config == NULL)
		return PST_EXIT_USAGE;
	int status = run(config, argv + optind, (size_t)(argc - optind));
	pst_config_unref(config);
	return pst_ui_finish(command, status);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>

#include "base/buf.h"
#include "feedback/imports.h"
#include "store/open.h"
#include "tools/command.h"
#include "tools/envelope.h"
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

/*
 * EX_TEMPFAIL of sysexits.h: an MTA that runs us keeps the message and tries
 * again. It would return the message to its sender for any other status but 0.
 */
#define EXIT_TEMPFAIL 75

/* Notes of a report that are printed. */
#define MAX_NOTES 3

enum option_id {
	OPT_PIPE = PST_OPT_OWN,
};

static void
print_notes(struct pst_arena *arena, const char *label,
    const struct pst_feedback *feedback)
{
	const struct pst_feedback_note *note = feedback->notes;
	size_t more = feedback->note_count;

	for (size_t i = 0; i < MAX_NOTES && note != NULL; i++) {
		pst_ui_note(command, "%s: %s",
		    pst_escaped(arena, pst_str(label)),
		    pst_escaped(arena, pst_str(note->text)));
		note = note->next;
		more--;
	}
	if (more > 0)
		pst_ui_note(command,
		    "%s: and more; %zu record%s left out in all",
		    pst_escaped(arena, pst_str(label)), feedback->left_out,
		    feedback->left_out == 1 ? " is" : "s are");
}

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
	if (added == PST_FEEDBACK_KNOWN)
		return;
	if (feedback->fault[0] == '\0') {
		print_notes(arena, label, feedback);
		return;
	}
	import->invalid++;
	pst_ui_note(command, "%s is kept, but not counted: %s",
	    pst_escaped(arena, pst_str(label)),
	    pst_escaped(arena, pst_str(feedback->fault)));
}

/* False after a sentence if the store failed. */
static bool
import_files(const struct pst_config *config, char **names, size_t count,
    struct pst_report_tally *tally)
{
	struct import import = {
	    .store = {.config = config, .clock = &pst_clock_system}};
	struct pst_report_visitor visitor = {on_report, &import};
	struct pst_err err;

	if (!pst_store_open(&import.store, PST_STORE_REPORTS, &err)) {
		pst_ui_fail(command, "%s", err.text);
		return false;
	}
	pst_report_visit(command, names, count, visitor, tally);
	pst_store_close(&import.store);
	printf("%zu new, %zu already known, %zu replaced, %zu refused\n",
	    import.added[PST_FEEDBACK_NEW], import.added[PST_FEEDBACK_KNOWN],
	    import.added[PST_FEEDBACK_BETTER], tally->refused);
	pst_report_note_tally(command, tally);
	return !import.failed;
}

static int
run(const struct pst_config *config, char **names, size_t count)
{
	struct pst_report_tally tally;

	return import_files(config, names, count, &tally) ?
	    pst_report_status(&tally) :
	    PST_EXIT_USAGE;
}

/* Mail that is not a report is accepted as well: nobody is told about it. */
static int
run_pipe(const struct pst_config *config, char **names)
{
	struct pst_report_tally tally;

	return import_files(config, names, 1, &tally) ? PST_EXIT_OK :
							EXIT_TEMPFAIL;
}

int
pst_report_import(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, PST_OPT_CONFIG},
	    {"pipe", no_argument, NULL, OPT_PIPE},
	    {NULL, 0, NULL, 0},
	};
	struct pst_settings settings = {.config_file = NULL};
	char input[] = "-";
	char *names[] = {input};
	const char *origin;
	bool is_pipe = false;
	int key;

	while ((key = pst_argument_next("report", argc, argv, options)) != -1) {
		if (key == OPT_PIPE)
			is_pipe = true;
		else if (key == '?' ||
		    !pst_settings_take(command, key, optarg, &settings))
			return PST_EXIT_USAGE;
	}
	if (is_pipe && optind < argc) {
		pst_ui_fail(command,
		    "--pipe reads one message from standard input, so no FILE "
		    "can be given");
		return EXIT_TEMPFAIL;
	}
	if (!is_pipe && optind == argc)
		return pst_ui_fail(command,
		    "missing FILE; expected a report, a mail, a mailbox, a "
		    "folder, or \"-\"");
	struct pst_config *config =
	    pst_settings_load(command, settings.config_file, &origin);
	if (config == NULL)
		return is_pipe ? EXIT_TEMPFAIL : PST_EXIT_USAGE;
	int status = is_pipe ?
	    run_pipe(config, names) :
	    run(config, argv + optind, (size_t)(argc - optind));
	pst_config_unref(config);
	return pst_ui_finish(command, status);
}

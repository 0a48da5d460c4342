/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report_input.h"

#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "feedback/mailbox.h"
#include "tools/command.h"
#include "tools/ui.h"

struct visit {
	const char *command;
	const char *label; /* of the document that is being read */
	struct pst_report_visitor visitor;
	struct pst_report_tally *tally;
};

static void
on_report(
    void *arg, struct pst_arena *arena, const struct pst_feedback *feedback)
{
	struct visit *visit = arg;

	visit->tally->reports++;
	visit->visitor.visit(visit->visitor.arg, arena, visit->label, feedback);
}

static void
on_refused(void *arg, const char *label, const char *why)
{
	struct visit *visit = arg;
	struct pst_arena *arena = pst_arena_new();

	visit->tally->refused++;
	pst_ui_note(
	    visit->command, "%s %s", pst_escaped(arena, pst_str(label)), why);
	pst_arena_free(arena);
}

static void
on_document(
    void *arg, const char *label, struct pst_str octets, bool is_message)
{
	struct visit *visit = arg;
	struct pst_feedback_visitor visitor = {on_report, visit};
	struct pst_err err;

	if (is_message)
		visit->tally->among_others = true;
	visit->label = label;
	switch (pst_feedback_read(octets, visitor, &err)) {
	case PST_FEEDBACK_READ:
		break;
	case PST_FEEDBACK_NONE:
		if (!is_message)
			on_refused(visit, label, err.text);
		else if (pst_feedback_form(octets) == PST_FORM_MAIL)
			visit->tally->other++;
		else
			visit->tally->files++;
		break;
	case PST_FEEDBACK_REFUSED:
		on_refused(visit, label, err.text);
		break;
	}
}

void
pst_report_visit(const char *command, char **names, size_t count,
    struct pst_report_visitor visitor, struct pst_report_tally *tally)
{
	struct visit visit = {
	    .command = command, .visitor = visitor, .tally = tally};
	struct pst_mailbox_visitor mailbox = {
	    on_document, on_refused, &visit, PST_FEEDBACK_MAX_BYTES};
	struct pst_err err;

	*tally = (struct pst_report_tally){.reports = 0};
	for (size_t i = 0; i < count; i++)
		if (!pst_mailbox_visit(names[i], mailbox, &err))
			on_refused(&visit,
			    strcmp(names[i], "-") == 0 ? "standard input" :
							 names[i],
			    err.text);
}

int
pst_report_status(const struct pst_report_tally *tally)
{
	if (tally->refused == 0)
		return PST_EXIT_OK;
	return tally->reports > 0 ? PST_EXIT_OTHER : PST_EXIT_USAGE;
}

void
pst_report_note_tally(const char *command, const struct pst_report_tally *tally)
{
	if (tally->files > 0)
		pst_ui_note(command, "%zu other file%s skipped", tally->files,
		    tally->files == 1 ? "" : "s");
	if (tally->other > 0)
		pst_ui_note(command, "%zu other message%s skipped",
		    tally->other, tally->other == 1 ? "" : "s");
	if (tally->reports == 0 && tally->refused == 0)
		pst_ui_note(command, "no report was found");
}

const char *
pst_report_period(struct pst_arena *arena, int64_t begin_s, int64_t end_s)
{
	char begin[PST_DAY_TEXT_SIZE], end[PST_DAY_TEXT_SIZE];
	/* Many reports end at the first second of the next day. */
	int64_t last = end_s > begin_s ? end_s - 1 : end_s;

	if (begin_s == 0)
		return "unknown";
	(void)pst_day_text(pst_day_of(begin_s), begin);
	(void)pst_day_text(pst_day_of(last), end);
	if (strcmp(begin, end) == 0)
		return pst_arena_strdup(arena, begin);
	return pst_arena_printf(arena, "%s to %s", begin, end);
}

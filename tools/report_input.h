/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_INPUT_H
#define PST_TOOLS_REPORT_INPUT_H

/* The files on the command line of `postern report read` and `import`. */

#include "feedback/extract.h"

/* What came of them. */
struct pst_report_tally {
	size_t reports;
	size_t refused; /* documents, each with a remark on standard error */
	size_t other;   /* messages in mailboxes that are no reports */
};

struct pst_report_visitor {
	/* label is the document's name. */
	void (*visit)(void *arg, struct pst_arena *arena, const char *label,
	    const struct pst_feedback *feedback);
	void *arg;
};

/*
 * Visits each report in these files, mailboxes and directories. command is for
 * the remarks.
 */
void pst_report_visit(const char *command, char **names, size_t count,
    struct pst_report_visitor visitor, struct pst_report_tally *tally);

/* PST_EXIT_OK when nothing was refused, PST_EXIT_USAGE when all was. */
int pst_report_status(const struct pst_report_tally *tally);

/* Says what was passed over, and that there was nothing at all. */
void pst_report_note_tally(
    const char *command, const struct pst_report_tally *tally);

/* "2026-11-23", or "2026-11-23 to 2026-11-24"; "unknown" for 0. */
const char *
pst_report_period(struct pst_arena *arena, int64_t begin_s, int64_t end_s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_INPUT_H
#define PST_TOOLS_REPORT_INPUT_H

/* The files on the command line of `postern report read` and `import`. */

#include "feedback/extract.h"

/* What was found in them. */
struct pst_report_tally {
	size_t reports;
	size_t refused;    /* documents, each with a remark on standard error */
	size_t other;      /* messages in mailboxes without a report */
	size_t files;      /* files in folders without a report */
	bool among_others; /* a mailbox or folder was read */
};

struct pst_report_visitor {
	/* label is the document's name. */
	void (*visit)(void *arg, struct pst_arena *arena, const char *label,
	    const struct pst_feedback *feedback);
	void *arg;
};

/*
 * Visits each report in these files, mailboxes and directories. command is the
 * name that remarks begin with.
 */
void pst_report_visit(const char *command, char **names, size_t count,
    struct pst_report_visitor visitor, struct pst_report_tally *tally);

/*
 * Returns PST_EXIT_OK if nothing was refused, PST_EXIT_USAGE if everything was,
 * else PST_EXIT_OTHER.
 */
int pst_report_status(const struct pst_report_tally *tally);

/*
 * Prints how many messages and files were skipped, or that no report was found.
 */
void pst_report_note_tally(
    const char *command, const struct pst_report_tally *tally);

/*
 * Returns "2026-11-23" or "2026-11-23 to 2026-11-24"; "unknown" if begin_s is
 * 0.
 */
const char *
pst_report_period(struct pst_arena *arena, int64_t begin_s, int64_t end_s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_H
#define PST_TOOLS_REPORT_H

/*
 * The subcommands of `postern report`, and what they share. Each gets its own
 * name as argv[0] and returns the exit status.
 */

#include "report/feedback_read.h"

int pst_report_read(int argc, char **argv);
int pst_report_import(int argc, char **argv);
int pst_report_sources(int argc, char **argv);
int pst_report_send(int argc, char **argv);
int pst_report_bounce(int argc, char **argv);

/* What came of the files of a command line. */
struct pst_report_tally {
	size_t reports;
	size_t refused; /* documents, each with a remark on standard error */
	size_t other;   /* messages in mailboxes that are no reports */
};

/*
 * Visits each report in these files, mailboxes and directories; label is the
 * document's name. command is for the remarks.
 */
struct pst_report_visitor {
	void (*visit)(void *arg, struct pst_arena *arena, const char *label,
	    const struct pst_feedback *feedback);
	void *arg;
};
void pst_report_visit(const char *command, char **names, size_t count,
    struct pst_report_visitor visitor, struct pst_report_tally *tally);

/* PST_EXIT_OK when nothing was refused, PST_EXIT_USAGE when all was. */
int pst_report_status(const struct pst_report_tally *tally);

/* Prints what read and import have to say of the whole; not for JSON. */
void pst_report_print_tally(
    const char *command, const struct pst_report_tally *tally);

/* "2026-11-23", or "2026-11-23 to 2026-11-24"; "unknown" for 0. */
const char *
pst_report_period(struct pst_arena *arena, int64_t begin_s, int64_t end_s);

#endif

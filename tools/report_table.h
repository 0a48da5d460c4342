/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_TABLE_H
#define PST_TOOLS_REPORT_TABLE_H

/* Many reports as one table, with a line for each and a total. */

#include "feedback/feedback.h"

struct pst_report_table {
	size_t reports; /* valid aggregate reports, the ones in the total */
	size_t invalid;
	size_t others; /* failure reports and the like */
	size_t left_out;
	int64_t messages;
	int64_t passed; /* DMARC, by DKIM or SPF */
	int64_t quarantined, rejected;
};

/* Prints the line of a report, after the heading if it is the first one. */
void
pst_report_table_add(struct pst_report_table *table, struct pst_arena *arena,
    const char *label, const struct pst_feedback *feedback);

/* Prints the total; nothing if there was no report. */
void pst_report_table_end(
    const struct pst_report_table *table, struct pst_arena *arena);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_SOURCES_H
#define PST_TOOLS_REPORT_SOURCES_H

/* The parts of `postern report sources`. */

#include "feedback/imports.h"
#include "feedback/source_groups.h"
#include "store/query_sources.h"
#include "tools/settings.h"

struct pst_sources_request {
	struct pst_arena *arena;
	struct pst_settings settings;
	struct pst_feedback_filter filter;
	bool grouped; /* else by source, with all that is known */
	enum pst_source_by by;
	uint64_t limit; /* of rows that are shown */
	bool json, csv, ptr;
};

/* What the command is called in its messages. */
extern const char pst_sources_command[];

/* The host names of the first sources that are shown; there are no others. */
#define PST_SOURCES_MAX_NAMES 1000

/*
 * Returns a name for each address, from its PTR record: "mail.example.org" if
 * that name has the address; else "mail.example.org (not confirmed)", since
 * anybody can write such a record; "-" without a PTR record, and "?" if the DNS
 * did not answer. Escaped, in the arena.
 */
const char *const *pst_sources_names(struct pst_arena *arena,
    struct pst_service *service, const char *const *ips, size_t count);

/* ---- by source, in detail ---- */

struct pst_sources_details {
	const struct pst_sources_request *request;
	struct pst_feedback_sources found;
	struct pst_feedback_source total;
	struct pst_source_marks marks;
	const char *const *names; /* of the first ones; NULL: not asked for */
	size_t name_count;
	size_t shown; /* sources */
};

/* Adds up the sources. */
void pst_sources_add_up(struct pst_sources_details *details);

/* Prints them as the request says. */
void pst_sources_print(const struct pst_sources_details *details);

/* Prints how many invalid reports there are, if any, on standard error. */
void pst_sources_note_invalid(int64_t invalid);

/* Prints a share in so many columns, and two blanks; "-" of nothing. */
void pst_sources_print_share(
    struct pst_arena *arena, int64_t part, int64_t whole, int columns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_SOURCES_BY_H
#define PST_TOOLS_REPORT_SOURCES_BY_H

/* Prints the groups of feedback/source_groups.h. */

#include "tools/report_sources.h"

struct pst_sources_groups {
	struct pst_source_groups found;
	const char *const *names; /* of the first ones; NULL: not asked for */
	size_t name_count;
};

/*
 * Reads and sums up the rows. In the arena of the request. False with a sentence
 * when the store fails or there are too many groups.
 */
bool
pst_sources_group(struct pst_db *db, const struct pst_sources_request *request,
    struct pst_sources_groups *out, struct pst_err *err) PST_MUST_CHECK;

/* Prints them as the request says. */
void pst_sources_print_groups(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request);

#endif

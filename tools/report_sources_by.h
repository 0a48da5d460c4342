/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPORT_SOURCES_BY_H
#define PST_TOOLS_REPORT_SOURCES_BY_H

/*
 * The rows of the aggregate reports of others, summed up by day, week, source,
 * network, receiver or authenticated domain.
 */

#include "tools/report_sources.h"

/* What has the same key. */
struct pst_sources_group {
	const char *key; /* as in the reports: not escaped */
	int64_t messages;
	int64_t dkim, spf, passed; /* with an aligned pass; with either */
	int64_t quarantined, rejected;
};

struct pst_sources_groups {
	/* Days and weeks by date; the others with most messages first. */
	struct pst_sources_group *items;
	size_t count;
	/*
	 * All messages, each counted once; the groups of authenticated domains
	 * may have more.
	 */
	struct pst_sources_group total;
	int64_t reports, invalid;
	bool cut;                 /* there were too many rows */
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

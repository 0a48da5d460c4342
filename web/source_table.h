/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_SOURCE_TABLE_H
#define PST_WEB_SOURCE_TABLE_H

/* The table of what the reports of others say, summed up, and its plot. */

#include "feedback/source_groups.h"
#include "store/query_sources.h"
#include "web/request.h"

/* Rows that are shown at most. */
#define PST_WEB_SOURCE_ROWS 200

struct pst_web_sources {
	struct pst_web_request *request;
	struct pst_html *html;
	struct pst_arena *arena;
	struct pst_source_groups_request wanted;
	struct pst_source_groups found;
	struct pst_source_marks marks; /* none unless it is by source */
	bool has_marks; /* set by the table: a source on the page has one */
};

/* Adds both, as a card. There is a group at least. */
void pst_web_source_table(struct pst_web_sources *page);

#endif

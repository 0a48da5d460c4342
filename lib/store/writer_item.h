/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_WRITER_ITEM_H
#define PST_STORE_WRITER_ITEM_H

/* What waits in the writer's queue; between writer.c and this file only. */

#include "store/incident.h"
#include "store/report_row.h"

/* A record or an incident with its texts, in one piece of memory. */
struct pst_writer_item {
	struct pst_writer_item *next;
	bool is_incident;
	struct pst_report_row record;
	struct pst_incident incident;
	char texts[];
};

/* A copy of the one that is not NULL, malloc'ed; never NULL. */
struct pst_writer_item *pst_writer_item(
    const struct pst_report_row *record, const struct pst_incident *incident);

/* A list of them, linked by next; NULL is allowed. */
void pst_writer_items_free(struct pst_writer_item *items);

#endif

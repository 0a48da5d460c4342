/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_WRITER_ITEM_H
#define PST_STORE_WRITER_ITEM_H

/* The items of the writer's queue, for writer.c and writer_item.c only. */

#include "store/incident.h"
#include "store/report_row.h"

/* A row or an incident, with its texts in the same allocation. */
struct pst_writer_item {
	struct pst_writer_item *next;
	bool is_incident;
	struct pst_report_row record;
	struct pst_incident incident;
	char texts[];
};

/* Returns a copy of the argument that is not NULL, malloc'ed; never NULL. */
struct pst_writer_item *pst_writer_item(
    const struct pst_report_row *record, const struct pst_incident *incident);

/* Frees a list of items, linked by next; NULL is allowed. */
void pst_writer_items_free(struct pst_writer_item *items);

#endif

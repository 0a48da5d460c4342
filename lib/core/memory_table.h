/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_MEMORY_TABLE_H
#define PST_CORE_MEMORY_TABLE_H

/*
 * The bounded table of core/memory, for memory.c only: it stores rows, finds
 * them, makes room and lists those that have changed. It knows nothing of what
 * a message teaches. It has no lock.
 */

#include "core/memory.h"

struct pst_memory_table;

struct pst_memory_table *pst_memory_table_new(size_t max_domains);
void pst_memory_table_free(struct pst_memory_table *table);

/*
 * Finds a domain. *out then has texts of the table, which live until the next
 * pst_memory_table_put(). Returns false if the domain is not there.
 */
bool pst_memory_table_get(const struct pst_memory_table *table,
    const char *domain, struct pst_memory_row *out);

/*
 * Adds a row or replaces that of the domain, whose texts are copied; texts of
 * pst_memory_table_get() are allowed. now_epoch decides which rows are too old
 * to be kept. changed: the row is for the disk, too. Returns false if there is
 * no room for a new row. If there is none for a longer record of a row, that
 * record is left out.
 */
bool pst_memory_table_put(struct pst_memory_table *table,
    const struct pst_memory_row *row, int64_t now_epoch, bool changed);

/* Takes the next row that has changed; false if there is none. */
bool pst_memory_table_take(
    struct pst_memory_table *table, struct pst_memory_row *out);

/* Marks all rows as changed. */
void pst_memory_table_change_all(struct pst_memory_table *table);

/* Sets the members that the table knows. */
void pst_memory_table_figures(
    const struct pst_memory_table *table, struct pst_memory_figures *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_FIELDS_H
#define PST_STORE_FIELDS_H

/*
 * The fields of struct pst_report_row, with the columns that hold them. Every
 * statement and every copy of a row loops over this one table, so a new column
 * is one member of the struct, one line of the table and one migration.
 *
 * All functions may be called in any thread.
 */

#include "store/db.h"
#include "store/report_row.h"

/* Where a field is used. */
enum {
	PST_FIELD_POLICY = 1,  /* a column of the table policy */
	PST_FIELD_CONTENT = 2, /* what the policy says; only in POLICY */
	PST_FIELD_RECORD = 4,  /* a column of the table record */
	PST_FIELD_ID = 8,      /* tells rows apart (R-AGG-3); only in RECORD */
};

struct pst_field {
	const char *name; /* of the column and, in most cases, the member */
	size_t offset;    /* in struct pst_report_row */
	enum { PST_FIELD_TEXT, PST_FIELD_NUMBER } kind;
	unsigned uses; /* 0 if the field is kept in memory only */
};

/*
 * Returns the field after `last`, or the first one if last is NULL, that has
 * one of the given uses. Fields with a use come in the order of their columns;
 * those with PST_FIELD_ID come in the order in which the row's id hashes them.
 * NULL ends the list.
 */
const struct pst_field *
pst_field_next(const struct pst_field *last, unsigned uses);

/* Returns the field after `last`, whatever its use. */
const struct pst_field *pst_field_any(const struct pst_field *last);

/* Returns where the row has its text or number. */
const char **
pst_field_text(const struct pst_field *field, struct pst_report_row *row);
int64_t *
pst_field_number(const struct pst_field *field, struct pst_report_row *row);

/* Returns the text of a row; kind must be PST_FIELD_TEXT. */
const char *pst_field_text_of(
    const struct pst_field *field, const struct pst_report_row *row);

/*
 * Writes the values of the columns for one use (PST_FIELD_POLICY or
 * PST_FIELD_RECORD), as `{policy.values}` and `{record.values}` expect them.
 * Returns how many there are: always the same number for one use. The texts
 * still belong to the row.
 */
size_t pst_fields_write(unsigned use, const struct pst_report_row *row,
    struct pst_db_value values[PST_DB_MAX_VALUES]);

/*
 * Reads the columns for one use, from column 0 of the current row on, into
 * *row. All other members become empty, zero, or NULL if no table has them. Returns the number of
 * columns: what the selection has after them begins there. The texts are valid
 * until the next step of the selection.
 */
unsigned
pst_fields_read(unsigned use, struct pst_db *db, struct pst_report_row *row);

/* Copies all texts of the row into the arena; NULL stays NULL. */
void pst_fields_keep(struct pst_arena *arena, struct pst_report_row *row);

/*
 * Returns the statement that a template describes. The template must be a
 * string literal: its statement is made at the first call, has the same address
 * at each later call (store/db.h needs that) and lives as long as the process.
 * These words are replaced:
 *
 *   {policy}         the names of the policy's columns: "day, domain, ..."
 *   {policy.values}  their placeholders: "$1, $2, ..."
 *   {policy.set}     "seen_s = excluded.seen_s, ..." for those that a newer
 *                    policy replaces
 *   {record}         the names of the record's columns
 *   {record.values}  their placeholders
 *   {next}           the placeholder after those of the last `values`; a
 *                    further {next} is the one after that
 */
const char *pst_fields_sql(const char *template);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_QUERY_H
#define PST_STORE_QUERY_H

/*
 * The read side of the store, for commands and pages that show what is in it:
 * no other part of a program that shows rows contains SQL. The rows that become
 * reports are read by report/compose.h and report/outbox.h.
 *
 * While a function calls back, its selection is open, so the callback must not
 * use the database. Each function returns false with a sentence in err when the
 * store fails.
 */

#include "base/macros.h"
#include "store/db.h"
#include "store/report_row.h"
#include "store/schema.h"

/* What a store holds as a whole. */
struct pst_query_facts {
	struct pst_schema schema;
	int64_t first_day, last_day; /* as in base/day.h; -1 without rows */
	int64_t domains;             /* policy domains with rows */
	int64_t rows;
	int64_t messages; /* that the rows stand for */
	/* in no report yet; in a gateway's file also: not uploaded yet */
	int64_t open_rows;
	int64_t incidents; /* for failure reports */
	int64_t waiting_deliveries;
	int64_t batches;
};

bool pst_query_facts(struct pst_db *db, struct pst_query_facts *out,
    struct pst_err *err) PST_MUST_CHECK;

/* A gateway that has uploaded rows. The texts are valid during the call. */
struct pst_query_gateway {
	struct pst_str id, host;
	int64_t uploaded_s; /* the last time */
};

/* Visits the gateways of a shared database, the latest upload first. */
bool pst_query_gateways(struct pst_db *db,
    void (*visit)(void *arg, const struct pst_query_gateway *gateway),
    void *arg, struct pst_err *err) PST_MUST_CHECK;

/* The texts are valid during the call. */
struct pst_query_row {
	struct pst_report_row fields; /* see store/fields.h */
	const char *report;           /* the id of its report or batch, or "" */
	int64_t messages;
};

struct pst_query_rows {
	int64_t day;        /* only this day; all if < 0 */
	const char *domain; /* only this policy domain; all if "" */
	/* Called for each row; false ends the selection without an error. */
	bool (*visit)(void *arg, const struct pst_query_row *row);
	void *arg;
};

/* Visits report rows in the order of day, policy domain and report. */
bool pst_query_rows(struct pst_db *db, const struct pst_query_rows *query,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Gives the space of deleted rows in a gateway's file back to the file system.
 * Copies the whole file, and nobody can write to it meanwhile.
 */
bool pst_query_compact(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_STORE_H
#define PST_STORE_STORE_H

/*
 * The report store: adds to it. store/open.h opens it, store/expiry.h deletes
 * what is old.
 * Reports are read out of it by report/outbox.h; store/query.h reads what is
 * shown to people.
 *
 * Each function that can fail returns false, or NULL, with a sentence in err.
 */

#include "base/macros.h"
#include "config/config.h"
#include "store/db.h"
#include "store/open.h"
#include "store/report_row.h"

/*
 * Returns the identity stored under name ("gateway" or "secret"), creating it
 * (32 random hexadecimal digits) if absent. It is in the arena.
 */
const char *pst_store_identity(struct pst_db *db, struct pst_arena *arena,
    const char *name, struct pst_err *err) PST_MUST_CHECK;

/* Writes 32 random hexadecimal digits and a NUL. */
#define PST_STORE_ID_SIZE 33
void pst_store_random_id(char id[PST_STORE_ID_SIZE]);

/*
 * Adds n messages like this one, inside a transaction of the caller (R-AGG-3,
 * -4). max_rows limits the different rows of a domain and day. Beyond it, new
 * rows leave out the signatures that failed. Beyond twice max_rows, everything
 * new goes into one row for each outcome, with the source PST_STORE_NO_SOURCE.
 * So messages are always counted. A policy.rows_n above max_rows shows that
 * something was left out.
 */
#define PST_STORE_NO_SOURCE "0.0.0.0"
bool pst_store_add(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, unsigned max_rows, struct pst_err *err) PST_MUST_CHECK;

/*
 * Adds n messages to a row that exists already, without looking at the policy:
 * for a message whose policy has not changed. *found tells whether there is
 * such a row; if there is none, nothing is done.
 */
bool pst_store_add_again(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, bool *found, struct pst_err *err) PST_MUST_CHECK;

/*
 * pst_store_add() in parts, for a caller that has many rows of one domain and
 * day. pst_store_put_policy() comes first: it stores the policy of the row,
 * unless a newer one is stored already, and sets *rows to the number of
 * different rows.
 * pst_store_put_row() adds new rows to *rows, uses no member of record->policy
 * but its domain, and works out auth_short if it is NULL.
 * pst_store_put_rows_n() comes last and stores the number of rows.
 */
bool pst_store_put_policy(struct pst_db *db, const struct pst_report_row *row,
    int64_t *rows, struct pst_err *err) PST_MUST_CHECK;
bool pst_store_put_row(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, unsigned max_rows, int64_t *rows,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_store_put_rows_n(struct pst_db *db, const char *domain, int64_t day,
    int64_t rows, struct pst_err *err) PST_MUST_CHECK;

/* Adds n incidents like this one. The details of the first one stay. */
struct pst_incident;
bool
pst_store_add_incident(struct pst_db *db, const struct pst_incident *incident,
    int64_t n, struct pst_err *err) PST_MUST_CHECK;

#endif

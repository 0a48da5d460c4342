/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_STORE_H
#define PST_STORE_STORE_H

/*
 * The report store: opening it, adding to it, forgetting what is old. Who reads
 * reports out of it is report/outbox.h.
 */

#include "config/config.h"
#include "store/db.h"
#include "store/report_row.h"

#define PST_STORE_PATIENCE_MS 5000

/* This gateway's file, with its tables. */
struct pst_db *pst_store_open(const struct pst_config *config,
    enum pst_db_access access, struct pst_err *err);

/* The shared database, with its tables; config names one. */
struct pst_db *
pst_store_open_shared(const struct pst_config *config, struct pst_err *err);

/* The one that reports are made from: the shared one when there is one. */
struct pst_db *
pst_store_open_reports(const struct pst_config *config, struct pst_err *err);

/*
 * Text of meta, made when it is missing: 32 random hexadecimal digits. For
 * "gateway" and "secret".
 */
const char *pst_store_identity(struct pst_db *db, struct pst_arena *arena,
    const char *name, struct pst_err *err);

/* 32 random hexadecimal digits and NUL. */
#define PST_STORE_ID_SIZE 33
void pst_store_random_id(char id[PST_STORE_ID_SIZE]);

/*
 * Adds n messages like this one, inside a transaction of the caller's
 * (R-AGG-3, -4). max_rows is the limit of different rows a domain and day: from
 * there on the signatures that failed are left out of new rows, and from twice
 * as many on all that is new goes into one row for each outcome, whose source
 * is PST_STORE_NO_SOURCE. So messages are always counted. What was left out
 * shows in policy.rows_n being above max_rows.
 */
#define PST_STORE_NO_SOURCE "0.0.0.0"
bool pst_store_add(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, unsigned max_rows, struct pst_err *err);

/*
 * Adds to a row that is there already, and does not look at the policy: for a
 * message of whose policy nothing is new. *found is whether there is such a
 * row; without one nothing is done.
 */
bool pst_store_add_again(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, bool *found, struct pst_err *err);

/*
 * The same in parts, for who has many rows of one domain and day: the policy
 * first, which is taken over unless a later one is there; *rows is how many
 * different rows there are. pst_store_put_row() counts it on, looks at nothing
 * of record->policy but its domain, and works out auth_short when it is NULL.
 */
bool
pst_store_put_policy(struct pst_db *db, const struct pst_report_policy *policy,
    int64_t day, int64_t seen_s, int64_t *rows, struct pst_err *err);
bool pst_store_put_row(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, unsigned max_rows, int64_t *rows, struct pst_err *err);
bool pst_store_put_rows_n(struct pst_db *db, const char *domain, int64_t day,
    int64_t rows, struct pst_err *err);

/* Adds n incidents like this one: the first one's details stay. */
struct pst_incident;
bool pst_store_add_incident(struct pst_db *db,
    const struct pst_incident *incident, int64_t n, struct pst_err *err);

/*
 * Deletes what is older than store.retention, what was not sent yet, too; and
 * imported reports after store.imported-retention. In a transaction of its own.
 */
bool pst_store_expire(struct pst_db *db, const struct pst_config *config,
    int64_t now_s, struct pst_err *err);

#endif

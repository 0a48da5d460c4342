/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_SCHEMA_H
#define PST_STORE_SCHEMA_H

/*
 * The tables, the same in each gateway's file and in a shared database.
 *
 * meta      name, value: "version"; in a file also "gateway" (a random id) and
 *           "secret" (for hashes in failure reports), made at the first use.
 * lease     who may send reports just now (report/lease.h).
 * policy    what a policy domain published, as it was seen last on a day.
 * record    what happened to messages: rows of a report, with a count n. The
 *           id is a hash of the other columns, as far as they are the key.
 * batch     in a shared database: the batches of the gateways that it has; in
 *           a file: those that are on their way there.
 * report    aggregate reports that were made.
 * delivery  each report's way to each of its addresses.
 * suppress  addresses that get nothing until a time.
 * failure   incidents for failure reports, redacted, merged.
 * feedback  reports of others that were imported, and
 * source    their rows.
 *
 * `owner` of policy and record is empty while rows may still be added to. What
 * takes them writes its id there: a report, or a batch on its way to the shared
 * database. So no row is ever counted twice, and none is lost: rows that come
 * late find no row to merge with and are taken by the next report of that day.
 */

#include "store/db.h"

#define PST_SCHEMA_VERSION 1

/*
 * Makes the tables that are missing and checks the version: a newer one is
 * refused. Safe when several processes do it at once.
 */
bool pst_schema_make(struct pst_db *db, struct pst_err *err);

/* Only checks the version: for a store that may not be written to. */
bool pst_schema_check(struct pst_db *db, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_SCHEMA_H
#define PST_STORE_SCHEMA_H

/*
 * The tables, which are the same in each gateway's file and in a shared
 * database.
 *
 * meta      name, value: "version"; in a file also "gateway" (a random id) and
 *           "secret" (for hashes in failure reports), created at the first use.
 * lease     the process that may send reports now (report/lease.h).
 * policy    what a policy domain published, as last seen on a day.
 * record    what happened to messages: rows of a report, with a count n. The
 *           id is a hash of the columns that tell rows apart.
 * batch     in a shared database: the batches that it got from the gateways; in
 *           a file: those that are on their way there.
 * report    aggregate and failure reports that were made.
 * delivery  the delivery of a report to one of its addresses.
 * suppress  addresses that are not sent to until some time.
 * failure   incidents for failure reports, redacted and merged.
 * feedback  imported reports of others, and
 * source    their rows.
 *
 * The `owner` of policy, record and failure is empty while messages may still
 * be added. A report, or a batch on its way to the shared database, takes rows
 * by writing its id there. So no row is ever counted twice, and none is lost:
 * later messages find no row to merge with, and the next report of that day
 * takes the new row.
 */

#include "base/macros.h"
#include "store/db.h"

#define PST_SCHEMA_VERSION 1

/*
 * Creates the tables that are missing and checks the version. A store of any
 * other version is refused. Several processes may call this at once.
 */
bool pst_schema_make(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

/* Only checks the version, for a store that must not be written to. */
bool pst_schema_check(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

#endif

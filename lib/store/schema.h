/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_SCHEMA_H
#define PST_STORE_SCHEMA_H

/*
 * The tables, which are the same in each gateway's file and in a shared
 * database.
 *
 * meta      name, value: "version" and "oldest_writer"; in a file also "gateway"
 *           (a random id) and "secret" (for hashes in failure reports), created
 *           at the first use, "spool" (store/spool.h), "born" and "change"
 *           (store/memory_file.h).
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
 * source_mark  what the owner of the domains says of a source
 *           (store/query_sources.h); kept until somebody removes it.
 * source_selector  selectors of DKIM that imported reports name
 *           (feedback/selectors.h): on how many days, and when last. The row of
 *           a domain with the empty selector is what imports wait for.
 * memory    what is remembered of domains (store/memory_file.h): in a file of
 *           its own beside the gateway's file, and in a shared database.
 *
 * The `owner` of policy, record and failure is empty while messages may still
 * be added. A report, or a batch on its way to the shared database, takes rows
 * by writing its id there. So no row is ever counted twice, and none is lost:
 * later messages find no row to merge with, and the next report of that day
 * takes the new row.
 */

#include "base/macros.h"
#include "store/db.h"

/* What this program writes: the version of the last migration. */
#define PST_SCHEMA_VERSION 5

/*
 * The oldest version that this program can read without migrating it first.
 * Raise it when a selection uses a column that a later step adds.
 */
#define PST_SCHEMA_OLDEST_READABLE 1

/* What a store says about itself. */
struct pst_schema {
	int64_t version;       /* 0 if it has no tables */
	int64_t oldest_writer; /* programs below this version may not use it */
};

/* Reads the version of a store; it fails if the table meta is missing. */
bool pst_schema_read(struct pst_db *db, struct pst_schema *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Brings the store to PST_SCHEMA_VERSION, one transaction for each step
 * (store/migrations.h), and checks that this program may write to it. A store
 * of a newer version is left alone; it may be written to if its steps only
 * added something. Several processes may call this at once: one waits for the
 * other. A process that is killed leaves the store at the version before the
 * step. Only a program that is about to write calls this; a check of the
 * configuration or a dry run never does.
 */
bool pst_schema_make(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

/* Checks that the store can be read. It changes nothing. */
bool pst_schema_check(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns true if only newer programs may use the store: a step was taken that
 * is not additive. False also if the version cannot be read.
 */
bool pst_schema_is_closed(struct pst_db *db);

/*
 * Begins a transaction that writes, and looks at the version inside it: another
 * program may have raised it while this one was running. Until the transaction
 * ends, no other process can take a step. Returns false, without a transaction,
 * if this program may not write.
 */
bool pst_schema_begin(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

#endif

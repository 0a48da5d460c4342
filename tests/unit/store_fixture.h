/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_STORE_FIXTURE_H
#define PST_TESTS_STORE_FIXTURE_H

/* A store in a temporary directory, and report rows to add to it. */

#include "core/outcome.h"
#include "store/incident.h"
#include "store/store.h"

#define STORE_DAY 20780 /* 2026-11-23 */

/* For cmocka; the second removes the directory with everything in it. */
int store_set_up(void **state);
int store_tear_down(void **state);

/* Returns "DIRECTORY/name" in one of four static buffers. */
const char *store_path(const char *name);

/* Loads `store { path = "DIRECTORY/db" EXTRA }` with a report address. */
struct pst_config *store_config(const char *extra);

/* Opens the store of that name and creates its tables. */
struct pst_db *store_open(const char *name);

/* Opens the file "shared", or the server that POSTERN_TEST_POSTGRES names. */
struct pst_db *store_open_shared(void);
/* Empties the tables of report rows and failures, and meta. */
void store_wipe(struct pst_db *db);

/*
 * Returns a copy of tests/fixtures/store-v1.db below that name, not migrated.
 */
struct pst_db *store_copy_v1(const char *name);

/*
 * The same as "v1", or in the server that POSTERN_TEST_POSTGRES names, whose
 * tables are dropped first. store_reopen_v1() opens it again as it is now.
 */
struct pst_db *store_open_v1(void);
struct pst_db *store_reopen_v1(void);

/* Returns the one number that the statement selects. */
int64_t store_number(struct pst_db *db, const char *sql);

/* Returns a summary of the table record: "3 rows, 17 messages". */
const char *store_sum(struct pst_db *db);

/* Returns a report row for example.org; `number` chooses the address. */
struct pst_report_row store_record(unsigned number);

/*
 * Returns a decided message of example.org that has one report row and, if its
 * policy domain is in failure-reports, an incident; `number` chooses the
 * address. What it points to is static, so threads may call this. It borrows
 * config.
 */
struct pst_message store_message(struct pst_config *config, unsigned number);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_STORE_FIXTURE_H
#define PST_TESTS_STORE_FIXTURE_H

/* A store in a directory of its own, and records to put into it. */

#include "store/incident.h"
#include "store/store.h"

#define STORE_DAY 20780 /* 2026-11-23 */

/* For cmocka; the directory goes with all that is in it. */
int store_set_up(void **state);
int store_tear_down(void **state);

/* "DIRECTORY/name", in one of a few static buffers. */
const char *store_path(const char *name);

/* `store { path = "DIRECTORY/db" EXTRA }` and a report address. */
struct pst_config *store_config(const char *extra);

/* The store of that name, with its tables. */
struct pst_db *store_open(const char *name);

/* A second file, or the server that POSTERN_TEST_POSTGRES names. */
struct pst_db *store_open_shared(void);
/* Empties the tables that have to do with rows. */
void store_wipe(struct pst_db *db);

/* The one number that the statement selects. */
int64_t store_number(struct pst_db *db, const char *sql);

/* As number and messages of table record: "3 rows, 17 messages". */
const char *store_sum(struct pst_db *db);

/* A record of example.org's, from an address that `number` chooses. */
struct pst_report_row store_record(unsigned number);

#endif

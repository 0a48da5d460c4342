/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_DRIVER_H
#define PST_STORE_DB_DRIVER_H

/*
 * What stands behind store/db.h: one driver for each kind of database. A
 * driver's connection begins with a struct pst_db. The functions keep what
 * store/db.h says of those with their names; counts of values were checked.
 */

#include "store/db.h"

struct pst_db_driver {
	bool is_shared;
	void (*close)(struct pst_db *db);
	bool (*is_alive)(const struct pst_db *db);
	bool (*begin)(struct pst_db *db, struct pst_err *err);
	bool (*commit)(struct pst_db *db, struct pst_err *err);
	void (*rollback)(struct pst_db *db);
	bool (*run)(struct pst_db *db, const char *sql,
	    const struct pst_db_value *values, size_t count, int64_t *changed,
	    struct pst_err *err);
	bool (*script)(struct pst_db *db, const char *sql, struct pst_err *err);
	bool (*select)(struct pst_db *db, const char *sql,
	    const struct pst_db_value *values, size_t count,
	    struct pst_err *err);
	bool (*next)(struct pst_db *db);
	bool (*end)(struct pst_db *db, struct pst_err *err);
	int64_t (*number)(struct pst_db *db, unsigned column);
	struct pst_str (*column)(struct pst_db *db, unsigned column);
};

struct pst_db {
	const struct pst_db_driver *driver;
};

/* Prepared statements that a connection keeps; more displace each other. */
#define PST_DB_KEPT_STATEMENTS 64

#endif

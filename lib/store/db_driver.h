/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_DRIVER_H
#define PST_STORE_DB_DRIVER_H

/*
 * The interface between store/db.h and its drivers, one for each kind of
 * database. A driver's connection begins with a struct pst_db. Each function
 * does what store/db.h says of its namesake; the number of values has been
 * checked already, and changed is never NULL.
 */

#include "store/db.h"

/* A statement with its values, whose number has been checked. */
struct pst_db_statement {
	const char *sql;
	const struct pst_db_value *values;
	size_t count;
};

struct pst_db_driver {
	bool is_shared;
	void (*close)(struct pst_db *db);
	bool (*is_alive)(const struct pst_db *db);
	bool (*limit)(struct pst_db *db, unsigned ms, struct pst_err *err);
	bool (*begin)(struct pst_db *db, struct pst_err *err);
	bool (*commit)(struct pst_db *db, struct pst_err *err);
	void (*rollback)(struct pst_db *db);
	bool (*lock)(
	    struct pst_db *db, enum pst_db_lock lock, struct pst_err *err);
	bool (*run)(struct pst_db *db, const struct pst_db_statement *statement,
	    int64_t *changed, struct pst_err *err);
	bool (*script)(struct pst_db *db, const char *sql, struct pst_err *err);
	bool (*select)(struct pst_db *db, const char *sql,
	    const struct pst_db_value *values, size_t count,
	    struct pst_err *err);
	bool (*next)(struct pst_db *db);
	bool (*end)(struct pst_db *db, struct pst_err *err);
	int64_t (*number)(struct pst_db *db, unsigned column);
	struct pst_str (*column)(struct pst_db *db, unsigned column);
	struct pst_str (*octets)(struct pst_db *db, unsigned column);
};

struct pst_db {
	const struct pst_db_driver *driver;
};

/* Prepared statements kept by a connection; any more replace the oldest. */
#define PST_DB_KEPT_STATEMENTS 64

#endif

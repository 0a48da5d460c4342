/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_MIGRATIONS_H
#define PST_STORE_MIGRATIONS_H

/*
 * The steps that bring a store forward, for schema.c and its tests. A store
 * without tables has version 0. Each step is one transaction; the steps are in
 * the order of their versions, which count up by one.
 *
 * A step that was in a release never changes. A new step is added at the end
 * and raises PST_SCHEMA_VERSION. Within 1.x, steps only add: a table, an index,
 * or a column with a default. Then oldest_writer stays what it was, and
 * gateways that share a database can be upgraded one by one. A step after which
 * older programs would write wrong rows sets oldest_writer to its own version.
 */

#include <stddef.h>

#include "base/macros.h"

struct pst_migration {
	int version; /* of the store after this step */
	/* Programs that know at least this version may write after it. */
	int oldest_writer;
	/* Statements that SQLite and PostgreSQL both understand. */
	const char *sql;
};

extern const struct pst_migration pst_migrations[];
extern const size_t pst_migrations_count;

#endif

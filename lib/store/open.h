/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_OPEN_H
#define PST_STORE_OPEN_H

/*
 * Opens the report store. There is one file on each gateway, which the daemon
 * writes, and there may be one shared database, into which the gateways upload
 * their rows. If the configuration names a shared database, reports are made
 * from it; otherwise they are made from the gateway's own file.
 *
 * store/open.c opens files only. store/open_shared.c is the one place that
 * opens the shared database: a program that calls none of its functions needs
 * no PostgreSQL client.
 *
 * Each function that can fail returns false with a sentence in err; the store
 * is closed then.
 */

#include "base/clock.h"
#include "base/macros.h"
#include "config/config.h"
#include "store/db.h"

#define PST_STORE_PATIENCE_MS 5000

/*
 * What works on a store passes this on: the connection, and by which settings
 * and which clock it works. The caller sets config and clock, which must
 * outlive the store; opening sets db. One thread at a time, as for db.
 */
struct pst_store {
	const struct pst_config *config;
	const struct pst_clock *clock;
	struct pst_db *db; /* NULL while it is closed */
};

/* Returns the time by the store's clock, in seconds since 1970. */
static inline int64_t
pst_store_now(const struct pst_store *store)
{
	return pst_clock_epoch(store->clock);
}

/* What a store is opened for. */
enum pst_store_use {
	/*
	 * To look at what reports are made from. A missing file is an error.
	 */
	PST_STORE_READ,
	/* To tidy up this gateway's own file, which must exist. */
	PST_STORE_WRITE,
	/*
	 * To make reports, or to add those of others. A missing file and
	 * missing tables are created.
	 */
	PST_STORE_REPORTS,
};

/* Opens the database or the file that this use needs. */
bool pst_store_open(struct pst_store *store, enum pst_store_use use,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Opens this gateway's file, whatever the configuration says of a shared
 * database. Missing tables are created unless access is PST_DB_READ.
 */
bool pst_store_open_file(struct pst_store *store, enum pst_db_access access,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Opens the shared database, which the configuration must name, and creates
 * missing tables.
 */
bool pst_store_open_shared(
    struct pst_store *store, struct pst_err *err) PST_MUST_CHECK;

/* Returns whether the configuration names a shared database. */
bool pst_store_has_shared(const struct pst_config *config);

void pst_store_close(struct pst_store *store); /* a closed one is allowed */

#endif

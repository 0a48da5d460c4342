/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_WRITER_DB_H
#define PST_STORE_WRITER_DB_H

/*
 * The databases of the writer's thread, for writer.c and writer_db.c only: the
 * store, and the spool for the time in which only newer programs may write to
 * the store. It is used in the writer's thread.
 */

#include "store/writer.h"

struct pst_writer_db {
	const struct pst_config *config;
	struct pst_writer_log log;
	struct pst_db *store;  /* NULL if not open */
	struct pst_db *spool;  /* NULL if not open; open while it has rows */
	struct pst_db *target; /* one of them, for rows; NULL if not open */
	bool closed;           /* only newer programs may write to the store */
	int64_t moved; /* rows that were moved out of the spool so far */
};

/* Opens nothing yet. The configuration must live as long as *db. */
void pst_writer_db_init(struct pst_writer_db *db,
    const struct pst_config *config, struct pst_writer_log log);

/*
 * Opens what is necessary, brings the store forward, looks whether it may be
 * written to, sets db->target, and moves one batch out of the spool if there is
 * any. *switched is true if rows go to another database than before. Call this
 * before each transaction. After a failure of anything, close it.
 */
bool pst_writer_db_ready(struct pst_writer_db *db, bool *switched,
    struct pst_err *err) PST_MUST_CHECK;

/* Closes all; pst_writer_db_ready() opens them again. */
void pst_writer_db_close(struct pst_writer_db *db);

#endif

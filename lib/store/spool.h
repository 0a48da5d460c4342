/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_SPOOL_H
#define PST_STORE_SPOOL_H

/*
 * Rows that wait beside a store that only newer programs may write to
 * (pst_schema_is_closed()). That is the case when the store was brought forward
 * by a newer Postern while an older daemon is running, or is started again.
 *
 * The spool is a second store, "<store.path>-spool", with the tables that this
 * program knows. So rows are committed, merged and limited by store.max-rows
 * and store.retention exactly as in the store itself. When the store may be
 * written again, the rows are moved batch by batch: a batch has an id, the
 * store keeps the id of the last batch in the transaction that adds its rows
 * (meta "spool"), and only then are the rows deleted in the spool. So each row
 * arrives exactly once, whatever fails on the way. The empty file stays: other
 * workers may have it open.
 *
 * A connection belongs to one thread at a time; several processes may use the
 * same spool.
 */

#include "config/config.h"
#include "store/db.h"

/* Long enough for store.path with "-spool". */
#define PST_SPOOL_PATH_SIZE 4104

/* Writes the name of the spool. */
void
pst_spool_path(const struct pst_config *config, char path[PST_SPOOL_PATH_SIZE]);

/*
 * Opens the spool. With PST_DB_CREATE a missing one is made. patience_ms is as
 * in pst_db_open_private(). The caller closes it with pst_db_close().
 */
struct pst_db *
pst_spool_open(const struct pst_config *config, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;

/* Returns whether the file exists. It may be empty. */
bool pst_spool_exists(const struct pst_config *config);

/*
 * Counts the messages and incidents in the spool, without changing it. There
 * are none if there is no spool.
 */
bool pst_spool_count(const struct pst_config *config, int64_t *count,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Moves one batch, of at most some thousand rows, from the spool to the store.
 * *more is false if the spool is empty now. *moved is increased by the rows and
 * incidents of the batch.
 */
bool pst_spool_move(struct pst_db *spool, struct pst_db *store,
    const struct pst_config *config, bool *more, int64_t *moved,
    struct pst_err *err) PST_MUST_CHECK;

#endif

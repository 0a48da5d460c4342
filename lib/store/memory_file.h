/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_MEMORY_FILE_H
#define PST_STORE_MEMORY_FILE_H

/*
 * The memory of domains (core/memory) on disk: a second store,
 * "<store.path>-memory", of which only the table memory is used, and the meta
 * entries "born", which says when the memory began, and "change". A shared
 * database has the same for all its gateways.
 *
 * Each row has the number of its last change, which only grows. So a reader
 * that knows the last number it has read gets what others have written since.
 * A row changes only if something in it becomes newer or larger, as
 * pst_memory_merge() has it: gateways that hand each other the same rows come
 * to rest.
 *
 * A connection belongs to one thread at a time; several processes may use the
 * same file.
 */

#include "base/macros.h"
#include "config/config.h"
#include "core/memory.h"
#include "store/db.h"

/* Long enough for store.path with "-memory". */
#define PST_MEMORY_PATH_SIZE 4104

/* Rows in a transaction: so long another process waits. */
#define PST_MEMORY_BATCH 500

/* Writes the name of the file. */
void pst_memory_file_path(
    const struct pst_config *config, char path[PST_MEMORY_PATH_SIZE]);

/* Returns whether the file exists. */
bool pst_memory_file_exists(const struct pst_config *config);

/*
 * Opens the file. With PST_DB_CREATE a missing one is made. patience_ms is as
 * in pst_db_open_private(). The caller closes it with pst_db_close().
 */
struct pst_db *
pst_memory_file_open(const struct pst_config *config, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;

/*
 * Writes up to PST_MEMORY_BATCH rows in one transaction. *changed (may be NULL)
 * is increased by the rows that were news. Rows that are not sound
 * (pst_memory_is_sound()) are left out. So are, in a shared database, rows that
 * are more than a day ahead of its clock: they are of a gateway whose clock is,
 * and would make what the others remember look forgotten.
 */
bool pst_memory_file_write(struct pst_db *db, const struct pst_memory_row *rows,
    size_t count, int64_t *changed, struct pst_err *err) PST_MUST_CHECK;

/*
 * Merges the rows with a change after *last into the memory, and sets *last to
 * the newest change. With *last 0 it reads all, and also if *last belongs to a
 * file that was replaced.
 */
bool pst_memory_file_read(struct pst_db *db, struct pst_memory *memory,
    int64_t *last, struct pst_err *err) PST_MUST_CHECK;

/*
 * Reads the file into a memory, if there is one, without changing it: all rows,
 * and its birth. *last is then as pst_memory_file_read() sets it. A file that
 * is just being made is empty.
 */
bool
pst_memory_file_load(const struct pst_config *config, struct pst_memory *memory,
    unsigned patience_ms, int64_t *last, struct pst_err *err) PST_MUST_CHECK;

/*
 * Copies one batch of the rows with a change after *last to another database,
 * and sets *last to the last change copied. *more is false if there was none.
 */
bool pst_memory_file_copy(struct pst_db *from, struct pst_db *to, int64_t *last,
    bool *more, struct pst_err *err) PST_MUST_CHECK;

/*
 * Sets *born to the birth that is stored, after storing *born if none is or if
 * that is earlier. With PST_DB_READ nothing is stored, and *born is unchanged if
 * none is.
 */
bool pst_memory_file_born(struct pst_db *db, enum pst_db_access access,
    int64_t *born, struct pst_err *err) PST_MUST_CHECK;

/*
 * Deletes up to some thousand rows that were not seen for PST_MEMORY_KEEP_DAYS
 * or, if there are more than max_rows, those that rank lowest (core/memory).
 * *more is true if there may be others.
 */
bool pst_memory_file_prune(struct pst_db *db, int64_t now_epoch,
    int64_t max_rows, bool *more, struct pst_err *err) PST_MUST_CHECK;

#endif

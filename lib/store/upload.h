/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_UPLOAD_H
#define PST_STORE_UPLOAD_H

/*
 * Moves rows from this gateway's file to the shared database, batch by batch.
 * A batch is closed by writing its id into the rows' owner. In the shared
 * database its id and its rows are inserted in one transaction, so it is there
 * once whatever dies in between and however often it is tried; only then are
 * the rows deleted here.
 */

#include "store/writer.h"

#define PST_UPLOAD_INTERVAL_MS 10000

/*
 * Ships all there is. max_rows is the limit of the shared database
 * (pst_store_add()). *batches (may be NULL) is how many went over. True when
 * nothing is left. Two at once do no harm.
 */
bool pst_upload_all(struct pst_db *local, struct pst_db *shared, int64_t now_s,
    unsigned max_rows, unsigned *batches, struct pst_err *err);

/*
 * The daemon's thread for it; tries every PST_UPLOAD_INTERVAL_MS, less often
 * while the database is away, and has it forget what is old. Keeps a reference
 * to config. A stop does not wait for a server that does not answer.
 */
struct pst_uploader;
struct pst_uploader *
pst_uploader_start(struct pst_config *config, struct pst_writer_log log);
void pst_uploader_stop(struct pst_uploader *shipper); /* NULL is allowed */

#endif

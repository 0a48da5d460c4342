/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_UPLOAD_H
#define PST_STORE_UPLOAD_H

/*
 * Moves rows from this gateway's file to the shared database, batch by batch. A
 * batch is closed by writing its id into the owner of its rows. In the shared
 * database its id and its rows are inserted in one transaction, so it arrives
 * exactly once, whatever fails on the way and however often it is tried. Only
 * then are the rows deleted here.
 */

#include "base/macros.h"
#include "store/memory_keeper.h"
#include "store/store.h"
#include "store/writer.h"

#define PST_UPLOAD_INTERVAL_MS 10000

/*
 * Uploads everything. max_rows is the limit of the shared database
 * (pst_store_add()). *batches (may be NULL) is the number of batches that were
 * uploaded. True when nothing is left; false with a sentence in err. Several
 * processes may do this at once.
 */
bool pst_upload_all(struct pst_db *local, struct pst_db *shared, int64_t now_s,
    unsigned max_rows, unsigned *batches, struct pst_err *err) PST_MUST_CHECK;

/*
 * One batch, from one store to another; pst_upload_all() and store/spool.h are
 * made of these.
 */
struct pst_upload {
	struct pst_db *from, *to;
	/*
	 * Runs in the transaction that adds the rows, with the values id,
	 * gateway, host and now_s. It changes nothing if the batch is in `to`
	 * already.
	 */
	const char *mark;
	size_t mark_values;         /* it uses the first ones of these values */
	const char *gateway, *host; /* NULL if the mark does not use them */
	int64_t now_s;
	unsigned max_rows; /* the limit of `to` */
};

/*
 * Moves a batch that was closed before, or closes one and moves it. *more is
 * false if there was nothing to move. *moved is increased by the rows and
 * incidents of the batch.
 */
bool pst_upload_batch(const struct pst_upload *upload, bool *more,
    int64_t *moved, struct pst_err *err) PST_MUST_CHECK;

/*
 * The thread of postern-upload that uploads. It tries every
 * PST_UPLOAD_INTERVAL_MS, less often while the database is unreachable, and
 * deletes old rows there. Other processes write the rows, and nothing tells it
 * of them, so it also wakes up for that while no mail arrives. It also shares
 * what gateways remember of domains (store/memory_share.h) and their journals
 * (store/journal_share.h). It keeps a reference to config and calls the logs in
 * its own thread: memory and journal get a sentence when that cannot be shared,
 * and NULL when it can again. pst_uploader_stop() does not wait for a server
 * that does not answer.
 */
struct pst_uploader_logs {
	struct pst_writer_log rows;
	struct pst_memory_log memory, journal;
};
struct pst_uploader;
struct pst_uploader *pst_uploader_start(
    struct pst_config *config, const struct pst_uploader_logs *logs);
void pst_uploader_stop(struct pst_uploader *uploader); /* NULL is allowed */

#endif

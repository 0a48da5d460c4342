/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_MEMORY_KEEPER_H
#define PST_STORE_MEMORY_KEEPER_H

/*
 * Keeps a worker's memory of domains (core/memory) on disk: a thread that
 * writes what has changed, a batch at a time, reads what other workers have
 * written, and deletes what is old. A process that is killed loses what it
 * learnt since the last time. No message ever waits for this thread: while the
 * file is locked, damaged or its disk is full, the memory goes on without it,
 * and the same batch is tried again.
 */

#include "config/config.h"
#include "core/memory.h"

/* How often the thread works. */
#define PST_MEMORY_KEEPER_MS 30000

/*
 * Called in the keeper's thread, and in that of pst_memory_keeper_start(): once
 * when the file begins to fail, with the reason, and once when it works again,
 * with NULL.
 */
struct pst_memory_log {
	void (*call)(void *arg, const char *why);
	void *arg;
};

struct pst_memory_keeper;

/*
 * Reads the file, if there is one, and starts the thread, which works every
 * interval_ms. A file that cannot be read is not a failure. config names the
 * file; it keeps a reference. memory must outlive the keeper.
 */
struct pst_memory_keeper *pst_memory_keeper_start(struct pst_config *config,
    struct pst_memory *memory, struct pst_memory_log log, unsigned interval_ms);

/*
 * Writes what has changed, as far as that is possible within some seconds, and
 * ends the thread. NULL is allowed.
 */
void pst_memory_keeper_stop(struct pst_memory_keeper *keeper);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_WRITER_H
#define PST_STORE_WRITER_H

/*
 * The only thread of the daemon that writes to the store. It makes the report
 * rows and the incidents of the messages that are handed in, and what several
 * of them hand in while it is busy goes into one transaction (R-AGG-5).
 *
 * A message's rows are committed once pst_writer_put() has returned true; the
 * process may then be killed at any moment. While the store is slow, full,
 * locked or read-only, messages wait in a bounded queue and are tried again
 * every second. Callers do not wait for a store that failed last time. Rows
 * that do not fit into the queue are counted.
 *
 * A store that only newer programs may write to is looked at before each
 * transaction. Meanwhile rows are committed to a spool beside it
 * (store/spool.h), which is moved to the store as soon as that is allowed.
 */

#include "core/outcome.h"

struct pst_writer;

/* What the operator should know. Called in the writer's thread. */
enum pst_writer_event {
	PST_WRITER_FAILED,    /* text says why; once until it recovers */
	PST_WRITER_RECOVERED, /* text says how many rows were lost */
	PST_WRITER_SPOOLING,  /* text is the spool's path, and says why */
	PST_WRITER_UNSPOOLED, /* text is how many rows were moved */
	PST_WRITER_EXPIRED,   /* text is what was deleted because it was old */
	PST_WRITER_CLOCK_WRONG, /* text says how (store/trusted_clock.h) */
	PST_WRITER_CLOCK_RIGHT, /* it agrees again */
};
struct pst_writer_log {
	void (*call)(void *arg, enum pst_writer_event event, const char *text);
	void *arg;
};

/*
 * Starts the thread, which brings the store to this program's version first
 * (store/schema.h). A store that cannot be opened is not a failure; the thread
 * tries again. It keeps a reference to config for path, limits and retention.
 */
struct pst_writer *
pst_writer_start(struct pst_config *config, struct pst_writer_log log);

/*
 * Writes what is queued, as far as that is possible within some seconds, ends
 * the thread and frees the writer. *counts (may be NULL) gets the final counts.
 */
struct pst_writer_counts;
void
pst_writer_stop(struct pst_writer *writer, struct pst_writer_counts *counts);

/*
 * Takes over what happened to a message, and waits up to wait_ms for the commit
 * of its rows; it does not wait for a message that has an incident only.
 * Returns true if everything is committed. May be called in any thread.
 */
bool pst_writer_put(
    struct pst_writer *writer, struct pst_outcome *outcome, unsigned wait_ms);

struct pst_writer_counts {
	uint64_t committed; /* rows */
	uint64_t waiting;   /* rows and incidents */
	uint64_t late;      /* rows not committed within wait_ms */
	uint64_t dropped;   /* rows and incidents: the queue was full */
};
void
pst_writer_counts(struct pst_writer *writer, struct pst_writer_counts *out);

#endif

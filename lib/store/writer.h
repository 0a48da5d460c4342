/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_WRITER_H
#define PST_STORE_WRITER_H

/*
 * The daemon's one thread that writes the store: what several messages hand in
 * while it is busy goes into one transaction (R-AGG-5).
 *
 * A record is committed once pst_writer_put() has said so; the process may then
 * be killed at any moment. When the store is slow, full, locked or read-only,
 * records wait in a bounded queue and are tried again every second; nobody
 * waits for a store that failed last time. What does not fit is counted.
 */

#include "store/report_row.h"
#include "store/store.h"

struct pst_writer;

/* What the operator should hear of; called in the writer's thread. */
enum pst_writer_event {
	PST_WRITER_FAILED,    /* text is why; once for each spell of trouble */
	PST_WRITER_RECOVERED, /* text says how many records were lost */
};
struct pst_writer_log {
	void (*call)(void *arg, enum pst_writer_event event, const char *text);
	void *arg;
};

/*
 * Starts the thread; a store that cannot be opened is no reason to fail, it is
 * tried again. Keeps a reference to config for path, limits and retention.
 */
struct pst_writer *
pst_writer_start(struct pst_config *config, struct pst_writer_log log);

/*
 * Writes what is queued, as far as it can within some seconds, and ends. The
 * last counts go to *counts, which may be NULL.
 */
struct pst_writer_counts;
void
pst_writer_stop(struct pst_writer *writer, struct pst_writer_counts *counts);

/*
 * Hands a record in (it is copied) and waits up to wait_ms for its commit.
 * True when it is committed. Any thread.
 */
bool pst_writer_put(struct pst_writer *writer,
    const struct pst_report_row *record, unsigned wait_ms);

/*
 * The gateway's secret for hashes in failure reports (pst_store_identity()).
 * False as long as the store could not be opened. Any thread.
 */
bool
pst_writer_secret(struct pst_writer *writer, char secret[PST_STORE_ID_SIZE]);

/*
 * Hands an incident in that a failure report is to be made of; nobody waits for
 * its commit. Any thread.
 */
struct pst_incident;
void pst_writer_put_incident(
    struct pst_writer *writer, const struct pst_incident *incident);

struct pst_writer_counts {
	uint64_t committed; /* records */
	uint64_t waiting;
	uint64_t late;    /* not committed within wait_ms */
	uint64_t dropped; /* the queue was full */
};
void
pst_writer_counts(struct pst_writer *writer, struct pst_writer_counts *out);

#endif

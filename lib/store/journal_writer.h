/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_WRITER_H
#define PST_STORE_JOURNAL_WRITER_H

/*
 * The thread of a worker that writes its journal entries. It is a thread of its
 * own, not the one of the report store: messages wait for the rows of reports,
 * and compressing must not delay these.
 *
 * pst_journal_writer_put() copies the entry into a bounded queue and returns at
 * once. If the queue is full, because the disk is slow, full, locked or gone,
 * the entry is dropped and counted. The thread writes what has gathered about
 * once a second, or when the queue is half full, tries again every ten seconds
 * after a failure, and deletes old blocks in small steps. Without entries it
 * sleeps.
 */

#include "store/journal.h"

/* Octets of the queue; beyond it entries are dropped. */
#define PST_JOURNAL_QUEUE_BYTES (8 * 1024 * 1024)

struct pst_journal_writer;

/* What the operator should know. Called in the writer's thread. */
enum pst_journal_event {
	PST_JOURNAL_FAILED,    /* text says why; once until it recovers, and
	                          at the end if entries are left */
	PST_JOURNAL_RECOVERED, /* text says how many entries were lost */
};
struct pst_journal_log {
	void (*call)(void *arg, enum pst_journal_event event, const char *text);
	void *arg;
};

/*
 * Starts the thread. The path is copied. A file that cannot be opened is not a
 * failure; the thread tries again.
 */
struct pst_journal_writer *pst_journal_writer_start(const char *path,
    struct pst_journal_limits limits, struct pst_journal_log log);

/* After a reload: other limits. */
void pst_journal_writer_limit(
    struct pst_journal_writer *writer, struct pst_journal_limits limits);

/*
 * Writes what is queued, as far as that is possible within a second, ends the
 * thread and frees the writer.
 */
void pst_journal_writer_stop(struct pst_journal_writer *writer);

/* Takes a copy of the entry. May be called in any thread; it never waits. */
void pst_journal_writer_put(
    struct pst_journal_writer *writer, const struct pst_journal_entry *entry);

struct pst_journal_counts {
	uint64_t written;
	uint64_t waiting;
	uint64_t dropped; /* the queue was full, the entry too long, or it
	                     could not be written before the end */
};
void pst_journal_writer_counts(
    struct pst_journal_writer *writer, struct pst_journal_counts *out);

#endif

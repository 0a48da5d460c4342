/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_LOG_QUEUE_H
#define PST_BASE_LOG_QUEUE_H

/*
 * The lines that the log's target does not take at once. Only base/log
 * and replaced/syslog use this. The process has one queue.
 *
 * A line goes to the target directly as long as the target takes it, so what
 * was logged before a reply is kept even if the process is killed after it.
 * A line that would have to wait is queued instead, and all later lines queue
 * up after it: each thread's lines stay in order. When the queue is full, lines
 * are lost and counted until everything that is queued has been written; then
 * one line gives their number.
 *
 * Memory: PST_LOG_QUEUE_BYTES for each process, which is touched only when a
 * target does not read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

#define PST_LOG_QUEUE_BYTES (256 * 1024)
#define PST_LOG_LINE_BYTES 2304 /* the longest line, with its head */
#define PST_LOG_STOP_MS 500     /* the longest wait at a stop */

enum pst_log_outcome {
	PST_LOG_SENT,
	PST_LOG_FULL,   /* the target takes no more for now */
	PST_LOG_BROKEN, /* there is no target for now, or it fails; not polled */
};

struct pst_log_target {
	/* Never waits, unless may_wait is set. Called by several threads. */
	enum pst_log_outcome (*send)(const char *line, size_t len);
	/* The descriptor to poll after PST_LOG_FULL; -1 if there is none. */
	int (*fd)(void);
	/* Writes the line about lost lines; returns its length. */
	size_t (*describe_loss)(char *line, size_t size, uint64_t lost);
	/* Only the writer's thread calls send(), if there is one. */
	bool may_wait;
};

/* Begins with an empty queue, before threads start. target is copied. */
void pst_log_queue_open(const struct pst_log_target *target);

/* Returns true after pst_log_queue_open(). */
bool pst_log_queue_is_open(void);

/*
 * In a child process: what is queued belongs to the parent, which writes it.
 * A process that forks must not have a writer.
 */
void pst_log_queue_forked(void);

/*
 * Starts the thread that writes what is queued. Without it,
 * pst_log_queue_flush() must be called from time to time. False if the system
 * cannot start a thread.
 */
bool pst_log_queue_start(void) PST_MUST_CHECK;

/* Sends or queues a line of at most PST_LOG_LINE_BYTES. Any thread. */
void pst_log_queue_put(const char *line, size_t len);

/*
 * Without a writer: sends what the target takes now, and returns true if lines
 * are left. With a writer: does nothing and returns false.
 */
bool pst_log_queue_flush(void);

/*
 * Writes what is queued and ends the writer. Waits PST_LOG_STOP_MS at most, and
 * not at all for a target that is broken; what is left then is lost. Other
 * threads may go on logging, as sessions do that a stop leaves behind: their
 * lines are sent if the target takes them at once.
 */
void pst_log_queue_finish(void);

/* As finish; afterwards pst_log_queue_is_open() is false. For tests. */
void pst_log_queue_close(void);

#endif

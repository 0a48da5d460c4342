/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_UPLOAD_CHILD_H
#define PST_MILTER_UPLOAD_CHILD_H

/*
 * The process that uploads report rows to the shared database, as the first
 * supervisor sees it. It is a program of its own, postern-upload, so that no
 * process that reads mail contains a database client. The supervisor starts it
 * after it has given up root, and starts it again if it dies. Mail never
 * depends on it: without it, rows wait in this gateway's file.
 *
 * The program's standard input is its end of a socket pair, over which it is
 * told the bytes PST_WORKER_RELOAD and PST_WORKER_STOP of milter/worker.h. It
 * answers nothing, and it ends when the other end is closed.
 *
 * All functions belong to the supervisor's one thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/config.h"

/* The program's directory; the variable of that name takes its place. */
#define PST_UPLOAD_DIR_VARIABLE "POSTERN_LIBEXECDIR"
#define PST_UPLOAD_PROGRAM "postern-upload"
/* With the option -m, this descriptor is the memory of the counters. */
#define PST_UPLOAD_COUNTERS_FD 3

/* How long a stop waits before it kills the process. */
#define PST_UPLOAD_STOP_MS 2500

/* Begin with all zero, except for to_stderr. */
struct pst_upload_child {
	bool to_stderr; /* the program logs to standard error, as we do */
	pid_t pid;      /* 0: not running */
	int fd;         /* our end of the pair, while it runs */
	bool wanted;    /* since a configuration asked for uploads */
	bool idle;      /* it had nothing to upload; until a reload */
	bool broken;    /* it cannot be executed; that has been logged */
	int64_t started_ms;
	unsigned quick_deaths; /* in a row */
	int64_t not_before_ms; /* do not start it before this time */
};

/*
 * Collects the process if it has died, and starts it if config asks for uploads
 * (store.postgresql and reports.from are set) and it is not running. Once it
 * was asked for, it is kept until the daemon stops, for the rows that are left.
 * Call this in each turn of the loop, which SIGCHLD must wake up.
 */
void pst_upload_child_attend(struct pst_upload_child *child,
    const struct pst_config *config, int64_t now_ms);

/*
 * Returns when pst_upload_child_attend() has something to start next, by the
 * clock of now_ms; INT64_MAX if nothing is planned.
 */
int64_t pst_upload_child_due_ms(const struct pst_upload_child *child);

/* After a reload: tells the process; if it is not running, it may start again. */
void pst_upload_child_reload(struct pst_upload_child *child);

/* Tells the process to stop, without waiting. */
void pst_upload_child_stop(struct pst_upload_child *child);

/* Waits for its end, for at most PST_UPLOAD_STOP_MS; then it is killed. */
void pst_upload_child_end(struct pst_upload_child *child);

/* For a process that the supervisor forked: closes our end of the pair. */
void pst_upload_child_leave(struct pst_upload_child *child);

#endif

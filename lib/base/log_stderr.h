/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_LOG_STDERR_H
#define PST_BASE_LOG_STDERR_H

/*
 * Writes to standard error without waiting for its reader. Only base/log uses
 * this.
 *
 * O_NONBLOCK cannot be set on standard error itself: it would apply to all
 * processes that share it, such as the shell that started us. So a pipe or a
 * terminal is opened a second time, through /proc. This fails for a pipe of
 * another user, and without /proc; then a write may wait if others write to the
 * same pipe at that moment.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/log_queue.h"

/*
 * Finds out what standard error is. Call it again after a dup2() to it. Before
 * threads start. Returns false if pst_log_stderr_try() may wait.
 */
bool pst_log_stderr_open(void);

/* Writes a line as a whole, with its line end. */
enum pst_log_outcome pst_log_stderr_try(const char *line, size_t len);

/* The descriptor to poll for POLLOUT. */
int pst_log_stderr_fd(void);

#endif

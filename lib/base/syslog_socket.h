/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_SYSLOG_SOCKET_H
#define PST_BASE_SYSLOG_SOCKET_H

/*
 * Sends lines to the system log without syslog(3), which holds a lock while it
 * sends a line: the threads of a busy gateway would queue for it. Only base/log
 * uses this, and falls back to syslog(3).
 *
 * The process has one socket, which a fork keeps. After the syslog daemon was
 * restarted, the next line connects to the new one.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/log_queue.h"

#define PST_SYSLOG_PATH "/dev/log"

/*
 * Connects, before threads start. ident and path are borrowed and must outlive
 * all logging. False when path is not a socket that accepts datagrams.
 */
bool pst_syslog_open(const char *path, const char *ident, int facility);

/*
 * True if pst_syslog_open() failed because the path can never be used here: it
 * is a stream socket, or it is too long.
 */
bool pst_syslog_is_stream(void);

/*
 * Waits until the daemon takes the line. Safe in any thread. False when the
 * line could not be sent.
 */
bool pst_syslog_send(int priority, const char *text, size_t len);

/*
 * Writes what comes before the text of a line: priority, time, ident and
 * process id. Returns its length, less than size; 0 if it does not fit.
 */
size_t pst_syslog_head(int priority, char *out, size_t size);

/*
 * As pst_syslog_send(), for a line with its head, but never waits: PST_LOG_FULL
 * while the daemon does not read, PST_LOG_BROKEN while there is none. Connects
 * when there is one again, also if pst_syslog_open() found none.
 */
enum pst_log_outcome pst_syslog_try(const char *line, size_t len);

/* The socket, to poll for POLLOUT; -1 if there is none. Any thread. */
int pst_syslog_fd(void);

void pst_syslog_close(void);

#endif

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

#define PST_SYSLOG_PATH "/dev/log"

/*
 * Connects, before threads start. ident and path are borrowed and must outlive
 * all logging. False when path is not a socket that accepts datagrams.
 */
bool pst_syslog_open(const char *path, const char *ident, int facility);

/* Safe in any thread. False when the line could not be sent. */
bool pst_syslog_send(int priority, const char *text, size_t len);

void pst_syslog_close(void);

#endif

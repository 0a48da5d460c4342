/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_SYSLOG_SOCKET_H
#define PST_BASE_SYSLOG_SOCKET_H

/*
 * Lines to the system's log without syslog(3)'s lock: that is held while the
 * line is on its way, so the threads of a busy gateway would queue there. Used
 * by base/log alone, which falls back to syslog(3).
 *
 * One socket for the process, also after a fork. When the log's daemon was
 * restarted, the next line finds the new one.
 */

#include <stdbool.h>
#include <stddef.h>

#define PST_SYSLOG_PATH "/dev/log"

/*
 * Connects; ident and path must outlive the logging. False when there is no
 * such socket, or one that takes no datagrams.
 */
bool pst_syslog_open(const char *path, const char *ident, int facility);

/* Any thread. False when the line could not be handed over. */
bool pst_syslog_send(int priority, const char *text, size_t len);

void pst_syslog_close(void);

#endif

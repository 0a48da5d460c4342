/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_NOTIFY_H
#define PST_MILTER_NOTIFY_H

/*
 * The service manager's readiness protocol (sd_notify(3)), without its library:
 * one datagram of "KEY=value" lines to the socket named in $NOTIFY_SOCKET.
 * Without that variable, these functions do nothing.
 */

#include <stdint.h>

/*
 * Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and unsets them if
 * they are usable. Call once, in main.
 */
void pst_notify_init(void);

/* Sends a state such as "READY=1" or "STOPPING=1". */
void pst_notify(const char *state);

/* Sends "RELOADING=1" with the time stamp that systemd requires. */
void pst_notify_reloading(void);

/*
 * The watchdog: a manager that set one ends a daemon that does not say
 * "WATCHDOG=1" often enough. It is said twice in each period. Only the first
 * process calls these, and only a loop that works gets to them.
 *
 * Returns when it has to be said next, as pst_clock_ms(); INT64_MAX if there is
 * no watchdog.
 */
int64_t pst_notify_watchdog_due_ms(void);
/* Says it if it is time. */
void pst_notify_watchdog(int64_t now_ms);

#endif

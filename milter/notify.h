/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_NOTIFY_H
#define PST_MILTER_NOTIFY_H

/*
 * The service manager's readiness protocol (sd_notify(3)), without its library:
 * one datagram of "KEY=value" lines to the socket named in $NOTIFY_SOCKET.
 * Without that variable, these functions do nothing.
 */

/* Reads $NOTIFY_SOCKET and unsets it if it is usable. Call once, in main. */
void pst_notify_init(void);

/* Sends a state such as "READY=1" or "STOPPING=1". */
void pst_notify(const char *state);

/* Sends "RELOADING=1" with the time stamp that systemd requires. */
void pst_notify_reloading(void);

#endif

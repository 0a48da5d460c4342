/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_NOTIFY_H
#define PST_MILTER_NOTIFY_H

/*
 * The service manager's readiness protocol (sd_notify(3)), spoken by hand: one
 * datagram of "KEY=value" lines to the socket named in $NOTIFY_SOCKET. Without
 * that variable all of this does nothing.
 */

/* Takes $NOTIFY_SOCKET out of the environment; call once, in main. */
void pst_notify_init(void);

/* "READY=1", "STOPPING=1". */
void pst_notify(const char *state);

/* "RELOADING=1" with the time that systemd wants beside it. */
void pst_notify_reloading(void);

#endif

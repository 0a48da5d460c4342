/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_WORKER_H
#define PST_MILTER_WORKER_H

/*
 * The process that handles mail. The supervisor sends it orders of one byte
 * over a socket pair. If the supervisor dies, the pair is closed, and the
 * worker stops as if it had been told to.
 */

#include "config/config.h"

/* From the supervisor. */
#define PST_WORKER_RELOAD 'r'
#define PST_WORKER_STOP 's'
#define PST_WORKER_ASK '?' /* is it still at work? (milter/heartbeat.h) */
/* From the worker: its answers to PST_WORKER_ASK; it has no session if idle. */
#define PST_WORKER_ALIVE 'a'
#define PST_WORKER_IDLE 'i'
/* From the worker: it is ready for its first client. */
#define PST_WORKER_READY 'R'
/* From the worker: its answers to PST_WORKER_RELOAD. */
#define PST_WORKER_RELOADED 'k'
#define PST_WORKER_REFUSED 'e' /* it keeps the old configuration */

/*
 * Serves the socket that the supervisor opened, with the part of config for
 * that socket, later with that of each configuration that is loaded. Takes over
 * the reference to config. control_fd is the worker's end of the pair. Returns
 * the exit status of the process: 0 after a stop that was asked for.
 */
int
pst_worker_run(struct pst_config *config, const char *socket, int control_fd);

#endif

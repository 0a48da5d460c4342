/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_WORKER_H
#define PST_MILTER_WORKER_H

/*
 * The process that handles mail. It is told what to do through one end of a
 * socket pair, a byte each: the supervisor's death closes the pair, and the
 * worker then stops as if it had been told to.
 */

#include "config/config.h"

/* From the supervisor. */
#define PST_WORKER_RELOAD 'r'
#define PST_WORKER_STOP 's'
/* From the worker: it is ready for its first client. */
#define PST_WORKER_READY 'R'
/* From the worker: the answers to PST_WORKER_RELOAD. */
#define PST_WORKER_RELOADED 'k'
#define PST_WORKER_REFUSED 'e' /* it keeps the old configuration */

/*
 * Serves the socket that the supervisor opened, by what config says for it,
 * and each configuration after it; takes over config's reference.
 * Returns the process's exit status: 0 after a stop that was asked for.
 */
int
pst_worker_run(struct pst_config *config, const char *socket, int control_fd);

#endif

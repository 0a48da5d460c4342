/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_MILTER_H
#define PST_MILTER_MILTER_H

/*
 * The one file that knows libmilter. Its callbacks turn each event into a call
 * on core/session, and a decision into libmilter calls. One socket a process.
 */

#include <stdbool.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "core/service.h"

/*
 * Opens the listening socket; a worker that is forked later serves it. False
 * with a sentence. A unix socket's owner becomes uid unless that is -1.
 */
bool pst_milter_open(
    const struct pst_endpoint *endpoint, long uid, struct pst_err *err);

/*
 * Serves until pst_milter_stop(), SIGTERM, SIGINT or SIGHUP. True after a
 * clean stop. Sessions may still be open when it returns.
 */
bool pst_milter_serve(struct pst_service *service);

/* Makes pst_milter_serve() return; waits until it has. Not from its thread. */
void pst_milter_stop(void);

/* Callbacks being worked on now. */
unsigned pst_milter_busy(void);

/* Removes the socket file of a unix endpoint. */
void pst_milter_unlink(const struct pst_endpoint *endpoint);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_LISTENER_H
#define PST_MILTER_LISTENER_H

/*
 * What libmilter does not do for its listening socket: say why it cannot be
 * had, set TCP_NODELAY, give the file to its owner, wake the listener up.
 */

#include "base/endpoint.h"
#include "base/err.h"

/*
 * Can the endpoint be had? False with a sentence that names the reason: no such
 * directory, another program answers there, address in use.
 */
bool
pst_listener_check(const struct pst_endpoint *endpoint, struct pst_err *err);

/*
 * After it was opened: TCP_NODELAY on inet sockets (each of a milter's answers
 * is a small packet, and Nagle's algorithm costs 48 ms a message), the owner
 * of a unix socket's file unless uid is -1, FD_CLOEXEC.
 */
bool pst_listener_tune(
    const struct pst_endpoint *endpoint, long uid, struct pst_err *err);

/* Connects once and hangs up. */
void pst_listener_poke(const struct pst_endpoint *endpoint);

/* Removes the file of a unix socket; nothing for inet. */
void pst_listener_unlink(const struct pst_endpoint *endpoint);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_LISTENER_H
#define PST_MILTER_LISTENER_H

/*
 * What libmilter does not do for its listening socket: say why it cannot be
 * opened, set TCP_NODELAY, set the owner of its file, wake the listener up.
 */

#include "base/endpoint.h"
#include "base/err.h"
#include "base/macros.h"

/*
 * Checks whether the endpoint can be opened. Returns false with the reason in
 * err: no such directory, another program answers there, address in use.
 */
bool pst_listener_check(
    const struct pst_endpoint *endpoint, struct pst_err *err) PST_MUST_CHECK;

/*
 * Call this when the socket is open. Sets FD_CLOEXEC; TCP_NODELAY on an inet
 * socket (each answer of a milter is a small packet, and Nagle's algorithm
 * costs 48 ms per message); and the owner of a unix socket's file, unless uid
 * is -1. False with a sentence in err.
 */
bool pst_listener_tune(const struct pst_endpoint *endpoint, long uid,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns libmilter's descriptor, which libmilter does not reveal: it is the
 * first one that listens. -1 if there is none.
 */
int pst_listener_find(void);

/* Wakes the listener up: connects once and hangs up. */
void pst_listener_poke(const struct pst_endpoint *endpoint);

/* Removes the file of a unix socket; does nothing for an inet socket. */
void pst_listener_unlink(const struct pst_endpoint *endpoint);

#endif

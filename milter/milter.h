/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_MILTER_H
#define PST_MILTER_MILTER_H

/*
 * The only file that uses libmilter. Its callbacks turn each event into a call
 * of core/session, and each decision into calls of libmilter. A process serves
 * one socket.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/macros.h"
#include "core/service.h"

/*
 * Opens the listening socket, which a worker that is forked later serves. uid
 * becomes the owner of a unix socket, unless uid is -1. False with a sentence
 * in err.
 */
bool pst_milter_open(const struct pst_endpoint *endpoint, long uid,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Serves until pst_milter_stop(), SIGTERM, SIGINT or SIGHUP. Returns true after
 * a clean stop. Sessions may still be open when it returns.
 */
bool pst_milter_serve(struct pst_service *service);

/*
 * Makes pst_milter_serve() return, and waits until it has, but not longer than
 * about 10 s. Must not be called from the thread that serves.
 */
void pst_milter_stop(void);

/* Returns the version of libmilter, such as "1.0.1", in the arena. */
const char *pst_milter_version(struct pst_arena *arena);

/* Returns the number of callbacks that are running now. Any thread. */
unsigned pst_milter_busy(void);

/* Returns how many times a callback has begun or ended so far. Any thread. */
uint64_t pst_milter_turns(void);

/* Removes the file of a unix socket; does nothing for an inet socket. */
void pst_milter_unlink(const struct pst_endpoint *endpoint);

#endif

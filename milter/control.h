/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CONTROL_H
#define PST_MILTER_CONTROL_H

/*
 * The control socket: an operator's program sends one request, a line, on each
 * connection and gets one line back. The first word of the answer is the exit
 * status for `postern`: 0 done, 1 could not be done, 2 not understood or not
 * allowed. The requests are:
 *
 *	reload    load the configuration; answered when all workers use it
 *	status    say how many workers are ready
 *
 * Nothing here waits: the supervisor's loop watches the descriptors, passes
 * them in, and answers when it has an answer. Only root and the daemon's own
 * user may send requests, whatever the mode of the socket's file.
 *
 * In all functions, control may be NULL: there is no control socket then.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/select.h>

#include "base/err.h"
#include "base/macros.h"

struct pst_control;

#define PST_CONTROL_MAX_CLIENTS 8
#define PST_CONTROL_PATIENCE_MS 5000 /* for a request's line */
#define PST_CONTROL_MAX_ANSWER 1024

/*
 * Listens on a unix socket and makes uid its owner, unless uid is -1. Returns
 * NULL with a sentence in err if the socket cannot be opened.
 */
struct pst_control *pst_control_open(
    const char *path, long uid, struct pst_err *err) PST_MUST_CHECK;

/* Closes the socket and removes its file. */
void pst_control_close(struct pst_control *control);

/* For a child process: closes the sockets and frees control; the file stays. */
void pst_control_leave(struct pst_control *control);

void
pst_control_watch(const struct pst_control *control, fd_set *set, int *max_fd);

/* Accepts clients, reads requests, and drops clients that are too slow. */
void pst_control_serve(
    struct pst_control *control, const fd_set *set, int64_t now_ms);

enum pst_control_request {
	PST_CONTROL_RELOAD,
	PST_CONTROL_STATUS,
};

/*
 * Returns true if clients are waiting for this request. They get the next
 * pst_control_answer(); a client that asks later waits for the one after it.
 */
bool
pst_control_take(struct pst_control *control, enum pst_control_request request);

/* Answers all clients that were taken with this request, and hangs up. */
void pst_control_answer(struct pst_control *control,
    enum pst_control_request request, int status, const char *text);

#endif

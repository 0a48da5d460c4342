/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CONTROL_H
#define PST_MILTER_CONTROL_H

/*
 * The control socket: who runs the daemon asks it something, one line a
 * connection, and gets one line back. The first word of the answer is the exit
 * status for `postern`: 0 done, 1 could not be done, 2 not understood or not
 * allowed. Requests:
 *
 *	reload    take over the configuration; answered when all have it
 *	status    how it goes
 *
 * Nothing here waits: the supervisor's loop watches the descriptors, hands them
 * over, and answers when there is an answer. Only root and the daemon's own
 * user are listened to, whatever the socket's mode is.
 *
 * All functions take NULL for a control that is not there.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/select.h>

#include "base/err.h"

struct pst_control;

#define PST_CONTROL_MAX_CLIENTS 8
#define PST_CONTROL_PATIENCE_MS 5000 /* for a request's line */
#define PST_CONTROL_MAX_ANSWER 1024

/*
 * Listens on a unix socket, whose owner becomes uid unless that is -1. NULL
 * with a sentence when it cannot be had.
 */
struct pst_control *
pst_control_open(const char *path, long uid, struct pst_err *err);

/* Closes it and removes the socket's file. */
void pst_control_close(struct pst_control *control);

/* In a child: only closes the descriptors. */
void pst_control_leave(struct pst_control *control);

void
pst_control_watch(const struct pst_control *control, fd_set *set, int *max_fd);

/* Takes new clients and requests, drops clients that dawdle. */
void pst_control_serve(
    struct pst_control *control, const fd_set *set, int64_t now_ms);

enum pst_control_request {
	PST_CONTROL_RELOAD,
	PST_CONTROL_STATUS,
};

/*
 * True when somebody waits for that. Those who do by now will get the next
 * pst_control_answer(); who asks later waits for the one after it.
 */
bool
pst_control_take(struct pst_control *control, enum pst_control_request request);

/* Answers all that were taken with this request, and hangs up. */
void pst_control_answer(struct pst_control *control,
    enum pst_control_request request, int status, const char *text);

#endif

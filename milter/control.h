/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CONTROL_H
#define PST_MILTER_CONTROL_H

/*
 * The control socket. A client sends one request on each connection and gets
 * one answer; each is a frame (base/frame). The first word of the answer is the
 * exit status for `postern`: 0 done, 1 could not be done, 2 not understood or
 * not allowed. The rest is a sentence or, for counters, a JSON object. The
 * requests are:
 *
 *	status      say how many workers are ready
 *	counters    all counters (core/counters)
 *	reload      load the configuration; answered when all workers use it
 *
 * The kernel tells who the client is. Root and the daemon's own user may send
 * all requests. Members of the daemon's group may ask for status and counters;
 * they get half of the places at most, so they cannot keep root away.
 *
 * Nothing here waits: the supervisor's loop watches the descriptors, passes
 * them in, and answers when it has an answer. A client that sends or reads too
 * slowly is dropped.
 *
 * In all functions, control may be NULL: there is no control socket then.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "milter/watch.h"

struct pst_control;

#define PST_CONTROL_MAX_CLIENTS 8
#define PST_CONTROL_MAX_GUESTS 4      /* of these, not root or our user */
#define PST_CONTROL_PATIENCE_MS 5000  /* for a request, and for an answer */
#define PST_CONTROL_MAX_REQUEST 64    /* octets */
#define PST_CONTROL_MAX_ANSWER 262144 /* octets; a longer one is cut */

/* Whose socket it is; -1: the user, the group that this process has. */
struct pst_control_owner {
	long uid;
	long gid;
};

/*
 * Listens on a unix socket that owner's user and group can connect to,
 * whatever the umask is. Returns NULL with a sentence in err if the socket
 * cannot be opened. Call it while the process has one thread.
 */
struct pst_control *pst_control_open(const char *path,
    struct pst_control_owner owner, struct pst_err *err) PST_MUST_CHECK;

/* Closes the socket and removes its file. */
void pst_control_close(struct pst_control *control);

/* For a child process: closes the sockets and frees control; the file stays. */
void pst_control_leave(struct pst_control *control);

/* Watches for clients, requests, and clients that are due to be dropped. */
void
pst_control_watch(const struct pst_control *control, struct pst_watch *watch);

/* Accepts clients, reads requests, sends answers, drops slow clients. */
void pst_control_serve(
    struct pst_control *control, const struct pst_watch *watch, int64_t now_ms);

enum pst_control_request {
	PST_CONTROL_RELOAD,
	PST_CONTROL_STATUS,
	PST_CONTROL_COUNTERS,
};

/*
 * Returns true if clients are waiting for this request. They get the next
 * pst_control_answer(); a client that asks later waits for the one after it.
 */
bool
pst_control_take(struct pst_control *control, enum pst_control_request request);

/*
 * Answers all clients that were taken with this request. What a client does not
 * take at once is sent by pst_control_serve(). Control characters in the text
 * become blanks.
 */
void pst_control_answer(struct pst_control *control,
    enum pst_control_request request, int status, const char *text);

#endif

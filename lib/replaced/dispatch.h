/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_DISPATCH_H
#define PST_REPLACED_DISPATCH_H

/*
 * Hands sessions to libmilter's pool of workers one at a time, so that none is
 * left without a worker. For this, accept(2) is replaced in the whole process,
 * and read_poll_close.c calls the functions below.
 *
 * What is wrong in libmilter (worker.c, version 8.18 too): when a session has
 * something to do, the library gives it to an idle worker if its count of idle
 * workers is not 0, else to a new one. A worker counts as idle until it wakes
 * up. Several sessions that come in this moment are all promised to the same
 * idle worker; it takes one, and the others wait until some worker comes back.
 * Our callbacks wait for the DNS at the end of the message, so that can take
 * many seconds, in which such a session gets no answer, not even to its
 * negotiation.
 *
 * So the library is told of the next session only after the one before it has
 * been taken by a worker: the library's poll() of all sessions returns one
 * that is ready, and accept() returns a connection, only when the previous
 * descriptor has been read from or polled alone, which only a worker does, or
 * was closed. The count of idle workers is right then. If no worker takes it
 * for PST_DISPATCH_MAX_MS, the next one is let through all the same.
 *
 * The program has a door (struct pst_door), which libmilter's listener asks
 * about each new connection. One that libmilter is not to serve, or cannot,
 * because a thread or a descriptor is lacking, is given to the door, which
 * answers it. Without that, libmilter would leave it open without an answer,
 * and the MTA would wait until its time-out.
 *
 * The contract of the original (POSIX.1-2008): `int accept(int fd, struct
 * sockaddr *address, socklen_t *len)` waits for a connection, unless O_NONBLOCK
 * is set, and returns its descriptor; -1 with errno (EAGAIN, EBADF,
 * ECONNABORTED, EINTR, EMFILE, ...). It is thread-safe, async-signal-safe and a
 * cancellation point.
 *
 * What is kept: everything, until pst_dispatch_begin(). After it, a connection
 * may be returned later than it came. accept() then uses a lock, so it is not
 * for signal handlers. For a connection that the door took, it returns -1 with
 * ECONNABORTED, so the caller goes on. If there is no descriptor, it may wait
 * for PST_DISPATCH_PAUSE_MS first, since libmilter would try again at once, for
 * ever.
 */

#include <poll.h>
#include <stdbool.h>

#define PST_DISPATCH_MAX_MS 250
#define PST_DISPATCH_PAUSE_MS 10

/*
 * What the program decides about connections. All functions are called in the
 * thread that accepts for libmilter, no_thread in that of its pool too, and
 * with a lock of libmilter's, so they must not wait.
 */
struct pst_door {
	/*
	 * A connection has come; `sessions` others are open. Returns true if
	 * libmilter is to serve it. Otherwise the descriptor is the door's.
	 */
	bool (*enter)(int fd, unsigned sessions);
	/* There is no descriptor for a connection. Returns true if one has been
	 * made free. */
	bool (*free_descriptor)(void);
	/* A connection that has none after that; the descriptor is the
	 * door's. */
	void (*no_descriptor)(int fd);
	/*
	 * A thread could not be started. For a new session, fd is a descriptor
	 * of its connection, which is the door's. An older session waits for a
	 * worker that becomes free; fd is -1 then.
	 */
	void (*no_thread)(int fd);
};

/*
 * Begins to hand over one session at a time. The caller is about to call
 * smfi_main(), and no other thread of the process accepts connections. door may
 * be NULL; otherwise it must stay where it is.
 */
void pst_dispatch_begin(const struct pst_door *door);

/* smfi_main() has returned to the caller, which accepts no more for it. */
void pst_dispatch_end(void);

/* ---- for read_poll_close.c ---- */

/* True if this is the poll() by which libmilter waits for its sessions. */
bool pst_dispatch_is_pool(const struct pollfd *fds, nfds_t count, int ms);

/*
 * Of the sessions that a poll() of the pool found ready, leaves only one, each
 * in its turn, and waits until a worker has taken the one before it. ready is
 * what that poll() returned; returns what it returns now.
 */
int pst_dispatch_choose(struct pollfd *fds, nfds_t count, int ready);

/* A worker has begun to read from the descriptor. */
void pst_dispatch_taken(int fd);

/* The descriptor is about to be closed. */
void pst_dispatch_closing(int fd);

/* ---- for launch.c ---- */

/* True if this thread of libmilter's is handing over a session. */
bool pst_dispatch_hands_over(void);

/*
 * No thread could be started for the session that this thread hands over; the
 * session is now one that any worker may take.
 */
void pst_dispatch_no_thread(void);

#endif

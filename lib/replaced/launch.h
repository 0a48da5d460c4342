/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_LAUNCH_H
#define PST_REPLACED_LAUNCH_H

/*
 * Lets a session of libmilter's for which no thread can be started wait for a
 * worker that becomes free. For this, pthread_create(3) and pthread_detach(3)
 * are replaced in the whole process.
 *
 * What is wrong in libmilter (worker.c, LAUNCH_WORKER, version 8.18 too): it
 * marks a session as running and then starts a worker for it. If that fails, it
 * logs the error and leaves the mark. No worker ever looks at such a session
 * again, so its peer gets no answer until it gives up.
 *
 * What helps: the first thing that a new worker does is to detach itself, and
 * if it cannot, it marks its session as "ready to run", which any worker may
 * take, and returns. So if the thread cannot be started, the worker's function
 * is called here, in the thread that hands the session over, and its
 * pthread_detach() fails.
 *
 * The contract of the originals (POSIX.1-2008):
 * - `int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void
 *   *(*run)(void *), void *arg)` starts a thread that calls run(arg), stores
 *   its id and returns 0; or returns an error (EAGAIN, EINVAL, EPERM).
 * - `int pthread_detach(pthread_t thread)` lets the thread's storage be freed
 *   when it ends; returns 0 or an error (EINVAL, ESRCH).
 *
 * What is kept: everything, except that pthread_create() returns 0 without a
 * thread, and without an id, when it fails for the worker of a session that
 * replaced/dispatch.h has just handed over; and that pthread_detach() returns
 * EINVAL inside that call. libmilter does not use the id.
 */

#include <stdbool.h>

/* Called by pst_dispatch_begin(); makes the linker include this module. */
void pst_launch_begin(void);

/* True while this thread pretends to be a worker that cannot detach itself;
 * what libmilter logs about that means nothing. */
bool pst_launch_pretends(void);

#endif

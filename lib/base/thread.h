/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_THREAD_H
#define PST_BASE_THREAD_H

/*
 * Threads, mutexes and conditions: those of POSIX, used in one way.
 *
 * A lock that fails is a bug of ours (it was not initialised, or its owner
 * locks it again), so these functions assert instead of returning an error.
 * Conditions count by the monotonic clock: setting the system's clock must not
 * make mail wait.
 *
 * A mutex may also be initialised statically with PTHREAD_MUTEX_INITIALIZER.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

/* Initialises a mutex; aborts if the system has no resources for it. */
void pst_mutex_init(pthread_mutex_t *mutex);

/* The mutex must be unlocked. */
void pst_mutex_destroy(pthread_mutex_t *mutex);

void pst_mutex_lock(pthread_mutex_t *mutex);
void pst_mutex_unlock(pthread_mutex_t *mutex);

/* Initialises a condition; aborts if the system has no resources for it. */
void pst_cond_init(pthread_cond_t *cond);

/* No thread may be waiting for the condition. */
void pst_cond_destroy(pthread_cond_t *cond);

void pst_cond_signal(pthread_cond_t *cond);
void pst_cond_broadcast(pthread_cond_t *cond);

/*
 * Waits until the condition is signalled or until_ms has come, in milliseconds
 * of pst_clock_ms(&pst_clock_system). The mutex is locked before and after.
 * Returns false if the time has come. May return true without a signal, so
 * callers test their own condition in a loop.
 */
bool pst_cond_wait_until(
    pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t until_ms);

/*
 * Starts a thread in which all signals are blocked: they are for the threads
 * of the program. Returns false if the system cannot start one. Every thread
 * that was started is joined or detached once.
 */
bool pst_thread_start(
    pthread_t *thread, void *(*run)(void *), void *arg) PST_MUST_CHECK;

/* Waits for the end of the thread. */
void pst_thread_join(pthread_t thread);

/* Lets the thread end by itself. */
void pst_thread_detach(pthread_t thread);

#endif

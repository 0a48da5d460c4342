/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* A failure here is a bug, in release builds too. */
static void
expect_success(int rc)
{
	assert(rc == 0);
	(void)rc;
}

void
pst_mutex_init(pthread_mutex_t *mutex)
{
	if (pthread_mutex_init(mutex, NULL) != 0)
		abort();
}

void
pst_mutex_destroy(pthread_mutex_t *mutex)
{
	expect_success(pthread_mutex_destroy(mutex));
}

void
pst_mutex_lock(pthread_mutex_t *mutex)
{
	expect_success(pthread_mutex_lock(mutex));
}

void
pst_mutex_unlock(pthread_mutex_t *mutex)
{
	expect_success(pthread_mutex_unlock(mutex));
}

void
pst_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	if (pthread_condattr_init(&attr) != 0 ||
	    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(cond, &attr) != 0)
		abort();
	expect_success(pthread_condattr_destroy(&attr));
}

void
pst_cond_destroy(pthread_cond_t *cond)
{
	expect_success(pthread_cond_destroy(cond));
}

void
pst_cond_signal(pthread_cond_t *cond)
{
	expect_success(pthread_cond_signal(cond));
}

void
pst_cond_broadcast(pthread_cond_t *cond)
{
	expect_success(pthread_cond_broadcast(cond));
}

bool
pst_cond_wait_until(
    pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t until_ms)
{
	const struct timespec until = {
	    .tv_sec = (time_t)(until_ms / 1000),
	    .tv_nsec = (long)(until_ms % 1000) * 1000000,
	};
	int rc = pthread_cond_timedwait(cond, mutex, &until);

	assert(rc == 0 || rc == ETIMEDOUT);
	return rc == 0;
}

bool
pst_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, old;
	int rc;

	(void)sigfillset(&all);
	expect_success(pthread_sigmask(SIG_BLOCK, &all, &old));
	rc = pthread_create(thread, NULL, run, arg);
	expect_success(pthread_sigmask(SIG_SETMASK, &old, NULL));
	return rc == 0;
}

void
pst_thread_join(pthread_t thread)
{
	expect_success(pthread_join(thread, NULL));
}

void
pst_thread_detach(pthread_t thread)
{
	expect_success(pthread_detach(thread));
}

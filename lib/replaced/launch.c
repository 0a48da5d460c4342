/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/launch.h"

#include <errno.h>
#include <pthread.h>

#include "replaced/dispatch.h"
#include "replaced/next.h"

static _Thread_local bool pretends;

static struct pst_next next_create = {.name = "pthread_create"};
static struct pst_next next_detach = {.name = "pthread_detach"};

/*
 * Those of a sanitizer, which must know of each thread. They are not the next
 * ones if its runtime is linked into the program, as clang does.
 */
int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg) __attribute__((weak));
int __interceptor_pthread_detach(pthread_t thread) __attribute__((weak));

static int
system_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg)
{
	if (__interceptor_pthread_create != NULL)
		return __interceptor_pthread_create(thread, attr, run, arg);
	return ((int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
	    void *))pst_next(&next_create))(thread, attr, run, arg);
}

static int
system_detach(pthread_t thread)
{
	if (__interceptor_pthread_detach != NULL)
		return __interceptor_pthread_detach(thread);
	return ((int (*)(pthread_t))pst_next(&next_detach))(thread);
}

void
pst_launch_begin(void)
{
	(void)pst_next(&next_create);
	(void)pst_next(&next_detach);
}

bool
pst_launch_pretends(void)
{
	return pretends;
}

/* See read_poll_close.c for why they have other names for the compiler. */
int our_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg) __asm__("pthread_create");
int our_detach(pthread_t thread) __asm__("pthread_detach");

int
our_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
    void *arg)
{
	int error = system_create(thread, attr, run, arg);

	if (error == 0 || !pst_dispatch_hands_over() || pretends)
		return error;
	pretends = true;
	(void)run(arg);
	pretends = false;
	pst_dispatch_no_thread();
	return 0;
}

int
our_detach(pthread_t thread)
{
	if (pretends)
		return EINVAL;
	return system_detach(thread);
}

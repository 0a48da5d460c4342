/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/launch.h"

#include <errno.h>
#include <pthread.h>

#include "replaced/dispatch.h"
#include "replaced/next.h"

static _Thread_local bool pretends;

static struct pst_next next_create = {.name = "pthread_create"};
static struct pst_next next_detach = {.name = "pthread_detach"};

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
	int error =
	    ((int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		void *))pst_next(&next_create))(thread, attr, run, arg);

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
	return ((int (*)(pthread_t))pst_next(&next_detach))(thread);
}

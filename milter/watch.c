/* SPDX-License-Identifier: BSD-2-Clause */
/* For ppoll(), which POSIX has since 2024 only. */
#define _GNU_SOURCE
#include "milter/watch.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"

void
pst_watch_begin(struct pst_watch *watch)
{
	watch->count = 0;
	watch->until_ms = INT64_MAX;
}

void
pst_watch_add(struct pst_watch *watch, int fd, short events)
{
	assert(watch->count < PST_WATCH_MAX);
	watch->fds[watch->count++] =
	    (struct pollfd){.fd = fd, .events = events};
}

void
pst_watch_until(struct pst_watch *watch, int64_t when_ms)
{
	if (when_ms < watch->until_ms)
		watch->until_ms = when_ms;
}

void
pst_watch_wait(struct pst_watch *watch, const sigset_t *mask)
{
	struct timespec left = {0, 0};
	bool forever = watch->until_ms == INT64_MAX;
	int64_t ms;

	if (!forever) {
		ms = watch->until_ms - pst_clock_ms(&pst_clock_system);
		if (ms > 0)
			left = (struct timespec){.tv_sec = (time_t)(ms / 1000),
			    .tv_nsec = (long)(ms % 1000) * 1000000};
	}
	if (ppoll(watch->fds, watch->count, forever ? NULL : &left, mask) >= 0)
		return;
	for (size_t i = 0; i < watch->count; i++)
		watch->fds[i].revents = 0;
}

bool
pst_watch_is_ready(const struct pst_watch *watch, int fd)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->fds[i].fd == fd)
			return watch->fds[i].revents != 0;
	}
	return false;
}

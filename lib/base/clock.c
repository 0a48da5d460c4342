/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

const struct pst_clock pst_clock_system = {.manual = false};

struct pst_clock
pst_clock_manual(int64_t epoch)
{
	return (struct pst_clock){.manual = true, .now_epoch = epoch};
}

int64_t
pst_clock_ms(const struct pst_clock *clock)
{
	struct timespec now;

	if (clock->manual)
		return clock->now_ms;
	int rc = clock_gettime(CLOCK_MONOTONIC, &now);
	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
pst_clock_epoch(const struct pst_clock *clock)
{
	struct timespec now;

	if (clock->manual)
		return clock->now_epoch;
	int rc = clock_gettime(CLOCK_REALTIME, &now);
	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec;
}

void
pst_clock_advance(struct pst_clock *clock, int64_t ms)
{
	assert(clock->manual);
	assert(ms >= 0);
	/* now_ms starts at 0, so both clocks reach a full second together. */
	clock->now_epoch += (clock->now_ms + ms) / 1000 - clock->now_ms / 1000;
	clock->now_ms += ms;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/time.h"

#include <assert.h>
#include <stdbool.h>
#include <time.h>

#include "replaced/next.h"

static struct pst_next system_time = {.name = "time"};

static _Thread_local struct {
	bool pinned;
	time_t epoch;
} own;

/* A signal handler may be the first to call time(). */
__attribute__((constructor)) static void
prepare(void)
{
	(void)pst_next(&system_time);
}

time_t
time(time_t *out)
{
	if (!own.pinned)
		return ((time_t(*)(time_t *))pst_next(&system_time))(out);
	if (out != NULL)
		*out = own.epoch;
	return own.epoch;
}

void
pst_time_pin(int64_t epoch)
{
	assert(!own.pinned);
	own.epoch = (time_t)epoch;
	own.pinned = true;
}

void
pst_time_unpin(void)
{
	assert(own.pinned);
	own.pinned = false;
}

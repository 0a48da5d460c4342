/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/door.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "milter/refuser.h"

/* What all else in a worker needs, the refuser's reserve included. */
#define OTHER_FILES 160
#define MAX_RESERVE 32

static unsigned max_sessions;
static unsigned max_by_files;

unsigned
pst_door_sessions_for(unsigned long files)
{
	unsigned long sessions = files;

	/* With a small limit, half of it is for the rest. */
	sessions -= files < 2 * OTHER_FILES ? files / 2 : OTHER_FILES;
	return sessions > UINT_MAX ? UINT_MAX : (unsigned)sessions;
}

unsigned long
pst_door_files_for(unsigned sessions)
{
	return (unsigned long)sessions +
	    (sessions < OTHER_FILES ? sessions : OTHER_FILES);
}

/*
 * Looks whether there is memory for one more session and what the open ones may
 * still need. This sees a limit of the address space, and a system that does
 * not overcommit; it takes two system calls.
 */
static bool
has_memory(void)
{
	void *memory = mmap(NULL, PST_DOOR_MEMORY_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED &&
	    munmap(memory, PST_DOOR_MEMORY_BYTES) == 0;
}

static bool
enter(int fd, unsigned sessions)
{
	enum pst_lack lack;

	if (sessions >= max_sessions)
		lack = PST_LACK_SESSIONS;
	else if (sessions >= max_by_files)
		lack = PST_LACK_DESCRIPTOR;
	else if (!has_memory())
		lack = PST_LACK_MEMORY;
	else
		return true;
	pst_refuser_take(fd, lack);
	return false;
}

static void
no_descriptor(int fd)
{
	pst_refuser_take(fd, PST_LACK_DESCRIPTOR);
}

static void
no_thread(int fd)
{
	pst_refuser_take(fd, PST_LACK_THREAD);
}

static const struct pst_door door = {
    .enter = enter,
    .free_descriptor = pst_refuser_free_descriptor,
    .no_descriptor = no_descriptor,
    .no_thread = no_thread,
};

const struct pst_door *
pst_door_open(unsigned max)
{
	struct rlimit files;
	rlim_t limit = UINT_MAX;

	max_sessions = max;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < limit)
		limit = files.rlim_cur;
	max_by_files = pst_door_sessions_for((unsigned long)limit);
	return pst_refuser_start(limit / 8 < MAX_RESERVE ? (unsigned)limit / 8 :
							   MAX_RESERVE) ?
	    &door :
	    NULL;
}

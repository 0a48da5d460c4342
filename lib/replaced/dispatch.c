/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/dispatch.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/thread.h"
#include "replaced/next.h"

/* The pool's poll() has this time-out, and its own pipe in the first place. */
#define POOL_POLL_MS 10000
#define FIRST_SESSION 1

static atomic_bool is_on;

/*
 * The descriptor that the library was told of and that no worker has taken yet,
 * plus one; 0: none. Set under the lock; without it, a worker only looks
 * whether it is its own.
 */
static atomic_int waiting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t taken;

/* Where the last choice was made; only the pool's thread uses it. */
static nfds_t last_chosen;

static struct pst_next next_accept = {.name = "accept"};

void
pst_dispatch_begin(void)
{
	pst_cond_init(&taken);
	atomic_store(&is_on, true);
}

void
pst_dispatch_taken(int fd)
{
	if (atomic_load_explicit(&waiting, memory_order_relaxed) != fd + 1)
		return;
	pst_mutex_lock(&lock);
	if (atomic_load(&waiting) == fd + 1) {
		atomic_store(&waiting, 0);
		pst_cond_broadcast(&taken);
	}
	pst_mutex_unlock(&lock);
}

/* Waits for the turn of this descriptor. */
static void
take_turn(int fd)
{
	int64_t until_ms =
	    pst_clock_ms(&pst_clock_system) + PST_DISPATCH_MAX_MS;

	pst_mutex_lock(&lock);
	while (atomic_load(&waiting) != 0 &&
	    pst_cond_wait_until(&taken, &lock, until_ms))
		;
	atomic_store(&waiting, fd + 1);
	pst_mutex_unlock(&lock);
}

bool
pst_dispatch_is_pool(const struct pollfd *fds, nfds_t count, int ms)
{
	struct stat info;

	return ms == POOL_POLL_MS && count >= FIRST_SESSION &&
	    atomic_load_explicit(&is_on, memory_order_relaxed) &&
	    fstat(fds[0].fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

int
pst_dispatch_choose(struct pollfd *fds, nfds_t count, int ready)
{
	nfds_t chosen = 0;

	if (ready <= 0)
		return ready;
	/* The first one after the last choice, so that each gets its turn. */
	for (nfds_t i = FIRST_SESSION; i < count; i++) {
		if (fds[i].revents == 0)
			continue;
		if (chosen == 0 || (chosen <= last_chosen && i > last_chosen))
			chosen = i;
	}
	for (nfds_t i = FIRST_SESSION; i < count; i++) {
		if (i != chosen)
			fds[i].revents = 0;
	}
	last_chosen = chosen;
	if (chosen != 0)
		take_turn(fds[chosen].fd);
	return (fds[0].revents != 0) + (chosen != 0);
}

/* See read_poll_close.c for why it has another name for the compiler. */
int
our_accept(int fd, struct sockaddr *address, socklen_t *len) __asm__("accept");

int
our_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	int connection = ((int (*)(int, struct sockaddr *,
	    socklen_t *))pst_next(&next_accept))(fd, address, len);

	if (connection >= 0 && atomic_load(&is_on))
		take_turn(connection);
	return connection;
}

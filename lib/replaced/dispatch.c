/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "replaced/launch.h"
#include "replaced/next.h"

/* The pool's poll() has this time-out, and its own pipe in the first place. */
#define POOL_POLL_MS 10000
#define FIRST_SESSION 1

#define DESCRIPTORS 65536

static atomic_bool is_on;
static atomic_bool has_pool;        /* the library has the pool that we know */
static const struct pst_door *door; /* NULL: none */

/* The descriptors that libmilter has from our accept(), and how many. */
static atomic_bool is_session[DESCRIPTORS];
static atomic_uint sessions;

/* A socket whose peer is gone: reading from it gives the end of the data. */
static int dead_end = -1;

/* What this thread does for libmilter. */
static _Thread_local struct {
	int handed_over; /* the descriptor, plus one; 0: none */
	bool is_new;     /* it is a connection that has just come */
} own;

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

static void
make_dead_end(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return;
	(void)close(fds[1]);
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	dead_end = fds[0];
}

void
pst_dispatch_begin(const struct pst_door *of_program)
{
	pst_cond_init(&taken);
	door = of_program;
	make_dead_end();
	pst_launch_begin();
	atomic_store(&is_on, true);
}

void
pst_dispatch_end(void)
{
	own.handed_over = 0;
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

void
pst_dispatch_closing(int fd)
{
	pst_dispatch_taken(fd);
	if (fd < 0 || fd >= DESCRIPTORS ||
	    !atomic_load_explicit(&is_session[fd], memory_order_relaxed))
		return;
	atomic_store(&is_session[fd], false);
	atomic_fetch_sub(&sessions, 1);
}

/* Waits for the turn of this descriptor, which this thread hands over. */
static void
take_turn(int fd)
{
	int64_t until_ms =
	    pst_clock_ms(&pst_clock_system) + PST_DISPATCH_MAX_MS;

	own.handed_over = fd + 1;

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

	if (ms != POOL_POLL_MS || count < FIRST_SESSION ||
	    !atomic_load_explicit(&is_on, memory_order_relaxed) ||
	    fstat(fds[0].fd, &info) != 0 || !S_ISFIFO(info.st_mode))
		return false;
	atomic_store_explicit(&has_pool, true, memory_order_relaxed);
	return true;
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

bool
pst_dispatch_hands_over(void)
{
	return own.handed_over != 0 &&
	    atomic_load_explicit(&has_pool, memory_order_relaxed);
}

/*
 * Takes the connection of a new session away from libmilter, which gets a
 * connection that has ended instead. No worker has begun to read from it, and
 * none can before the caller has come back. -1 if there is no descriptor.
 */
static int
take_connection(int fd)
{
	int connection = dead_end == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (connection == -1)
		return -1;
	if (dup2(dead_end, fd) == -1) {
		(void)close(connection);
		return -1;
	}
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return connection;
}

void
pst_dispatch_no_thread(void)
{
	int fd = own.handed_over - 1;

	pst_dispatch_taken(fd);
	if (door != NULL)
		door->no_thread(own.is_new ? take_connection(fd) : -1);
}

static struct pst_next next_accept = {.name = "accept"};

static int
system_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return ((int (*)(int, struct sockaddr *, socklen_t *))pst_next(
	    &next_accept))(fd, address, len);
}

static bool
is_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

/* accept() has failed for want of something; keeps errno. */
static void
accept_without_descriptor(int fd)
{
	const struct timespec pause = {0, PST_DISPATCH_PAUSE_MS * 1000000};
	int error = errno;
	int connection = -1;

	if (door != NULL && door->free_descriptor())
		connection = system_accept(fd, NULL, NULL);
	if (connection >= 0)
		door->no_descriptor(connection);
	else
		(void)nanosleep(&pause, NULL);
	errno = error;
}

/* True if libmilter gets the connection; otherwise it is the door's. */
static bool
enter(int connection)
{
	if (connection >= DESCRIPTORS) {
		/* It could not be counted. */
		if (door != NULL)
			door->no_descriptor(connection);
		return door == NULL;
	}
	if (door != NULL && !door->enter(connection, atomic_load(&sessions)))
		return false;
	atomic_store(&is_session[connection], true);
	atomic_fetch_add(&sessions, 1);
	own.is_new = true;
	take_turn(connection);
	return true;
}

/* See read_poll_close.c for why it has another name for the compiler. */
int
our_accept(int fd, struct sockaddr *address, socklen_t *len) __asm__("accept");

int
our_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	int connection = system_accept(fd, address, len);

	if (!atomic_load(&is_on))
		return connection;
	if (connection < 0) {
		if (is_lack(errno))
			accept_without_descriptor(fd);
		return -1;
	}
	if (enter(connection))
		return connection;
	errno = ECONNABORTED;
	return -1;
}

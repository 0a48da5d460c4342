/* SPDX-License-Identifier: BSD-2-Clause */
#include "replaced/read_poll_close.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "replaced/dispatch.h"
#include "replaced/next.h"

/* Two or three of these hold the envelope and header of most messages. */
#define AHEAD 4096

#define DESCRIPTORS 65536

/* The time-out of the library's poll() for the next command of a session. */
#define LIBRARY_LINGER_MS 1
#define READABLE (POLLIN | POLLRDNORM)

/* What was read ahead from a descriptor. */
struct ahead {
	atomic_bool is_on;
	bool is_tcp;
	/* The octets from at to end have not been taken yet. NULL if there are
	 * none, since many sessions are idle. */
	unsigned char *data;
	size_t at;
	size_t end;
};

static struct ahead table[DESCRIPTORS];

/* The descriptors that the thread used last, plus one; 0: none. */
static _Thread_local struct {
	int polled;
	int read;
} last;

static struct pst_next next_read = {.name = "read"};
static struct pst_next next_read_chk = {.name = "__read_chk"};
static struct pst_next next_poll = {.name = "poll"};
static struct pst_next next_poll_chk = {.name = "__poll_chk"};
static struct pst_next next_close = {.name = "close"};

/* A signal handler may be the first to call one of them. */
__attribute__((constructor)) static void
prepare(void)
{
	(void)pst_next(&next_read);
	(void)pst_next(&next_poll);
	(void)pst_next(&next_close);
}

static ssize_t
system_read(int fd, void *to, size_t size)
{
	return ((ssize_t(*)(int, void *, size_t))pst_next(&next_read))(
	    fd, to, size);
}

static int
system_poll(struct pollfd *fds, nfds_t count, int ms)
{
	return ((int (*)(struct pollfd *, nfds_t, int))pst_next(&next_poll))(
	    fds, count, ms);
}

static int
system_close(int fd)
{
	return ((int (*)(int))pst_next(&next_close))(fd);
}

static struct ahead *
ahead_of(int fd)
{
	if (fd < 0 || fd >= DESCRIPTORS || !atomic_load(&table[fd].is_on))
		return NULL;
	return &table[fd];
}

static bool
has_data(const struct pollfd *fd)
{
	const struct ahead *ahead = ahead_of(fd->fd);

	return ahead != NULL && ahead->data != NULL &&
	    (fd->events & READABLE) != 0;
}

static bool
is_tcp(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

void
pst_read_ahead_begin(void)
{
	int fd = last.read - 1;

	if (fd < 0 || fd >= DESCRIPTORS || last.read != last.polled)
		return;
	table[fd].is_tcp = is_tcp(fd);
	atomic_store(&table[fd].is_on, true);
}

static void
drop(struct ahead *ahead)
{
	free(ahead->data);
	ahead->data = NULL;
}

static ssize_t
take(struct ahead *ahead, void *to, size_t size)
{
	size_t len = ahead->end - ahead->at;

	if (len > size)
		len = size;
	memcpy(to, ahead->data + ahead->at, len);
	ahead->at += len;
	if (ahead->at == ahead->end)
		drop(ahead);
	return (ssize_t)len;
}

/* Reads from the socket and acknowledges the data at once. */
static ssize_t
read_socket(const struct ahead *ahead, int fd, void *to, size_t size)
{
	ssize_t len = system_read(fd, to, size);
#ifdef TCP_QUICKACK
	int on = 1;

	/* Linux turns it off again by itself; a failure only costs time. */
	if (ahead->is_tcp && len > 0)
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#endif
	return len;
}

static ssize_t
read_ahead(struct ahead *ahead, int fd, void *to, size_t size)
{
	unsigned char *data;
	ssize_t len;

	if (ahead->data != NULL)
		return take(ahead, to, size);
	data = size < AHEAD ? malloc(AHEAD) : NULL;
	if (data == NULL)
		return read_socket(ahead, fd, to, size);
	len = read_socket(ahead, fd, data, AHEAD);
	if (len <= 0) {
		free(data);
		return len;
	}
	ahead->data = data;
	ahead->at = 0;
	ahead->end = (size_t)len;
	return take(ahead, to, size);
}

/*
 * For the compiler, the functions have names of their own, because it assumes
 * more about the system's functions than a replacement can keep; for the
 * linker, they have the system's names. For two of them, glibc has a second
 * name, which it uses where it knows the size of the buffer. These are replaced
 * too: otherwise, a caller that uses both names would miss what was read ahead.
 */
ssize_t our_read(int fd, void *to, size_t size) __asm__("read");
ssize_t
our_read_chk(int fd, void *to, size_t size, size_t room) __asm__("__read_chk");
int our_poll(struct pollfd *fds, nfds_t count, int ms) __asm__("poll");
int our_poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room) __asm__(
    "__poll_chk");
int our_close(int fd) __asm__("close");

ssize_t
our_read(int fd, void *to, size_t size)
{
	struct ahead *ahead = ahead_of(fd);

	last.read = fd + 1;
	pst_dispatch_taken(fd);
	if (ahead == NULL || size == 0)
		return system_read(fd, to, size);
	return read_ahead(ahead, fd, to, size);
}

ssize_t
our_read_chk(int fd, void *to, size_t size, size_t room)
{
	/* The system's function says what is wrong and ends the process. */
	if (size > room)
		return ((ssize_t(*)(int, void *, size_t, size_t))pst_next(
		    &next_read_chk))(fd, to, size, room);
	return our_read(fd, to, size);
}

/* Polls descriptors of which at least one has data that was read ahead. */
static int
poll_ahead(struct pollfd *fds, nfds_t count)
{
	int ready = system_poll(fds, count, 0);

	if (ready < 0)
		return ready;
	for (nfds_t i = 0; i < count; i++) {
		if (!has_data(&fds[i]))
			continue;
		ready += fds[i].revents == 0;
		fds[i].revents |= (short)(fds[i].events & READABLE);
	}
	return ready;
}

/* poll() for the thread that hands libmilter's sessions to its workers. */
static int
poll_pool(struct pollfd *fds, nfds_t count, int ms)
{
	bool is_here = false;

	for (nfds_t i = 0; i < count && !is_here; i++)
		is_here = has_data(&fds[i]);
	return pst_dispatch_choose(fds, count,
	    is_here ? poll_ahead(fds, count) : system_poll(fds, count, ms));
}

int
our_poll(struct pollfd *fds, nfds_t count, int ms)
{
	bool is_here = false;

	if (pst_dispatch_is_pool(fds, count, ms))
		return poll_pool(fds, count, ms);

	for (nfds_t i = 0; i < count && !is_here; i++)
		is_here = has_data(&fds[i]);
	if (count == 1) {
		last.polled = fds->fd + 1;
		pst_dispatch_taken(fds->fd);
		if (ms == LIBRARY_LINGER_MS && fds->events == POLLIN &&
		    ahead_of(fds->fd) != NULL)
			ms = PST_LINGER_MS;
		/* Nothing but the data was asked for: no system call. */
		if (is_here && (fds->events & ~READABLE) == 0) {
			fds->revents = fds->events;
			return 1;
		}
	}
	return is_here ? poll_ahead(fds, count) : system_poll(fds, count, ms);
}

int
our_poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room)
{
	if (count > room / sizeof(*fds))
		return ((int (*)(struct pollfd *, nfds_t, int, size_t))pst_next(
		    &next_poll_chk))(fds, count, ms, room);
	return our_poll(fds, count, ms);
}

int
our_close(int fd)
{
	struct ahead *ahead = ahead_of(fd);

	pst_dispatch_closing(fd);
	if (ahead != NULL) {
		atomic_store(&ahead->is_on, false);
		drop(ahead);
	}
	return system_close(fd);
}

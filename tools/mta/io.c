/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/mta/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define OUT_BYTES ((size_t)16 * 1024)
#define IN_BYTES_MIN ((size_t)4 * 1024)
#define LENGTH_BYTES 4

struct pst_mta_io {
	struct pst_arena *arena;
	int fd;
	unsigned timeout_ms;
	int64_t deadline_ms; /* of the current read or flush */
	int failure;         /* errno of the first failed write, 0: none */
	char out[OUT_BYTES];
	size_t out_len;
	char *in;
	size_t in_len;  /* octets in the buffer */
	size_t in_done; /* octets of these already taken */
	size_t in_capacity;
};

struct pst_mta_io *
pst_mta_io_new(struct pst_arena *arena, int fd, unsigned timeout_ms)
{
	struct pst_mta_io *io = pst_arena_alloc(arena, sizeof(*io));

	io->arena = arena;
	io->fd = fd;
	io->timeout_ms = timeout_ms;
	io->in = pst_arena_alloc(arena, IN_BYTES_MIN);
	io->in_capacity = IN_BYTES_MIN;
	return io;
}

/* Waits for one of the events. Returns 0, or the errno of a failure. */
static int
await(const struct pst_mta_io *io, short events)
{
	struct pollfd wait = {.fd = io->fd, .events = events};

	for (;;) {
		int64_t left =
		    io->deadline_ms - pst_clock_ms(&pst_clock_system);
		int count = poll(&wait, 1, left > 0 ? (int)left : 0);
		if (count > 0)
			return 0;
		if (count == 0)
			return ETIMEDOUT;
		if (errno != EINTR)
			return errno;
	}
}

static void
start_waiting(struct pst_mta_io *io)
{
	io->deadline_ms =
	    pst_clock_ms(&pst_clock_system) + (int64_t)io->timeout_ms;
}

static void
write_all(struct pst_mta_io *io, const char *ptr, size_t len)
{
	start_waiting(io);
	while (len > 0 && io->failure == 0) {
		ssize_t sent = send(io->fd, ptr, len, MSG_NOSIGNAL);
		if (sent >= 0) {
			ptr += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			io->failure = await(io, POLLOUT);
		} else if (errno != EINTR) {
			io->failure = errno;
		}
	}
}

static void
queue(struct pst_mta_io *io, const char *ptr, size_t len)
{
	if (len > OUT_BYTES - io->out_len) {
		write_all(io, io->out, io->out_len);
		io->out_len = 0;
	}
	if (len > OUT_BYTES) {
		write_all(io, ptr, len);
		return;
	}
	if (len > 0)
		memcpy(io->out + io->out_len, ptr, len);
	io->out_len += len;
}

void
pst_mta_io_put(struct pst_mta_io *io, char letter, struct pst_str data)
{
	char head[LENGTH_BYTES + 1];
	uint32_t len = htonl((uint32_t)(data.len + 1));

	memcpy(head, &len, LENGTH_BYTES);
	head[LENGTH_BYTES] = letter;
	queue(io, head, sizeof(head));
	queue(io, data.ptr, data.len);
}

static bool
fail(const struct pst_mta_io *io, int failure, const char *doing,
    struct pst_err *err)
{
	if (failure == ETIMEDOUT)
		return pst_err_set(err,
		    "the filter did not %s within %u.%u seconds",
		    doing[0] == 'r' ? "answer" : "take what was sent",
		    io->timeout_ms / 1000, io->timeout_ms % 1000 / 100);
	if (failure == EPIPE || failure == ECONNRESET)
		return pst_err_set(err, "the filter closed the connection");
	return pst_err_set(
	    err, "cannot %s the filter: %s", doing, strerror(failure));
}

bool
pst_mta_io_flush(struct pst_mta_io *io, struct pst_err *err)
{
	write_all(io, io->out, io->out_len);
	io->out_len = 0;
	return io->failure == 0 || fail(io, io->failure, "write to", err);
}

/* Makes room for len octets from in_done on. */
static void
make_room(struct pst_mta_io *io, size_t len)
{
	char *in = io->in;

	if (len <= io->in_capacity - io->in_done)
		return;
	if (len > io->in_capacity) {
		in = pst_arena_alloc(io->arena, len);
		io->in_capacity = len;
	}
	memmove(in, io->in + io->in_done, io->in_len - io->in_done);
	io->in = in;
	io->in_len -= io->in_done;
	io->in_done = 0;
}

/* Reads until there are len octets from in_done on. */
static bool
fill(struct pst_mta_io *io, size_t len, struct pst_err *err)
{
	make_room(io, len);
	while (io->in_len - io->in_done < len) {
		ssize_t got = recv(io->fd, io->in + io->in_len,
		    io->in_capacity - io->in_len, 0);
		if (got == 0)
			return pst_err_set(
			    err, "the filter closed the connection");
		if (got > 0) {
			io->in_len += (size_t)got;
			continue;
		}
		int failure = errno;
		if (failure == EAGAIN)
			failure = await(io, POLLIN);
		if (failure != 0 && failure != EINTR)
			return fail(io, failure, "read from", err);
	}
	return true;
}

bool
pst_mta_io_read(
    struct pst_mta_io *io, struct pst_mta_packet *out, struct pst_err *err)
{
	uint32_t len;

	/* A filter may answer and close without reading the rest, so we read
	 * its answer even after a broken pipe. */
	if (!pst_mta_io_flush(io, err) && io->failure != EPIPE &&
	    io->failure != ECONNRESET)
		return false;
	start_waiting(io);
	if (!fill(io, LENGTH_BYTES, err))
		return false;
	memcpy(&len, io->in + io->in_done, LENGTH_BYTES);
	len = ntohl(len);
	if (len == 0 || len > PST_MTA_MAX_PACKET)
		return pst_err_set(err,
		    "the filter sent a packet of %lu octets; 1 to %lu are "
		    "allowed",
		    (unsigned long)len, (unsigned long)PST_MTA_MAX_PACKET);
	io->in_done += LENGTH_BYTES;
	if (!fill(io, len, err))
		return false;
	const char *packet = io->in + io->in_done;
	io->in_done += len;
	*out = (struct pst_mta_packet){packet[0], {packet + 1, len - 1}};
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REST_PATIENCE_MS 100

enum kind {
	PLAIN,     /* a file or a device that never makes a writer wait */
	SOCKET,    /* journald's */
	OWN,       /* own_fd, which does not block */
	MAY_BLOCK, /* a pipe or terminal that cannot be opened again */
};

static enum kind kind = MAY_BLOCK;
static int own_fd = -1;

bool
pst_log_stderr_open(void)
{
	struct stat status;

	if (own_fd != -1)
		(void)close(own_fd);
	own_fd = -1;
	kind = PLAIN;
	/* A closed standard error makes each write fail at once. */
	if (fstat(STDERR_FILENO, &status) == -1 || S_ISREG(status.st_mode))
		return true;
	if (S_ISSOCK(status.st_mode)) {
		kind = SOCKET;
		return true;
	}
	own_fd = open(
	    "/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	kind = own_fd != -1 ? OWN : MAY_BLOCK;
	return own_fd != -1;
}

int
pst_log_stderr_fd(void)
{
	return kind == OWN ? own_fd : STDERR_FILENO;
}

static bool
has_room(int patience_ms)
{
	struct pollfd item = {.fd = pst_log_stderr_fd(), .events = POLLOUT};

	return poll(&item, 1, patience_ms) == 1;
}

static ssize_t
write_some(const char *text, size_t len)
{
	ssize_t n;

	do {
		if (kind == SOCKET)
			n = send(STDERR_FILENO, text, len,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(pst_log_stderr_fd(), text, len);
	} while (n == -1 && errno == EINTR);
	return n;
}

enum pst_log_outcome
pst_log_stderr_try(const char *line, size_t len)
{
	ssize_t n;

	/* POLLOUT on a pipe means that a line of this length fits. */
	if (kind == MAY_BLOCK && !has_room(0))
		return PST_LOG_FULL;
	n = write_some(line, len);
	if (n == -1)
		return errno == EAGAIN ? PST_LOG_FULL : PST_LOG_BROKEN;
	/*
	 * A pipe takes a line as a whole or not at all. A terminal or a full
	 * disk may take a part; the rest gets one more chance.
	 */
	if ((size_t)n < len && has_room(REST_PATIENCE_MS))
		(void)write_some(line + n, len - (size_t)n);
	return PST_LOG_SENT;
}

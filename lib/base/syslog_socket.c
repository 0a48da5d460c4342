/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/syslog_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

static struct {
	const char *path;
	const char *ident;
	int facility;
	bool is_stream;
	pthread_mutex_t lock; /* held to connect again */
	atomic_int fd;        /* -1: none */
} log_socket = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* Returns a socket; -1 if nothing accepts datagrams at path. */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = EPROTOTYPE;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	int why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}

bool
pst_syslog_open(const char *path, const char *ident, int facility)
{
	pst_syslog_close();
	log_socket.path = path;
	log_socket.ident = ident;
	log_socket.facility = facility;
	log_socket.fd = connect_to(path);
	log_socket.is_stream = log_socket.fd == -1 && errno == EPROTOTYPE;
	return log_socket.fd != -1;
}

bool
pst_syslog_is_stream(void)
{
	return log_socket.is_stream;
}

void
pst_syslog_close(void)
{
	int fd = atomic_exchange(&log_socket.fd, -1);

	if (fd != -1)
		(void)close(fd);
}

/*
 * Puts a new connection in place of the failed one, under the same number: a
 * thread that has just read that number must never find another file there.
 */
static bool
connect_again(void)
{
	int fd, fresh;
	bool ok;

	pst_mutex_lock(&log_socket.lock);
	fd = atomic_load(&log_socket.fd);
	fresh = connect_to(log_socket.path);
	if (fd == -1) {
		atomic_store(&log_socket.fd, fresh);
		pst_mutex_unlock(&log_socket.lock);
		return fresh != -1;
	}
	ok = fresh != -1 && dup2(fresh, fd) != -1 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
	if (fresh != -1)
		(void)close(fresh);
	pst_mutex_unlock(&log_socket.lock);
	return ok;
}

/* Returns "Nov 23 06:15:00"; each thread formats it once per second. */
static const char *
time_text(void)
{
	static _Thread_local struct {
		time_t second;
		char text[40];
	} last;
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)pst_clock_epoch(&pst_clock_system);
	struct tm tm;

	if (now == last.second || localtime_r(&now, &tm) == NULL)
		return last.text;
	/* strftime() would use the locale's names. */
	(void)snprintf(last.text, sizeof(last.text), "%s %2d %02d:%02d:%02d",
	    months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	last.second = now;
	return last.text;
}

size_t
pst_syslog_head(int priority, char *out, size_t size)
{
	int len = snprintf(out, size,
	    "<%d>%s %s[%ld]: ", priority | log_socket.facility, time_text(),
	    log_socket.ident, (long)getpid());

	return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
}

bool
pst_syslog_send(int priority, const char *text, size_t len)
{
	int fd = atomic_load(&log_socket.fd);
	char head[256];

	if (fd == -1)
		return false;
	size_t head_len = pst_syslog_head(priority, head, sizeof(head));
	/* The cast drops const, but sendmsg() only reads the text. */
	struct iovec parts[] = {
	    {head, head_len}, {(void *)(uintptr_t)text, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (head_len == 0)
		return false;
	for (unsigned tries = 0; tries < 3; tries++) {
		if (sendmsg(fd, &message, MSG_NOSIGNAL) != -1)
			return true;
		if (errno != EINTR && !connect_again())
			return false;
	}
	return false;
}

enum pst_log_outcome
pst_syslog_try(const char *line, size_t len)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		int fd = atomic_load(&log_socket.fd);

		if (fd != -1 &&
		    send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) != -1)
			return PST_LOG_SENT;
		if (fd != -1 && errno == EINTR)
			continue;
		if (fd != -1 && errno == EAGAIN)
			return PST_LOG_FULL;
		/* poll() does not tell when the system has memory again. */
		if (fd != -1 && (errno == ENOBUFS || errno == ENOMEM))
			return PST_LOG_BROKEN;
		if (!connect_again())
			return PST_LOG_BROKEN;
	}
	return PST_LOG_BROKEN;
}

int
pst_syslog_fd(void)
{
	return atomic_load(&log_socket.fd);
}

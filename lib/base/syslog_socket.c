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
	pthread_mutex_t lock; /* held to connect again */
	atomic_int fd;        /* -1: none */
} log_socket = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* Returns a socket; -1 if nothing accepts datagrams at path. */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	(void)close(fd);
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
	return log_socket.fd != -1;
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
	int fd = atomic_load(&log_socket.fd);
	int fresh;
	bool ok;

	pst_mutex_lock(&log_socket.lock);
	fresh = connect_to(log_socket.path);
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

bool
pst_syslog_send(int priority, const char *text, size_t len)
{
	char head[256];
	int head_len = snprintf(head, sizeof(head),
	    "<%d>%s %s[%ld]: ", priority | log_socket.facility, time_text(),
	    log_socket.ident, (long)getpid());
	/* The cast drops const, but sendmsg() only reads the text. */
	struct iovec parts[] = {
	    {head, (size_t)head_len}, {(void *)(uintptr_t)text, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	int fd = atomic_load(&log_socket.fd);

	if (fd == -1 || head_len < 0 || (size_t)head_len >= sizeof(head))
		return false;
	for (unsigned tries = 0; tries < 3; tries++) {
		if (sendmsg(fd, &message, MSG_NOSIGNAL) != -1)
			return true;
		if (errno != EINTR && !connect_again())
			return false;
	}
	return false;
}

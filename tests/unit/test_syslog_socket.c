/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/syslog_socket.h"

static char dir[] = "postern-test-XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

/* Opens the socket of a syslog daemon, for datagrams or streams. */
static int
listen_at(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {5, 0};
	int fd = socket(AF_UNIX, type, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			     sizeof(patience)),
	    0);
	return fd;
}

/* Returns the text of the next line; sets *priority and *pid. */
static const char *
next_line(int fd, int *priority, long *pid)
{
	static char line[4096];
	ssize_t len = recv(fd, line, sizeof(line) - 1, 0);
	char month[8], name[16];
	int day, hour, minute, second, at = 0;

	assert_true(len > 0);
	line[len] = '\0';
	assert_int_equal(
	    sscanf(line, "<%d>%3s %2d %2d:%2d:%2d %15[^[][%ld]: %n", priority,
		month, &day, &hour, &minute, &second, name, pid, &at),
	    8);
	assert_string_equal(name, "posternd");
	assert_true(day >= 1 && day <= 31 && hour < 24 && minute < 60);
	return line + at;
}

static void
test_lines(void **state)
{
	int fd = listen_at(SOCK_DGRAM);
	int priority;
	long pid;

	(void)state;
	assert_true(pst_syslog_open(path, "posternd", LOG_MAIL));
	assert_true(pst_syslog_send(LOG_INFO, "first line", 10));
	assert_string_equal(next_line(fd, &priority, &pid), "first line");
	assert_int_equal(priority, LOG_MAIL | LOG_INFO);
	assert_int_equal(pid, getpid());
	assert_true(pst_syslog_send(LOG_ERR, "second", 6));
	assert_string_equal(next_line(fd, &priority, &pid), "second");
	assert_int_equal(priority, LOG_MAIL | LOG_ERR);
	pst_syslog_close();
	(void)close(fd);
}

/* A worker logs its own process id on the same socket. */
static void
test_fork(void **state)
{
	int fd = listen_at(SOCK_DGRAM);
	int priority;
	pid_t child;
	long pid;

	(void)state;
	assert_true(pst_syslog_open(path, "posternd", LOG_MAIL));
	child = fork();
	if (child == 0)
		_exit(pst_syslog_send(LOG_INFO, "child", 5) ? 0 : 1);
	assert_string_equal(next_line(fd, &priority, &pid), "child");
	assert_int_equal(pid, child);
	assert_int_equal(waitpid(child, NULL, 0), child);
	pst_syslog_close();
	(void)close(fd);
}

static void
test_restart(void **state)
{
	int fd = listen_at(SOCK_DGRAM);
	int priority;
	long pid;

	(void)state;
	assert_true(pst_syslog_open(path, "posternd", LOG_DAEMON));
	(void)close(fd);
	assert_false(pst_syslog_send(LOG_INFO, "lost", 4));
	fd = listen_at(SOCK_DGRAM);
	assert_true(pst_syslog_send(LOG_INFO, "found", 5));
	assert_string_equal(next_line(fd, &priority, &pid), "found");
	pst_syslog_close();
	assert_false(pst_syslog_send(LOG_INFO, "closed", 6));
	(void)close(fd);
}

static void
test_nobody(void **state)
{
	char long_path[200];
	int fd;

	(void)state;
	(void)unlink(path);
	assert_false(pst_syslog_open(path, "posternd", LOG_MAIL));
	assert_false(pst_syslog_send(LOG_INFO, "x", 1));
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_false(pst_syslog_open(long_path, "posternd", LOG_MAIL));
	fd = listen_at(SOCK_STREAM);
	assert_false(pst_syslog_open(path, "posternd", LOG_MAIL));
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

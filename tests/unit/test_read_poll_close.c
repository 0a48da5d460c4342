/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "replaced/read_poll_close.h"

/* The two ends of a session: the MTA's and ours. */
struct ends {
	int mta;
	int us;
};

static void
put(const struct ends *ends, const void *data, size_t len)
{
	assert_int_equal(send(ends->mta, data, len, 0), len);
}

/* Returns how many octets the kernel still holds for us. */
static int
with_the_system(const struct ends *ends)
{
	int count = -1;

	assert_int_equal(ioctl(ends->us, FIONREAD, &count), 0);
	return count;
}

static bool
has_data(const struct ends *ends)
{
	struct pollfd fd = {.fd = ends->us, .events = POLLIN};
	int count = poll(&fd, 1, 0);

	assert_true(count == 0 || (count == 1 && fd.revents == POLLIN));
	return count == 1;
}

static void
takes(const struct ends *ends, const char *text)
{
	char got[64];
	size_t len = strlen(text);

	assert_int_equal(read(ends->us, got, len), len);
	assert_memory_equal(got, text, len);
}

/* Does as libmilter does: it polls, reads, and then calls us. */
static void
begin(const struct ends *ends)
{
	put(ends, "O", 1);
	assert_true(has_data(ends));
	takes(ends, "O");
	pst_read_ahead_begin();
}

static void *
one_call_for_many_packets(void *param)
{
	const struct ends *ends = param;

	begin(ends);
	assert_false(has_data(ends));
	put(ends, "abcdefgh", 8);
	takes(ends, "ab");
	assert_int_equal(with_the_system(ends), 0);
	assert_true(has_data(ends));
	takes(ends, "cdefg");
	put(ends, "ij", 2);
	takes(ends, "h");
	assert_int_equal(with_the_system(ends), 2);
	assert_true(has_data(ends));
	takes(ends, "ij");
	assert_false(has_data(ends));
	return NULL;
}

static void *
nothing_before_begin(void *param)
{
	const struct ends *ends = param;

	/* Without a poll(), no descriptor is known to read ahead from. */
	pst_read_ahead_begin();
	put(ends, "abc", 3);
	takes(ends, "a");
	assert_int_equal(with_the_system(ends), 2);
	assert_true(has_data(ends));
	takes(ends, "b");
	assert_int_equal(with_the_system(ends), 1);
	pst_read_ahead_begin();
	takes(ends, "c");
	return NULL;
}

static void *
short_end_and_error(void *param)
{
	const struct ends *ends = param;
	char got[16];

	begin(ends);
	put(ends, "abc", 3);
	assert_int_equal(read(ends->us, got, sizeof(got)), 3);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(fcntl(ends->us, F_SETFL, O_NONBLOCK), 0);
	errno = 0;
	assert_int_equal(read(ends->us, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	put(ends, "de", 2);
	assert_int_equal(shutdown(ends->mta, SHUT_WR), 0);
	takes(ends, "d");
	assert_true(has_data(ends));
	takes(ends, "e");
	assert_true(has_data(ends));
	assert_int_equal(read(ends->us, got, sizeof(got)), 0);
	assert_int_equal(read(ends->us, got, sizeof(got)), 0);
	return NULL;
}

static void *
other_descriptors(void *param)
{
	const struct ends *ends = param;
	struct pollfd fds[2] = {{.fd = ends->us, .events = POLLIN}};
	struct pollfd both = {.fd = ends->us, .events = POLLIN | POLLOUT};
	struct pollfd out = {.fd = ends->us, .events = POLLOUT};
	int pipes[2];
	char got[8];

	begin(ends);
	assert_int_equal(pipe(pipes), 0);
	fds[1] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
	assert_int_equal(poll(fds, 2, 0), 0);
	assert_int_equal(write(pipes[1], "xy", 2), 2);
	assert_int_equal(poll(fds, 2, -1), 1);
	assert_int_equal(fds[1].revents, POLLIN);
	put(ends, "ab", 2);
	takes(ends, "a");
	fds[0].events = POLLIN | POLLRDNORM;
	assert_int_equal(poll(fds, 2, -1), 2);
	assert_int_equal(fds[0].revents, POLLIN | POLLRDNORM);
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(read(pipes[0], got, 1), 1);
	assert_int_equal(got[0], 'x');
	assert_int_equal(read(pipes[0], got, sizeof(got)), 1);
	assert_int_equal(got[0], 'y');
	fds[0].events = POLLIN | POLLOUT;
	assert_int_equal(poll(fds, 2, 3600000), 1);
	assert_int_equal(fds[0].revents, POLLIN | POLLOUT);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(poll(&out, 1, 0), 1);
	assert_int_equal(out.revents, POLLOUT);
	assert_int_equal(poll(&both, 1, 0), 1);
	assert_int_equal(both.revents, POLLIN | POLLOUT);
	assert_int_equal(read(ends->us, got, 0), 0);
	takes(ends, "b");
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	return NULL;
}

#define STREAM 200000

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

/* Whatever the sizes of reads and writes, the octets stay the same. */
static void *
any_sizes(void *param)
{
	static const size_t sizes[] = {1, 5, 64, 1024, 4095, 4096, 9000};
	const struct ends *ends = param;
	unsigned char *sent = malloc(STREAM), *got = malloc(STREAM);
	uint32_t seed = 7;
	size_t put_len = 0, got_len = 0;

	assert_non_null(sent);
	assert_non_null(got);
	begin(ends);
	for (size_t i = 0; i < STREAM; i++)
		sent[i] = (unsigned char)next(&seed);
	while (got_len < STREAM) {
		size_t len = sizes[next(&seed) % 7];
		ssize_t taken;

		if (len > STREAM - put_len)
			len = STREAM - put_len;
		put(ends, sent + put_len, len);
		put_len += len;
		while (has_data(ends)) {
			len = sizes[next(&seed) % 7];
			if (len > STREAM - got_len)
				len = STREAM - got_len;
			taken = read(ends->us, got + got_len, len);
			assert_true(taken > 0);
			got_len += (size_t)taken;
		}
		assert_int_equal(got_len, put_len);
	}
	assert_memory_equal(got, sent, STREAM);
	free(sent);
	free(got);
	return NULL;
}

/* Continues to read where the first worker stopped. */
static void *
another_worker(void *param)
{
	const struct ends *ends = param;

	assert_true(has_data(ends));
	takes(ends, "cd");
	assert_false(has_data(ends));
	put(ends, "efg", 3);
	takes(ends, "ef");
	assert_int_equal(with_the_system(ends), 0);
	return NULL;
}

static void *
handed_over(void *param)
{
	const struct ends *ends = param;
	pthread_t worker;

	begin(ends);
	put(ends, "abcd", 4);
	takes(ends, "ab");
	assert_int_equal(with_the_system(ends), 0);
	assert_int_equal(
	    pthread_create(&worker, NULL, another_worker, param), 0);
	assert_int_equal(pthread_join(worker, NULL), 0);
	takes(ends, "g");
	return NULL;
}

/* Octets left by a session do not reach the next one on that descriptor. */
static void *
left_over(void *param)
{
	const struct ends *ends = param;
	struct ends next;
	int pair[2], us = dup(ends->us);

	assert_true(us >= 0);
	next = (struct ends){.mta = ends->mta, .us = us};
	begin(&next);
	put(&next, "abc", 3);
	takes(&next, "a");
	assert_int_equal(close(us), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pair[0], us);
	next = (struct ends){.mta = pair[1], .us = pair[0]};
	assert_false(has_data(&next));
	put(&next, "xyz", 3);
	takes(&next, "x");
	assert_int_equal(with_the_system(&next), 2);
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(close(us), -1);
	assert_int_equal(errno, EBADF);
	return NULL;
}

/* Linux delays TCP acknowledgements unless TCP_QUICKACK is set again. */
static void *
acknowledges_at_once(void *param)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	struct pollfd fd = {.events = POLLIN};
	struct ends ends = {.mta = socket(AF_INET, SOCK_STREAM, 0)};
	int on = 0, listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)param;
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(
	    connect(ends.mta, (struct sockaddr *)&address, len), 0);
	ends.us = accept(listener, NULL, NULL);
	put(&ends, "ab", 2);
	fd.fd = ends.us;
	assert_int_equal(poll(&fd, 1, -1), 1);
	takes(&ends, "a");
	pst_read_ahead_begin();
	assert_int_equal(
	    setsockopt(ends.us, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)), 0);
	takes(&ends, "b");
	len = sizeof(on);
	assert_int_equal(
	    getsockopt(ends.us, IPPROTO_TCP, TCP_QUICKACK, &on, &len), 0);
	assert_int_equal(on, 1);
	(void)close(ends.mta);
	(void)close(ends.us);
	(void)close(listener);
	return NULL;
}

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room);

/* glibc's other names for the two know what was read ahead. */
static void *
checked_sizes(void *param)
{
	const struct ends *ends = param;
	struct pollfd fd = {.fd = ends->us, .events = POLLIN};
	char got[4];

	begin(ends);
	put(ends, "abcd", 4);
	takes(ends, "a");
	assert_int_equal(with_the_system(ends), 0);
	assert_int_equal(__poll_chk(&fd, 1, -1, sizeof(fd)), 1);
	assert_int_equal(fd.revents, POLLIN);
	assert_int_equal(__read_chk(ends->us, got, 2, sizeof(got)), 2);
	assert_memory_equal(got, "bc", 2);
	takes(ends, "d");
	assert_int_equal(__poll_chk(&fd, 1, 0, sizeof(fd)), 0);
	return NULL;
}

/* After the data, the end of the peer is reported as the system reports it. */
static void *
hang_up(void *param)
{
	const struct ends *ends = param;
	struct pollfd fd = {.fd = ends->us, .events = POLLIN};
	struct pollfd system;

	begin(ends);
	put(ends, "ab", 2);
	takes(ends, "a");
	assert_int_equal(shutdown(ends->mta, SHUT_RDWR), 0);
	assert_int_equal(poll(&fd, 1, -1), 1);
	assert_int_equal(fd.revents & POLLIN, POLLIN);
	takes(ends, "b");
	assert_int_equal(poll(&fd, 1, -1), 1);
	assert_int_equal(fd.revents & POLLHUP, POLLHUP);
	system = (struct pollfd){.fd = dup(ends->us), .events = POLLIN};
	assert_int_equal(poll(&system, 1, -1), 1);
	assert_int_equal(fd.revents, system.revents);
	(void)close(system.fd);
	return NULL;
}

/* What the system says to calls that are not for the MTA's sockets. */
static void *
passed_on(void *param)
{
	struct pollfd fds[2] = {{.fd = -1, .events = POLLIN},
	    {.fd = 1 << 20, .events = POLLIN, .revents = 5}};
	char got[4];

	(void)param;
	errno = 0;
	assert_int_equal(read(-1, got, sizeof(got)), -1);
	assert_int_equal(errno, EBADF);
	errno = 0;
	assert_int_equal(read(1 << 20, got, sizeof(got)), -1);
	assert_int_equal(errno, EBADF);
	errno = 0;
	assert_int_equal(close(-1), -1);
	assert_int_equal(errno, EBADF);
	errno = 0;
	assert_int_equal(close(1 << 20), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(poll(NULL, 0, 1), 0);
	assert_int_equal(poll(fds, 1, 1), 0);
	assert_int_equal(poll(fds, 2, -1), 1);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLNVAL);
	return NULL;
}

static void *
put_later(void *param)
{
	const struct ends *ends = param;

	(void)poll(NULL, 0, 20);
	put(ends, "x", 1);
	return NULL;
}

/* The millisecond for which libmilter waits for the next command is longer. */
static void *
lingers(void *param)
{
	const struct ends *ends = param;
	struct pollfd fd = {.fd = ends->us, .events = POLLIN};
	pthread_t thread;

	begin(ends);
	assert_int_equal(pthread_create(&thread, NULL, put_later, param), 0);
	assert_int_equal(poll(&fd, 1, 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	takes(ends, "x");
	assert_int_equal(poll(&fd, 1, 1), 0);
	return NULL;
}

typedef void *session(void *ends);

/* Runs it in a new thread, which has not polled or read before. */
static void
in_thread(session *run)
{
	struct ends ends;
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ends = (struct ends){.mta = pair[0], .us = pair[1]};
	assert_int_equal(pthread_create(&thread, NULL, run, &ends), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void
test_session(void **state)
{
	static session *const sessions[] = {
	    one_call_for_many_packets,
	    nothing_before_begin,
	    short_end_and_error,
	    other_descriptors,
	    any_sizes,
	    handed_over,
	    left_over,
	    acknowledges_at_once,
	    checked_sizes,
	    hang_up,
	    passed_on,
	    lingers,
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(sessions); i++)
		in_thread(sessions[i]);
}

/* A buffer that is too small ends the process, as glibc promises. */
static void
test_small_buffer(void **state)
{
	(void)state;
	for (int row = 0; row < 2; row++) {
		struct pollfd fds[2] = {{.fd = -1}, {.fd = -1}};
		char octets[2];
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			(void)dup2(open("/dev/null", O_RDWR), 2);
			if (row == 0)
				(void)!__read_chk(2, octets, 2, 1);
			else
				(void)__poll_chk(fds, 2, 0, sizeof(fds[0]));
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <signal.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/thread.h"
#include "replaced/dispatch.h"
#include "replaced/read_poll_close.h"

/* Sessions that are at the end of their message at the same time. */
#define SESSIONS 120
#define ROUNDS 5
#define MAX_WAIT_MS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static unsigned waiting; /* callbacks that wait for the others */
static unsigned needed = SESSIONS;
static unsigned missed; /* callbacks that waited too long */
static unsigned round_number;
static char directory[] = "/tmp/test_dispatch-XXXXXX";
static char socket_path[sizeof(directory) + sizeof("/socket")];

/*
 * Returns when all sessions that are needed are here. That is possible only if each of them
 * has a worker of its own, while all workers of the others wait.
 */
static sfsistat
on_end(SMFICTX *ctx)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + MAX_WAIT_MS;
	unsigned mine;

	(void)ctx;
	pst_mutex_lock(&lock);
	mine = round_number;
	if (++waiting >= needed) {
		waiting = 0;
		round_number++;
		pst_cond_broadcast(&changed);
	}
	while (mine == round_number &&
	    pst_cond_wait_until(&changed, &lock, until_ms))
		;
	if (mine == round_number)
		missed++;
	pst_mutex_unlock(&lock);
	return SMFIS_ACCEPT;
}

static void *
serve(void *arg)
{
	(void)arg;
	return smfi_main() == MI_SUCCESS ? &lock : NULL;
}

static void
connect_fd(int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_true(fd >= 0);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static int
connect_to_filter(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	connect_fd(fd);
	return fd;
}

/* Appends a packet of the milter protocol. */
static size_t
add(unsigned char *at, char command, const void *data, size_t len)
{
	uint32_t size = htonl((uint32_t)len + 1);

	memcpy(at, &size, sizeof(size));
	at[4] = (unsigned char)command;
	if (len > 0)
		memcpy(at + 5, data, len);
	return len + 5;
}

/* Version 6, all actions, all steps that may be left out. */
static const unsigned char options[12] = {
    0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff};

/* The door may have closed the connection already. */
static void
send_options(int fd)
{
	unsigned char out[32];
	size_t len = add(out, 'O', options, sizeof(options));

	(void)!write(fd, out, len);
}

/* The rest of a session, up to the end of a message. */
static size_t
add_rest(unsigned char *out)
{
	size_t len = add(out, 'M', "<a@example.com>", 16);

	len += add(out + len, 'R', "<b@example.net>", 16);
	len += add(out + len, 'N', NULL, 0);
	return len + add(out + len, 'E', NULL, 0);
}

static void
send_rest(int fd)
{
	unsigned char out[256];
	size_t len = add_rest(out);

	assert_int_equal(write(fd, out, len), (ssize_t)len);
}

/* A session up to the end of a message, in one write. */
static void
send_message(int fd)
{
	unsigned char out[256];
	size_t len = add(out, 'O', options, sizeof(options));

	len += add_rest(out + len);
	assert_int_equal(write(fd, out, len), (ssize_t)len);
}

/* Reads until the filter has accepted the message. */
static void
await_reply(int fd)
{
	char octet = '\0';

	while (octet != 'a')
		assert_int_equal(recv(fd, &octet, 1, 0), 1);
}

static void
test_every_session_gets_a_worker(void **state)
{
	int fds[SESSIONS];

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* Some sessions are there already, the others are new. */
		for (unsigned i = 0; i < SESSIONS / 2; i++)
			fds[i] = connect_to_filter();
		for (unsigned i = 0; i < SESSIONS; i++) {
			if (i >= SESSIONS / 2)
				fds[i] = connect_to_filter();
			send_message(fds[i]);
		}
		for (unsigned i = 0; i < SESSIONS; i++) {
			await_reply(fds[i]);
			close(fds[i]);
		}
	}
	pst_mutex_lock(&lock);
	assert_int_equal(missed, 0);
	assert_int_equal(round_number, ROUNDS);
	pst_mutex_unlock(&lock);
}

/* ---- the door: what it does not let in gets one octet, and is closed ---- */

static atomic_int max_sessions = INT_MAX;
static atomic_int spare = -1; /* a descriptor to close; -1: none */
static atomic_uint waited;    /* sessions that waited for a thread */
static atomic_uint came;      /* connections that came to the door */

static void
answer(int fd, char octet)
{
	(void)!write(fd, &octet, 1);
	(void)close(fd);
}

static bool
enter(int fd, unsigned sessions)
{
	bool fits = sessions < (unsigned)atomic_load(&max_sessions);

	if (!fits)
		answer(fd, 's');
	atomic_fetch_add(&came, 1);
	return fits;
}

static bool
free_descriptor(void)
{
	int fd = atomic_exchange(&spare, -1);

	return fd != -1 && close(fd) == 0;
}

static void
no_descriptor(int fd)
{
	answer(fd, 'd');
	atomic_store(&spare, dup(0));
}

static void
no_thread(int fd)
{
	if (fd == -1)
		atomic_fetch_add(&waited, 1);
	else
		answer(fd, 't');
}

static const struct pst_door door = {
    .enter = enter,
    .free_descriptor = free_descriptor,
    .no_descriptor = no_descriptor,
    .no_thread = no_thread,
};

/* Reads the octet of the door, or '-' if the connection is only closed. */
static char
door_says(int fd)
{
	char octet = '-';

	(void)recv(fd, &octet, 1, 0);
	return octet;
}

/*
 * Connects until the door lets the connection in: sessions of earlier tests end
 * by and by.
 */
static int
connect_inside(void)
{
	for (;;) {
		unsigned before = atomic_load(&came);
		int fd = connect_to_filter();
		char octet;

		while (atomic_load(&came) == before)
			(void)poll(NULL, 0, 1);
		if (recv(fd, &octet, 1, MSG_DONTWAIT) == -1)
			return fd;
		close(fd);
	}
}

static void
test_sessions_are_counted(void **state)
{
	int fds[3];

	(void)state;
	atomic_store(&max_sessions, 2);
	/* They say nothing, and count all the same. */
	fds[0] = connect_inside();
	fds[1] = connect_inside();
	for (unsigned i = 0; i < 100; i++) {
		fds[2] = connect_to_filter();
		assert_int_equal(door_says(fds[2]), 's');
		close(fds[2]);
	}
	close(fds[1]);
	close(fds[0]);
	atomic_store(&max_sessions, INT_MAX);
}

/* Leaves no descriptor to this process; returns how many were opened. */
static size_t
use_up(int *fds, size_t max)
{
	size_t count = 0;

	while (count < max && (fds[count] = dup(0)) != -1)
		count++;
	assert_true(count < max);
	return count;
}

static void
test_without_a_descriptor(void **state)
{
	static int fds[4096];
	const struct rlimit few = {PST_COUNT(fds) / 2, PST_COUNT(fds)};
	int clients[3];
	size_t count;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (size_t i = 0; i < PST_COUNT(clients); i++)
		clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
	atomic_store(&spare, dup(0));
	count = use_up(fds, PST_COUNT(fds));
	for (size_t i = 0; i < PST_COUNT(clients); i++) {
		connect_fd(clients[i]);
		assert_int_equal(door_says(clients[i]), 'd');
	}
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	for (size_t i = 0; i < PST_COUNT(clients); i++)
		close(clients[i]);
	(void)free_descriptor();
}

/* Limits the threads of this user, which is not root (main()). */
static void
limit_threads(rlim_t max)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NPROC, &limit), 0);
	limit.rlim_cur = max == RLIM_INFINITY ? limit.rlim_max : max;
	assert_int_equal(setrlimit(RLIMIT_NPROC, &limit), 0);
}

/*
 * Two sessions take the workers that always exist. Then there is no thread for
 * a third one, which waits for a worker, and not for a fourth, which is new.
 */
static void
test_without_a_thread(void **state)
{
	int fds[SESSIONS];
	int fresh;

	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++) {
		fds[i] = connect_to_filter();
		send_options(fds[i]);
		assert_int_equal(door_says(fds[i]), 0);
	}
	limit_threads(1);
	for (unsigned i = 0; i < SESSIONS; i++)
		send_rest(fds[i]);
	while (atomic_load(&waited) == 0)
		(void)usleep(1000);
	do {
		fresh = connect_to_filter();
		send_options(fresh);
	} while (door_says(fresh) != 't' && close(fresh) == 0);
	close(fresh);
	/* Nobody waits for the others any more. */
	pst_mutex_lock(&lock);
	needed = 1;
	round_number++;
	pst_cond_broadcast(&changed);
	pst_mutex_unlock(&lock);
	for (unsigned i = 0; i < SESSIONS; i++) {
		await_reply(fds[i]);
		close(fds[i]);
	}
	limit_threads(RLIM_INFINITY);
}

static void
test_other_polls_are_not_changed(void **state)
{
	struct pollfd fds[3] = {
	    {.events = POLLIN}, {.events = POLLOUT}, {.events = POLLOUT}};
	int pipes[2][2];

	(void)state;
	assert_int_equal(pipe(pipes[0]), 0);
	assert_int_equal(pipe(pipes[1]), 0);
	fds[0].fd = pipes[0][0];
	fds[1].fd = pipes[0][1];
	fds[2].fd = pipes[1][1];
	assert_int_equal(poll(fds, 3, 1000), 2);
	fds[0].fd = pipes[0][1];
	fds[0].events = POLLOUT;
	assert_int_equal(poll(fds, 3, -1), 3);
	for (size_t i = 0; i < PST_COUNT(pipes); i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static int
start(void **state)
{
	static char name[] = "test_dispatch";
	struct smfiDesc filter = {.xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_eom = on_end};
	static char connection[sizeof(socket_path) + sizeof("unix:")];
	pthread_t thread;

	(void)state;
	pst_cond_init(&changed);
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(
	    socket_path, sizeof(socket_path), "%s/socket", directory);
	(void)snprintf(connection, sizeof(connection), "unix:%s", socket_path);
	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setconn(connection) != MI_SUCCESS ||
	    smfi_setbacklog(SESSIONS) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS)
		return -1;
	/*
	 * Links the file with poll() also where a sanitizer has one of its own;
	 * nothing was read here, so it changes nothing.
	 */
	pst_read_ahead_begin();
	/* Without this, the test shows what libmilter does by itself. */
	if (getenv("POSTERN_TEST_LIBMILTER") == NULL)
		pst_dispatch_begin(&door);
	if (!pst_thread_start(&thread, serve, NULL))
		return -1;
	pst_thread_detach(thread);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	/* smfi_stop() takes seconds; the process ends now. */
	(void)unlink(socket_path);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_session_gets_a_worker),
	    cmocka_unit_test(test_other_polls_are_not_changed),
	    cmocka_unit_test(test_sessions_are_counted),
	    cmocka_unit_test(test_without_a_descriptor),
	    cmocka_unit_test(test_without_a_thread),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	/* Before the threads: the limit of threads does not bind root. */
	if (geteuid() == 0 && (setgid(64998) != 0 || setuid(64998) != 0))
		return 1;
	return cmocka_run_group_tests(tests, start, stop);
}

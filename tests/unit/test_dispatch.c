/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
static unsigned missed;  /* callbacks that waited too long */
static unsigned round_number;
static char directory[] = "/tmp/test_dispatch-XXXXXX";
static char socket_path[sizeof(directory) + sizeof("/socket")];

/*
 * Returns when all sessions are here. That is possible only if each of them
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
	if (++waiting == SESSIONS) {
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

static int
connect_to_filter(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
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

/* A session up to the end of a message, in one write. */
static void
send_message(int fd)
{
	/* Version 6, all actions, all steps that may be left out. */
	static const unsigned char options[12] = {
	    0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff};
	unsigned char out[256];
	size_t len = add(out, 'O', options, sizeof(options));

	len += add(out + len, 'M', "<a@example.com>", 16);
	len += add(out + len, 'R', "<b@example.net>", 16);
	len += add(out + len, 'N', NULL, 0);
	len += add(out + len, 'E', NULL, 0);
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
		pst_dispatch_begin();
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
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, start, stop);
}

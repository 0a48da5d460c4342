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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macros.h"
#include "milter/control.h"

static char dir[] = "/tmp/postern-control-XXXXXX";
static char path[64];
static struct pst_control *control;

static int
open_control(void **state)
{
	struct pst_err err;

	(void)state;
	control = pst_control_open(path, -1, &err);
	assert_non_null(control);
	return 0;
}

static int
close_control(void **state)
{
	struct stat st;

	(void)state;
	pst_control_close(control);
	assert_int_equal(lstat(path, &st), -1);
	return 0;
}

static int
ask(const char *request, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), (ssize_t)len);
	return fd;
}

/* Runs the supervisor's loop once. */
static void
turn(int64_t now_ms)
{
	struct timeval none = {0, 0};
	fd_set set;
	int max_fd = -1;

	FD_ZERO(&set);
	pst_control_watch(control, &set, &max_fd);
	assert_true(select(max_fd + 1, &set, NULL, NULL, &none) >= 0);
	pst_control_serve(control, &set, now_ms);
}

/* Returns what has arrived; NULL: nothing yet, and the connection is open. */
static const char *
answer(int fd)
{
	static char text[2 * PST_CONTROL_MAX_ANSWER];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n == -1)
		return NULL;
	text[n] = '\0';
	return text;
}

static void
test_requests(void **state)
{
	static const struct {
		const char *label, *request;
		bool reload, status;
		const char *answer; /* at once; NULL: none yet */
	} rows[] = {
	    {"reload", "reload\n", true, false, NULL},
	    {"status", "status\n", false, true, NULL},
	    {"more after it", "reload\nstatus\n", true, false, NULL},
	    {"half a line", "relo", false, false, NULL},
	    {"another", "restart\n", false, false,
		"2 unknown request; expected reload or status\n"},
	    {"empty", "\n", false, false,
		"2 unknown request; expected reload or status\n"},
	    {"capitals", "RELOAD\n", false, false,
		"2 unknown request; expected reload or status\n"},
	    {"long",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxx",
		false, false, "2 the request is too long\n"},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		int fd = ask(rows[i].request, strlen(rows[i].request));
		bool reload, status;
		const char *got;

		turn(0);
		turn(0);
		got = answer(fd);
		reload = pst_control_take(control, PST_CONTROL_RELOAD);
		status = pst_control_take(control, PST_CONTROL_STATUS);
		if (reload != rows[i].reload || status != rows[i].status ||
		    (got == NULL) != (rows[i].answer == NULL) ||
		    (got != NULL && strcmp(got, rows[i].answer) != 0))
			fail_msg("%s: %d %d %s", rows[i].label, reload, status,
			    got == NULL ? "" : got);
		pst_control_answer(control, PST_CONTROL_RELOAD, 0, "done");
		pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
		if (reload)
			assert_string_equal(answer(fd), "0 done\n");
		if (status)
			assert_string_equal(answer(fd), "0 well\n");
		assert_int_equal(close(fd), 0);
		turn(0);
	}
}

/* A request that arrives during a reload waits for the next one. */
static void
test_later_one(void **state)
{
	int first = ask("reload\n", 7);
	int second;

	(void)state;
	turn(0);
	turn(0);
	assert_true(pst_control_take(control, PST_CONTROL_RELOAD));
	second = ask("reload\n", 7);
	turn(0);
	turn(0);
	pst_control_answer(control, PST_CONTROL_RELOAD, 1, "a\nb\001c");
	assert_string_equal(answer(first), "1 a b c\n");
	assert_null(answer(second));
	assert_true(pst_control_take(control, PST_CONTROL_RELOAD));
	pst_control_answer(control, PST_CONTROL_RELOAD, 0, "done");
	assert_string_equal(answer(second), "0 done\n");
	assert_false(pst_control_take(control, PST_CONTROL_RELOAD));
	(void)close(first);
	(void)close(second);
}

static void
test_dawdler(void **state)
{
	int fd = ask("rel", 3);

	(void)state;
	turn(1000);
	turn(1000 + PST_CONTROL_PATIENCE_MS);
	assert_null(answer(fd));
	turn(1001 + PST_CONTROL_PATIENCE_MS);
	assert_string_equal(answer(fd), "2 no request arrived in time\n");
	(void)close(fd);
}

/* Clients beyond the limit wait until there is room; none is lost. */
static void
test_crowd(void **state)
{
	int fds[PST_CONTROL_MAX_CLIENTS + 2];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		fds[i] = ask("status\n", 7);
		turn(0);
	}
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < PST_COUNT(fds) + 1; i++)
			turn(0);
		assert_true(pst_control_take(control, PST_CONTROL_STATUS));
		pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
	}
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		assert_string_equal(answer(fds[i]), "0 well\n");
		(void)close(fds[i]);
	}
}

static void
test_long_answer(void **state)
{
	static char text[3000];
	int fd = ask("status\n", 7);
	const char *got;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	turn(0);
	turn(0);
	assert_true(pst_control_take(control, PST_CONTROL_STATUS));
	pst_control_answer(control, PST_CONTROL_STATUS, 0, text);
	got = answer(fd);
	assert_true(strlen(got) <= PST_CONTROL_MAX_ANSWER);
	assert_int_equal(got[strlen(got) - 1], '\n');
	(void)close(fd);
}

static void
test_second_daemon(void **state)
{
	struct pst_err err;

	(void)state;
	assert_null(pst_control_open(path, -1, &err));
	assert_non_null(strstr(err.text, "another program answers there"));
	assert_null(pst_control_open("/no-such-directory/control", -1, &err));
	assert_non_null(strstr(err.text, "there is no directory"));
}

/* The socket of a daemon that was killed is taken over. */
static void
test_stale(void **state)
{
	struct pst_err err;

	(void)state;
	pst_control_leave(control);
	control = pst_control_open(path, -1, &err);
	assert_non_null(control);
	test_later_one(state);
}

/* All functions accept NULL in place of a control. */
static void
test_none(void **state)
{
	fd_set set;
	int max_fd = -1;

	(void)state;
	FD_ZERO(&set);
	pst_control_watch(NULL, &set, &max_fd);
	assert_int_equal(max_fd, -1);
	pst_control_serve(NULL, &set, 0);
	assert_false(pst_control_take(NULL, PST_CONTROL_RELOAD));
	pst_control_answer(NULL, PST_CONTROL_RELOAD, 0, "");
	pst_control_leave(NULL);
	pst_control_close(NULL);
}

#define WITH_CONTROL(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_control, close_control)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CONTROL(test_requests),
	    WITH_CONTROL(test_later_one),
	    WITH_CONTROL(test_dawdler),
	    WITH_CONTROL(test_crowd),
	    WITH_CONTROL(test_long_answer),
	    WITH_CONTROL(test_second_daemon),
	    WITH_CONTROL(test_stale),
	    cmocka_unit_test(test_none),
	};
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/control", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}

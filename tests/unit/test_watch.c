/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "milter/watch.h"

#define LATE_MS 5000 /* on a machine with much else to do */

static volatile sig_atomic_t alarms;

static void
on_alarm(int number)
{
	(void)number;
	alarms++;
}

/* Waits, and returns for how many milliseconds. */
static int64_t
wait_ms(struct pst_watch *watch, const sigset_t *mask)
{
	int64_t begun = pst_clock_ms(&pst_clock_system);

	pst_watch_wait(watch, mask);
	return pst_clock_ms(&pst_clock_system) - begun;
}

static void
test_until(void **state)
{
	static const struct {
		const char *label;
		int64_t ahead[3]; /* 0 is the end of the list */
		int64_t least, most;
	} rows[] = {
	    {"the past", {-100, 0}, 0, LATE_MS},
	    {"soon", {60, 0}, 60, 60 + LATE_MS},
	    {"the first of several", {100000, 50, 90000}, 50, 50 + LATE_MS},
	};
	struct pst_watch watch;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		int64_t now = pst_clock_ms(&pst_clock_system), took;

		pst_watch_begin(&watch);
		for (size_t j = 0; j < 3 && rows[i].ahead[j] != 0; j++)
			pst_watch_until(&watch, now + rows[i].ahead[j]);
		(void)wait_ms(&watch, NULL);
		took = pst_clock_ms(&pst_clock_system) - now;
		if (took < rows[i].least || took > rows[i].most)
			fail_msg("%s: %lld ms", rows[i].label, (long long)took);
	}
}

static void
test_ready(void **state)
{
	struct pst_watch watch;
	int a[2], b[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	assert_int_equal(write(b[1], "x", 1), 1);
	pst_watch_begin(&watch);
	pst_watch_add(&watch, a[0], POLLIN);
	pst_watch_add(&watch, b[0], POLLIN);
	pst_watch_add(&watch, b[1], POLLOUT);
	pst_watch_wait(&watch, NULL);
	assert_false(pst_watch_is_ready(&watch, a[0]));
	assert_true(pst_watch_is_ready(&watch, b[0]));
	assert_true(pst_watch_is_ready(&watch, b[1]));
	assert_false(pst_watch_is_ready(&watch, a[1]));
	/* Hanging up is something to read. */
	assert_int_equal(close(a[1]), 0);
	pst_watch_begin(&watch);
	pst_watch_add(&watch, a[0], POLLIN);
	pst_watch_wait(&watch, NULL);
	assert_true(pst_watch_is_ready(&watch, a[0]));
	assert_false(pst_watch_is_ready(&watch, b[0]));
	(void)close(a[0]);
	(void)close(b[0]);
	(void)close(b[1]);
}

/* A blocked signal that came before the wait ends it; none is lost. */
static void
test_signal(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct pst_watch watch;
	sigset_t blocked, before;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &blocked, &before);
	(void)raise(SIGUSR1);
	assert_int_equal(alarms, 0);
	/* Without a signal, this would wait forever. */
	pst_watch_begin(&watch);
	pst_watch_wait(&watch, &before);
	assert_int_equal(alarms, 1);
	(void)raise(SIGUSR1);
	pst_watch_begin(&watch);
	pst_watch_add(&watch, pair[0], POLLIN);
	pst_watch_wait(&watch, &before);
	/* The system may report the descriptor first, and the signal next. */
	if (!pst_watch_is_ready(&watch, pair[0]))
		assert_int_equal(alarms, 2);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(alarms, 2);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_until),
	    cmocka_unit_test(test_ready),
	    cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

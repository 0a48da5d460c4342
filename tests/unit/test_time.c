/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/macros.h"
#include "replaced/time.h"

/* A date that the system's clock does not show. */
#define DATE 1000000000

static int64_t
now(void)
{
	struct timespec clock;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &clock), 0);
	return clock.tv_sec;
}

/* Checks that time() returns the system's time, with and without out. */
static void
is_the_systems(void)
{
	int64_t before = now();
	time_t stored = -7, first = time(NULL), second = time(&stored);

	/* time() may be a tick behind the finer clock. */
	assert_in_range(first, before - 1, now());
	assert_in_range(second, before - 1, now());
	assert_int_equal(second, stored);
}

static void
test_outside(void **state)
{
	(void)state;
	is_the_systems();
	pst_time_pin(DATE);
	pst_time_unpin();
	is_the_systems();
}

static void
test_inside(void **state)
{
	static const int64_t dates[] = {DATE, 0, -1, INT64_C(1) << 40};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(dates); i++) {
		time_t stored = 77;

		pst_time_pin(dates[i]);
		assert_int_equal(time(NULL), dates[i]);
		assert_int_equal(time(&stored), dates[i]);
		assert_int_equal(stored, dates[i]);
		pst_time_unpin();
	}
	is_the_systems();
}

static void *
in_thread(void *arg)
{
	int64_t date = *(const int64_t *)arg;

	is_the_systems();
	for (int i = 0; i < 1000; i++) {
		pst_time_pin(date);
		assert_int_equal(time(NULL), date);
		pst_time_unpin();
	}
	is_the_systems();
	return NULL;
}

/* Each thread has a bracket of its own. */
static void
test_other_threads(void **state)
{
	static const int64_t dates[4] = {1, 2, 3, 4};
	pthread_t threads[4];

	(void)state;
	pst_time_pin(DATE);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, in_thread,
				     (void *)(uintptr_t)&dates[i]),
		    0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(time(NULL), DATE);
	pst_time_unpin();
}

static volatile sig_atomic_t was_right;

static void
on_signal(int number)
{
	(void)number;
	was_right = time(NULL) >= (time_t)DATE + 1;
}

static void
test_in_a_signal_handler(void **state)
{
	(void)state;
	assert_true(signal(SIGUSR1, on_signal) != SIG_ERR);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_true(was_right);
	assert_true(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outside),
	    cmocka_unit_test(test_inside),
	    cmocka_unit_test(test_other_threads),
	    cmocka_unit_test(test_in_a_signal_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

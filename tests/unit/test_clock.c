/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static void
test_manual(void **state)
{
	static const struct {
		int64_t step_ms, epoch;
	} rows[] = {{0, 1000}, {999, 1000}, {1, 1001}, {1500, 1002},
	    {500, 1003}, {3600000, 4603}};
	struct pst_clock clock = pst_clock_manual(1000);
	int64_t start_ms = pst_clock_ms(&clock);
	int64_t passed_ms = 0;

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].step_ms)) {
		pst_clock_advance(&clock, rows[i].step_ms);
		passed_ms += rows[i].step_ms;
		assert_int_equal(pst_clock_ms(&clock) - start_ms, passed_ms);
		assert_int_equal(pst_clock_epoch(&clock), rows[i].epoch);
	}
}

static void
test_manual_before_1970(void **state)
{
	struct pst_clock clock = pst_clock_manual(-5);

	(void)state;
	pst_clock_advance(&clock, 2000);
	assert_int_equal(pst_clock_epoch(&clock), -3);
}

static void
test_system(void **state)
{
	int64_t before = (int64_t)time(NULL);
	int64_t epoch = pst_clock_epoch(&pst_clock_system);
	int64_t ms = pst_clock_ms(&pst_clock_system);
	const struct timespec wait = {0, 5 * 1000 * 1000};

	(void)state;
	assert_true(epoch >= before);
	/* time() lags behind: it is the second of the last clock tick. */
	assert_true(epoch <= (int64_t)time(NULL) + 1);
	(void)nanosleep(&wait, NULL);
	assert_true(pst_clock_ms(&pst_clock_system) >= ms + 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_manual_before_1970),
	    cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

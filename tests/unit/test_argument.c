/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rows.h"
#include "tools/argument.h"

/* 2026-11-23 10:30:00 */
#define NOW INT64_C(1795429800)
#define DAY INT64_C(86400)

/* 0: the text is refused */
static const struct {
	const char *label;
	const char *text;
	int64_t since, until;
} times[] = {
    {"days", "7d", NOW - 7 * DAY, NOW - 7 * DAY},
    {"hours", "36h", NOW - 36 * 3600, NOW - 36 * 3600},
    {"minutes", "90min", NOW - 5400, NOW - 5400},
    {"minutes, short", "90m", NOW - 5400, NOW - 5400},
    {"seconds", "30s", NOW - 30, NOW - 30},
    {"in capitals", "2D", NOW - 2 * DAY, NOW - 2 * DAY},
    {"none", "0d", NOW, NOW},
    {"more than there are", "99999d", 1, 1},
    {"a day", "2026-11-20", 1795132800, 1795132800 + DAY - 1},
    {"the first day", "1970-01-01", 1, DAY - 1},
    {"seconds since 1970", "1795000000", 1795000000, 1795000000},
    {"the beginning", "0", 1, 1},
    {"no such day", "2026-11-31", 0, 0},
    {"half a day", "2026-11", 0, 0},
    {"no number", "d", 0, 0},
    {"negative", "-7d", 0, 0},
    {"another unit", "7w", 0, 0},
    {"too many", "99999999999999999999d", 0, 0},
    {"after the year 9999", "999999999999", 0, 0},
    {"a fraction", "1.5d", 0, 0},
    {"blank", "7 d", 0, 0},
    {"empty", "", 0, 0},
};

static void
reads_times(void **state)
{
	(void)state;
	FOR_ROWS(i, times, times[i].label) {
		int64_t since = 0, until = 0;

		assert_int_equal(pst_argument_since("replay", "--since",
				     times[i].text, NOW, &since),
		    times[i].since != 0);
		assert_int_equal(pst_argument_until("replay", "--until",
				     times[i].text, NOW, &until),
		    times[i].until != 0);
		if (times[i].since == 0)
			continue;
		assert_int_equal(since, times[i].since);
		assert_int_equal(until, times[i].until);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/day.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static void
test_limits(void **state)
{
	static const struct {
		int64_t epoch, day;
	} rows[] = {
	    {0, 0},
	    {86399, 0},
	    {86400, 1},
	    {-1, -1},
	    {-86400, -1},
	    {-86401, -2},
	    {1795413599, 20780},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].epoch)) {
		int64_t day = rows[i].day;

		assert_int_equal(pst_day_of(rows[i].epoch), day);
		assert_int_equal(pst_day_of(pst_day_begin(day)), day);
		assert_int_equal(pst_day_of(pst_day_end(day)), day);
		assert_int_equal(pst_day_end(day) + 1, pst_day_begin(day + 1));
	}
}

static void
test_monday(void **state)
{
	static const struct {
		const char *day, *monday;
	} rows[] = {{"1970-01-05", "1970-01-05"}, {"1970-01-11", "1970-01-05"},
	    {"1970-01-12", "1970-01-12"}, {"2026-12-01", "2026-11-30"},
	    {"2026-11-30", "2026-11-30"}, {"2026-11-29", "2026-11-23"}};
	int64_t day, monday;

	(void)state;
	FOR_ROWS(i, rows, rows[i].day) {
		assert_true(pst_day_parse(pst_str(rows[i].day), &day));
		assert_true(pst_day_parse(pst_str(rows[i].monday), &monday));
		assert_int_equal(pst_day_monday(day), monday);
	}
	/* before 1970, too: 1969-12-31 was a Wednesday */
	assert_int_equal(pst_day_monday(-1), -3);
}

static void
test_text(void **state)
{
	static const struct {
		const char *text;
		int64_t day;
	} good[] = {{"1970-01-01", 0}, {"2024-02-29", 19782},
	    {"2026-11-23", 20780}, {"9999-12-31", 2932896}};
	static const char *const bad[] = {"", "2026-11-2", "2026-11-31",
	    "2025-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "26-01-01",
	    "2026/01/01", " 2026-1-01", "2026-11-23 ", "1969-12-31",
	    "yesterday"};
	char text[PST_DAY_TEXT_SIZE];
	int64_t day = -7;

	(void)state;
	FOR_ROWS(i, good, good[i].text) {
		assert_true(pst_day_parse(pst_str(good[i].text), &day));
		assert_int_equal(day, good[i].day);
		assert_string_equal(pst_day_text(day, text), good[i].text);
	}
	day = -7;
	FOR_ROWS(i, bad, bad[i])
		assert_false(pst_day_parse(pst_str(bad[i]), &day));
	assert_int_equal(day, -7);
}

/* The host's time zone and locale make no difference. */
static void
test_date(void **state)
{
	char text[PST_DATE_TEXT_SIZE];

	(void)state;
	assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
	tzset();
	assert_string_equal(
	    pst_date_text(1795392900, text), "Mon, 23 Nov 2026 00:15:00 +0000");
	assert_string_equal(
	    pst_date_text(0, text), "Thu, 01 Jan 1970 00:00:00 +0000");
	assert_string_equal(
	    pst_date_text(INT64_MAX, text), "Fri, 31 Dec 9999 23:59:59 +0000");
	assert_int_equal(pst_day_of(1795392900), 20780);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_monday),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "core/signed_times.h"
#include "tests/unit/rows.h"

static struct pst_signed_times times;

/* Notes a signature of each of the domains from..to-1; returns the changes. */
static unsigned
note(unsigned from, unsigned to, bool future)
{
	unsigned changes = 0;

	for (unsigned i = from; i < to; i++) {
		char domain[40];

		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		changes += pst_signed_times_note(&times, pst_str(domain),
			       future) != PST_SIGNED_TIMES_SAME;
	}
	return changes;
}

/* So many domains sign in the future and so many do not, in that order. */
static void
test_rows(void **state)
{
	static const struct {
		const char *label;
		unsigned right, future;
		bool behind;
	} rows[] = {
	    {"nothing", 0, 0, false},
	    {"all are right", 32, 0, false},
	    {"seven domains are too few", 0, 7, false},
	    {"eight of eight", 0, 8, true},
	    {"five of eight", 3, 5, false},
	    {"six of eight", 2, 6, true},
	    {"23 of 32", 9, 23, false},
	    {"24 of 32", 8, 24, true},
	    {"only the last 32 count", 1000, 32, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		unsigned all = rows[i].right + rows[i].future;

		times = (struct pst_signed_times){.count = 0};
		(void)note(0, rows[i].right, false);
		(void)note(rows[i].right, all, true);
		assert_int_equal(times.behind, rows[i].behind);
	}
}

/* However much one sender sends, it is one domain. */
static void
test_one_sender(void **state)
{
	(void)state;
	times = (struct pst_signed_times){.count = 0};
	assert_int_equal(note(0, 20, false), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(note(0, 5, true), 0);
	assert_false(times.behind);
	assert_int_equal(times.count, 20);
}

/* It is said once, and taken back once. */
static void
test_once(void **state)
{
	(void)state;
	times = (struct pst_signed_times){.count = 0};
	for (unsigned i = 0, sum = 0; i < 10; i++) {
		sum += note(0, 40, true);
		assert_int_equal(sum, 1);
	}
	assert_true(times.behind);
	for (unsigned i = 0, sum = 0; i < 10; i++) {
		sum += note(0, 40, false);
		assert_int_equal(sum, 1);
	}
	assert_false(times.behind);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_one_sender),
	    cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

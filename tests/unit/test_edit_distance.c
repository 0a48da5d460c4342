/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/edit_distance.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static void
test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
	    {"", "", 0},
	    {"", "abc", 3},
	    {"mode", "mode", 0},
	    {"mdoe", "mode", 2},
	    {"verfy", "verify", 1},
	    {"kitten", "sitting", 3},
	    {"a-name-of-more-than-forty-octets-is-far-away", "a",
		PST_EDIT_DISTANCE_MAX},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].a) {
		assert_int_equal(
		    pst_edit_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(
		    pst_edit_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

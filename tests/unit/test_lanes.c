/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "report/lanes.h"

static void
test_turns(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_lanes *lanes = pst_lanes_new(arena, 10, 100);
	int64_t until = 0;

	(void)state;
	/* items 0, 1, 2 and 4 are for a, item 3 is for b */
	pst_lanes_add(lanes, "a.example");
	pst_lanes_add(lanes, "a.example");
	pst_lanes_add(lanes, "a.example");
	pst_lanes_add(lanes, "b.example");
	pst_lanes_add(lanes, "a.example");
	assert_int_equal(pst_lanes_next(lanes, 1000, &until), 0);
	pst_lanes_sent(lanes, 1010);
	assert_int_equal(pst_lanes_next(lanes, 1010, &until), 3);
	pst_lanes_sent(lanes, 1050);
	assert_int_equal(pst_lanes_next(lanes, 1050, &until), PST_LANES_WAIT);
	assert_int_equal(until, 1110);
	assert_int_equal(pst_lanes_next(lanes, 1110, &until), 1);
	/* An item that was not sent causes no pause. */
	assert_int_equal(pst_lanes_next(lanes, 1110, &until), 2);
	pst_lanes_sent(lanes, 1110);
	assert_int_equal(pst_lanes_next(lanes, 1210, &until), 4);
	assert_int_equal(pst_lanes_next(lanes, 1210, &until), PST_LANES_NONE);
	pst_arena_free(arena);
}

static void
test_empty(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_lanes *lanes = pst_lanes_new(arena, 1, 0);
	int64_t until;

	(void)state;
	assert_int_equal(pst_lanes_next(lanes, 0, &until), PST_LANES_NONE);
	pst_lanes_add(lanes, "a.example");
	assert_int_equal(pst_lanes_next(lanes, 0, &until), 0);
	pst_arena_free(arena);
}

/* Each item comes once, and a large domain does not hold up the others. */
static void
test_many(void **state)
{
	enum { ITEMS = 2000 };
	struct pst_arena *arena = pst_arena_new();
	struct pst_lanes *lanes = pst_lanes_new(arena, ITEMS, 10);
	static bool seen[ITEMS];
	int64_t now = 0, until = 0;
	size_t item, count = 0;

	(void)state;
	for (unsigned i = 0; i < ITEMS; i++)
		pst_lanes_add(lanes,
		    i < 50 ? "large.example" :
			     pst_arena_printf(arena, "d%u.example", i % 500));
	while ((item = pst_lanes_next(lanes, now, &until)) != PST_LANES_NONE) {
		if (item == PST_LANES_WAIT) {
			assert_true(until > now);
			now = until;
			continue;
		}
		assert_false(seen[item]);
		seen[item] = true;
		count++;
		pst_lanes_sent(lanes, now);
	}
	assert_int_equal(count, ITEMS);
	assert_int_equal(now, 490);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

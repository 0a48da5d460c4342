/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "report/tally.h"

/* More names than the table has slots at first, each with its own count. */
static void
test_counts(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_tally *tally = pst_tally_new(arena);
	char name[32];

	(void)state;
	assert_int_equal(pst_tally_of(tally, PST_STR("none")), 0);
	assert_int_equal(pst_tally_sum(tally), 0);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 1000; i++) {
			(void)snprintf(name, sizeof(name), "d%u.example", i);
			pst_tally_add(tally, pst_str(name), i);
		}
	/* The names were copied. */
	(void)snprintf(name, sizeof(name), "other");
	for (unsigned i = 0; i < 1000; i++) {
		char same[32];

		(void)snprintf(same, sizeof(same), "d%u.example", i);
		assert_int_equal(pst_tally_of(tally, pst_str(same)), 2 * i);
	}
	assert_int_equal(pst_tally_sum(tally), 999 * 1000);
	/* A name is the whole name. */
	assert_int_equal(pst_tally_of(tally, PST_STR("d7.exampl")), 0);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"

static void
test_set(void **state)
{
	struct pst_err err;

	(void)state;
	assert_false(pst_err_set(&err, "cannot open %s", "x"));
	assert_string_equal(err.text, "cannot open x");
	assert_false(pst_err_set(NULL, "%s", "x"));
}

static void
test_set_at(void **state)
{
	struct pst_err err;

	(void)state;
	assert_false(pst_err_set_at(&err, "a.conf", 12, "bad %d", 3));
	assert_string_equal(err.text, "a.conf:12: bad 3");
	assert_false(pst_err_set_at(&err, "a.conf", 0, "bad %d", 4));
	assert_string_equal(err.text, "a.conf: bad 4");
	assert_false(pst_err_set_at(NULL, "a.conf", 1, "bad"));
}

static void
test_cut(void **state)
{
	struct pst_err err;
	char name[600];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)pst_err_set(&err, "%s", name);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)pst_err_set_at(&err, name, 1, "why");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	name[sizeof(err.text) - 6] = '\0';
	(void)pst_err_set_at(&err, name, 0, "%s", "why");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 6, ": why");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_set_at),
	    cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

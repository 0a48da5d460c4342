/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/result.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static const struct {
	enum pst_result result;
	const char *want;
} rows[] = {
    {PST_RESULT_NONE, "none"},
    {PST_RESULT_PASS, "pass"},
    {PST_RESULT_FAIL, "fail"},
    {PST_RESULT_SOFTFAIL, "softfail"},
    {PST_RESULT_NEUTRAL, "neutral"},
    {PST_RESULT_TEMPERROR, "temperror"},
    {PST_RESULT_PERMERROR, "permerror"},
    {PST_RESULT_POLICY, "policy"},
};

static void
test_words(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].want)
		assert_string_equal(
		    pst_result_word(rows[i].result), rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

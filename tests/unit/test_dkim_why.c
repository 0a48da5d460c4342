/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <opendkim/dkim.h>

#include "auth/dkim_library.h"
#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"
#include "tests/unit/rows.h"

/* Each reason has a sentence and one word (R-LOG-1). */
static void
test_words(void **state)
{
	(void)state;
	assert_null(pst_dkim_why_text(PST_DKIM_WHY_NONE));
	assert_null(pst_dkim_why_word(PST_DKIM_WHY_NONE));
	for (unsigned i = 1; i < PST_DKIM_WHY_COUNT; i++) {
		const char *word = pst_dkim_why_word(i);

		assert_non_null(word);
		assert_non_null(pst_dkim_why_text(i));
		if (word[strspn(
			word, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
			fail_msg("\"%s\" is not one word", word);
	}
}

/* Every code that libopendkim has, by its number, with what it means here. */
static void
test_library_errors(void **state)
{
#define NEUTRAL PST_RESULT_NEUTRAL
	static const struct {
		int error;
		enum pst_result result;
		const char *word;
	} rows[] = {
	    {DKIM_SIGERROR_UNKNOWN, NEUTRAL, "not-understood"},
	    {DKIM_SIGERROR_VERSION, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_DOMAIN, PST_RESULT_PERMERROR, "identity"},
	    {DKIM_SIGERROR_EXPIRED, PST_RESULT_FAIL, "expired"},
	    {DKIM_SIGERROR_FUTURE, PST_RESULT_POLICY, "future"},
	    {DKIM_SIGERROR_TIMESTAMPS, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_UNUSED, NEUTRAL, "not-understood"},
	    {DKIM_SIGERROR_INVALID_HC, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_INVALID_BC, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_MISSING_A, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_INVALID_A, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_MISSING_H, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_INVALID_L, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_INVALID_Q, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_INVALID_QO, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_MISSING_D, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_EMPTY_D, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_MISSING_S, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_EMPTY_S, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_MISSING_B, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_EMPTY_B, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_CORRUPT_B, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_NOKEY, NEUTRAL, "no-key"},
	    {DKIM_SIGERROR_DNSSYNTAX, NEUTRAL, "malformed-key"},
	    {DKIM_SIGERROR_KEYFAIL, NEUTRAL, "temperror"},
	    {DKIM_SIGERROR_MISSING_BH, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_EMPTY_BH, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_CORRUPT_BH, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_BADSIG, PST_RESULT_FAIL, "signature"},
	    {DKIM_SIGERROR_SUBDOMAIN, NEUTRAL, "identity"},
	    {DKIM_SIGERROR_MULTIREPLY, NEUTRAL, "malformed-key"},
	    {DKIM_SIGERROR_EMPTY_H, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_INVALID_H, NEUTRAL, "from-not-signed"},
	    {DKIM_SIGERROR_TOOLARGE_L, NEUTRAL, "length"},
	    {DKIM_SIGERROR_MBSFAILED, NEUTRAL, "not-understood"},
	    {DKIM_SIGERROR_KEYVERSION, NEUTRAL, "malformed-key"},
	    {DKIM_SIGERROR_KEYUNKNOWNHASH, NEUTRAL, "other-key"},
	    {DKIM_SIGERROR_KEYHASHMISMATCH, NEUTRAL, "other-key"},
	    {DKIM_SIGERROR_NOTEMAILKEY, NEUTRAL, "other-key"},
	    {DKIM_SIGERROR_UNUSED2, NEUTRAL, "not-understood"},
	    {DKIM_SIGERROR_KEYTYPEMISSING, NEUTRAL, "other-key"},
	    {DKIM_SIGERROR_KEYTYPEUNKNOWN, NEUTRAL, "other-key"},
	    {DKIM_SIGERROR_KEYREVOKED, NEUTRAL, "revoked"},
	    {DKIM_SIGERROR_KEYDECODE, PST_RESULT_PERMERROR, "malformed-key"},
	    {DKIM_SIGERROR_MISSING_V, NEUTRAL, "syntax"},
	    {DKIM_SIGERROR_EMPTY_V, NEUTRAL, "unknown"},
	    {DKIM_SIGERROR_KEYTOOSMALL, PST_RESULT_POLICY, "too-short-key"},
	    {DKIM_SIGERROR_CONDITIONAL, NEUTRAL, "not-understood"},
	    {DKIM_SIGERROR_CONDLOOP, NEUTRAL, "not-understood"},
	};
#undef NEUTRAL

	(void)state;
	/* from DKIM_SIGERROR_UNKNOWN, which is -1, without 0, which is OK */
	assert_int_equal(PST_COUNT(rows), DKIM_SIGERROR_CONDLOOP + 1);
	FOR_ROWS(i, rows, rows[i].word) {
		struct pst_dkim_verdict got = {.result = PST_RESULT_NONE};

		assert_int_equal(
		    rows[i].error, i == 0 ? DKIM_SIGERROR_UNKNOWN : (int)i);
		pst_dkim_library_explain(rows[i].error, &got);
		assert_int_equal(got.result, rows[i].result);
		assert_string_equal(pst_dkim_why_word(got.why), rows[i].word);
	}
	struct pst_dkim_verdict good = {.result = PST_RESULT_NONE};

	pst_dkim_library_explain(DKIM_SIGERROR_OK, &good);
	assert_int_equal(good.result, PST_RESULT_NONE);
	assert_int_equal(good.why, PST_DKIM_WHY_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_library_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

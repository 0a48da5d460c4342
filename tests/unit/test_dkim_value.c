/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dkim_value.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

#define LABEL63                                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"

static const struct {
	const char *text;
	const char *domain; /* NULL: none */
	const char *selector;
} names[] = {
    {"Example.COM", "example.com", "example.com"},
    {"a_b-c", "a_b-c", "a_b-c"},
    {LABEL63 ".x", LABEL63 ".x", LABEL63 ".x"},
    {LABEL63 "1.x", NULL, NULL},
    {LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, NULL, NULL},
    {"", NULL, NULL},
    {".", NULL, NULL},
    {"a.", NULL, NULL},
    {".a", NULL, NULL},
    {"a..b", NULL, NULL},
    {"-a", NULL, NULL},
    {"a-.b", NULL, NULL},
    {"a b", NULL, NULL},
    {"a/b", NULL, NULL},
    {"a\\.b", NULL, NULL},
    {"b\xc3\xbc"
     "cher.example",
	"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"\xff.example", NULL, NULL},
};

static void
expect_name(const char *label, const char *got, const char *want)
{
	if ((got == NULL) != (want == NULL) ||
	    (got != NULL && strcmp(got, want) != 0))
		fail_msg("%s: %s", label, got == NULL ? "NULL" : got);
}

static void
test_names(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, names, names[i].text) {
		struct pst_str text = pst_str(names[i].text);

		expect_name(names[i].text, pst_dkim_value_domain(arena, text),
		    names[i].domain);
		expect_name(names[i].text, pst_dkim_value_selector(arena, text),
		    names[i].selector);
	}
	expect_name("date", pst_dkim_value_selector(arena, PST_STR("20230601")),
	    "20230601");
	assert_null(pst_dkim_value_domain(arena, PST_STR("a\0.example")));
	pst_arena_free(arena);
}

static void
test_words(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	assert_string_equal(
	    pst_dkim_value_token(arena, PST_STR("rsa-sha256")), "rsa-sha256");
	assert_null(pst_dkim_value_token(arena, PST_STR("")));
	assert_null(pst_dkim_value_token(arena, PST_STR("a;b")));
	assert_null(pst_dkim_value_token(arena, PST_STR("a\0b")));

	assert_true(pst_dkim_value_is_base64(PST_STR("AZaz09+/")));
	assert_false(pst_dkim_value_is_base64(PST_STR("A===")));
	assert_true(pst_dkim_value_is_base64(PST_STR("AA==")));
	assert_false(pst_dkim_value_is_base64(PST_STR("==")));
	assert_false(pst_dkim_value_is_base64(PST_STR("")));
	assert_false(pst_dkim_value_is_base64(PST_STR("A-A")));
	pst_arena_free(arena);
}

#define NINES "9999999999999999999"
#define DIGITS76 NINES NINES NINES NINES

static const struct {
	const char *text;
	bool is_length;
	uint64_t length;
	bool is_time;
	uint64_t time;
} numbers[] = {
    {"0", true, 0, true, 0},
    {"0123", true, 123, true, 123},
    {"999999999999", true, 999999999999, true, 999999999999},
    {"1000000000000", true, 1000000000000, true, PST_DKIM_NEVER},
    {"18446744073709551616", true, UINT64_MAX, true, PST_DKIM_NEVER},
    {DIGITS76, true, UINT64_MAX, true, PST_DKIM_NEVER},
    {DIGITS76 "9", false, 0, true, PST_DKIM_NEVER},
    {"", false, 0, false, 0},
    {"1a", false, 0, false, 0},
    {"-1", false, 0, false, 0},
    {"99999999999999x", false, 0, false, 0},
};

static void
test_numbers(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, numbers[i].text) {
		struct pst_str text = pst_str(numbers[i].text);
		uint64_t got;

		if (pst_dkim_value_length(text, &got) != numbers[i].is_length)
			fail_msg("length %s", numbers[i].text);
		if (numbers[i].is_length)
			assert_true(got == numbers[i].length);
		if (pst_dkim_value_time(text, &got) != numbers[i].is_time)
			fail_msg("time %s", numbers[i].text);
		if (numbers[i].is_time)
			assert_true(got == numbers[i].time);
	}
}

static void
test_unquote(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: malformed */
	} rows[] = {
	    {"joe", "joe"},
	    {"", ""},
	    {"=4A=6Fe", "Joe"},
	    {"=C3=BC", "\xc3\xbc"},
	    {"=", NULL},
	    {"a=", NULL},
	    {"a=4", NULL},
	    {"=4a", NULL},
	    {"=ZZ", NULL},
	    {"=00", NULL},
	    {"=0D=0A", NULL},
	    {"=FF", NULL},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		struct pst_str out = {NULL, 0};
		bool ok =
		    pst_dkim_value_unquote(arena, pst_str(rows[i].text), &out);

		expect_name(rows[i].text, ok ? out.ptr : NULL, rows[i].want);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_unquote),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

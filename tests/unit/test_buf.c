/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static struct pst_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static void
test_adds(void **state)
{
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 100);
	pst_buf_add(&buf, PST_STR("ab"));
	pst_buf_add(&buf, (struct pst_str){NULL, 0});
	pst_buf_add_text(&buf, "cd");
	pst_buf_add_char(&buf, 'e');
	pst_buf_printf(&buf, "-%d-%s", 7, "f");
	assert_true(pst_str_eq(pst_buf_slice(&buf), PST_STR("abcde-7-f")));
	assert_string_equal(pst_buf_str(&buf), "abcde-7-f");
	assert_false(pst_buf_overflowed(&buf));
}

static void
test_empty(void **state)
{
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 0);
	assert_int_equal(pst_buf_slice(&buf).len, 0);
	assert_string_equal(pst_buf_str(&buf), "");
	pst_buf_add_char(&buf, 'x');
	assert_null(pst_buf_str(&buf));
}

static void
test_grows(void **state)
{
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 5000);
	for (size_t i = 0; i < 5000; i++) {
		pst_buf_add_char(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.ptr[buf.len], '\0');
	}
	const char *text = pst_buf_str(&buf);
	assert_non_null(text);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(text[i], 'a' + i % 26);
}

static void
test_bound(void **state)
{
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 4);
	pst_buf_add_text(&buf, "abcd");
	assert_string_equal(pst_buf_str(&buf), "abcd");
	pst_buf_add_text(&buf, "e");
	assert_true(pst_buf_overflowed(&buf));
	assert_null(pst_buf_str(&buf));

	pst_buf_reset(&buf);
	assert_false(pst_buf_overflowed(&buf));
	pst_buf_add_text(&buf, "ab");
	pst_buf_add_text(&buf, "cde");
	pst_buf_add_text(&buf, "f");
	assert_true(pst_str_eq(pst_buf_slice(&buf), PST_STR("ab")));
	assert_true(pst_buf_overflowed(&buf));

	pst_buf_reset(&buf);
	pst_buf_printf(&buf, "%s", "abcd");
	assert_string_equal(pst_buf_str(&buf), "abcd");
	pst_buf_printf(&buf, "%d", 1);
	assert_null(pst_buf_str(&buf));
}

static void
test_escaped(void **state)
{
	static const struct {
		const char *label;
		struct pst_str in;
		const char *out;
	} rows[] = {
	    {"empty", {NULL, 0}, ""},
	    {"plain", PST_STR_INIT("a b~"), "a b~"},
	    {"backslash", PST_STR_INIT("a\\x41"), "a\\\\x41"},
	    {"line end", PST_STR_INIT("a\r\nb"), "a\\x0D\\x0Ab"},
	    {"NUL", PST_STR_INIT("a\0b"), "a\\x00b"},
	    {"escape sequence", PST_STR_INIT("\x1b[2J"), "\\x1B[2J"},
	    {"DEL", PST_STR_INIT("\x7f"), "\\x7F"},
	    {"8-bit", PST_STR_INIT("\xc3\xbc\xff"), "\\xC3\\xBC\\xFF"},
	    {"percent", PST_STR_INIT("%s%n"), "%s%n"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const char *out = pst_escaped(arena, rows[i].in);
		if (strcmp(out, rows[i].out) != 0)
			fail_msg("\"%s\"", out);
	}
}

static void
test_escaped_bound(void **state)
{
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 6);
	pst_buf_add_escaped(&buf, PST_STR("\n\n"));
	assert_true(pst_buf_overflowed(&buf));
	assert_true(pst_str_eq(pst_buf_slice(&buf), PST_STR("\\x0A")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_adds),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_escaped),
	    cmocka_unit_test(test_escaped_bound),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

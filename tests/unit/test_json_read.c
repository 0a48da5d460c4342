/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/json_read.h"

static const struct pst_json_value *
must_read(struct pst_arena *arena, const char *text)
{
	struct pst_err err;
	const struct pst_json_value *value =
	    pst_json_read(arena, pst_str(text), &err);

	assert_non_null(value);
	return value;
}

static void
test_values(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_json_value *root = must_read(arena,
	    "{\"n\":7,\"s\":\"text\",\"a\":[1,2,18446744073709551615.0],"
	    "\"o\":{\"x\":{\"y\":9}},\"neg\":-1,\"r\":1.5,\"z\":null,"
	    "\"t\":true,\"f\":false}");
	uint64_t n = 0;

	(void)state;
	assert_true(pst_json_as_number(pst_json_member(root, "n"), &n));
	assert_int_equal(n, 7);
	assert_string_equal(
	    pst_json_as_text(pst_json_member(root, "s")), "text");
	assert_true(pst_json_as_number(
	    pst_json_element(pst_json_member(root, "a"), 1), &n));
	assert_int_equal(n, 2);
	assert_null(pst_json_element(pst_json_member(root, "a"), 3));
	assert_true(pst_json_as_number(
	    pst_json_member(
		pst_json_member(pst_json_member(root, "o"), "x"), "y"),
	    &n));
	assert_int_equal(n, 9);
	/* What is not a whole number leaves n as it is. */
	assert_false(pst_json_as_number(pst_json_member(root, "neg"), &n));
	assert_false(pst_json_as_number(pst_json_member(root, "r"), &n));
	assert_false(pst_json_as_number(pst_json_member(root, "z"), &n));
	assert_false(pst_json_as_number(pst_json_member(root, "s"), &n));
	assert_int_equal(n, 9);
	assert_null(pst_json_as_text(pst_json_member(root, "n")));
	assert_true(pst_json_is_true(pst_json_member(root, "t")));
	assert_false(pst_json_is_true(pst_json_member(root, "f")));
	assert_false(pst_json_is_true(pst_json_member(root, "n")));
	assert_false(pst_json_is_true(pst_json_member(root, "missing")));
	/* A member of a missing member, of a number, of an array */
	assert_null(pst_json_member(pst_json_member(root, "q"), "x"));
	assert_null(pst_json_member(pst_json_member(root, "n"), "x"));
	assert_null(pst_json_member(pst_json_member(root, "a"), "x"));
	assert_null(pst_json_element(root, 0));
	pst_arena_free(arena);
}

static void
test_next(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_json_value *root =
	    must_read(arena, "{\"b\":1,\"a\":2,\"c\":3}");
	const struct pst_json_value *value;
	const char *key = NULL;
	char keys[8] = "";
	uint64_t n, sum = 0;

	(void)state;
	while ((value = pst_json_next(root, &key)) != NULL) {
		assert_true(pst_json_as_number(value, &n));
		sum = sum * 10 + n;
		assert_int_equal(strlen(key), 1);
		keys[strlen(keys)] = key[0];
	}
	/* In the order of the text */
	assert_string_equal(keys, "bac");
	assert_int_equal(sum, 123);
	key = NULL;
	assert_null(pst_json_next(NULL, &key));
	assert_null(pst_json_next(must_read(arena, "{}"), &key));
	assert_null(pst_json_next(must_read(arena, "[1]"), &key));
	pst_arena_free(arena);
}

static void
test_faults(void **state)
{
	static const char *const rows[] = {"", "{", "{} x", "{\"a\":1,\"a\":2}",
	    "{a:1}", "nul", "[1,]", "\"\\ud800\"", "{\"a\":\xff}"};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct pst_err err;

		if (pst_json_read(arena, pst_str(rows[i]), &err) != NULL)
			fail_msg("%s: was read", rows[i]);
		if (strstr(err.text, "is not JSON") == NULL)
			fail_msg("%s: %s", rows[i], err.text);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_next),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

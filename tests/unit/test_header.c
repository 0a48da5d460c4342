/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "mail/header.h"
#include "tests/unit/rows.h"

static const struct pst_header_limits roomy = {1000, 65536, 524288};
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

static const struct pst_header_field *
add(struct pst_header *header, const char *name, const char *value)
{
	return pst_header_add(header, pst_str(name), pst_str(value));
}

static void
assert_field(const struct pst_header_field *field, const char *name,
    const char *value, size_t nth)
{
	assert_non_null(field);
	assert_string_equal(field->name.ptr, name);
	assert_int_equal(field->name.len, strlen(name));
	assert_string_equal(field->value.ptr, value);
	assert_int_equal(field->value.len, strlen(value));
	assert_int_equal(field->nth, nth);
}

static void
test_keeps_in_order(void **state)
{
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	assert_field(add(&header, "Received", " a"), "Received", " a", 1);
	assert_field(add(&header, "From", " x@y"), "From", " x@y", 1);
	assert_field(
	    add(&header, "RECEIVED", " b\n\tc"), "RECEIVED", " b\n\tc", 2);
	assert_int_equal(header.count, 3);
	assert_int_equal(header.total_bytes, 10 + 8 + 13);
	assert_false(header.truncated);
	assert_field(&header.fields[0], "Received", " a", 1);
	assert_field(&header.fields[2], "RECEIVED", " b\n\tc", 2);
}

static void
test_copies(void **state)
{
	struct pst_header header;
	char name[] = "To";
	char value[] = " v";

	(void)state;
	pst_header_init(&header, arena, roomy);
	assert_non_null(add(&header, name, value));
	name[0] = 'X';
	value[1] = 'X';
	assert_field(&header.fields[0], "To", " v", 1);
}

static void
test_find_and_count(void **state)
{
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	assert_null(pst_header_find(&header, "To", 1));
	assert_int_equal(pst_header_count(&header, "To"), 0);
	(void)add(&header, "To", " 1");
	(void)add(&header, "X-To", " 2");
	(void)add(&header, "tO", " 3");
	assert_field(pst_header_find(&header, "TO", 1), "To", " 1", 1);
	assert_field(pst_header_find(&header, "to", 2), "tO", " 3", 2);
	assert_null(pst_header_find(&header, "To", 3));
	assert_null(pst_header_find(&header, "To", 0));
	assert_int_equal(pst_header_count(&header, "to"), 2);
	assert_int_equal(pst_header_count(&header, "T"), 0);
}

static void
test_names(void **state)
{
	static const struct {
		const char *label, *in, *kept;
		size_t from_count;
	} rows[] = {
	    {"plain", "From", "From", 1},
	    {"case", "fRoM", "fRoM", 1},
	    {"blanks before the colon", "From \t ", "From", 1},
	    {"leading blank is another name", " From", " From", 0},
	    {"longer", "Resent-From", "Resent-From", 0},
	    {"shorter", "Fro", "Fro", 0},
	    {"empty", "", "", 0},
	    {"only blanks", " \t", "", 0},
	};
	struct pst_header header;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		pst_header_init(&header, arena, roomy);
		const struct pst_header_field *field =
		    add(&header, rows[i].in, " v");
		if (field == NULL ||
		    strcmp(field->name.ptr, rows[i].kept) != 0 ||
		    header.from_count != rows[i].from_count)
			fail_msg("%s", rows[i].label);
	}
}

static void
test_any_octets(void **state)
{
	const struct pst_str value = PST_STR(" a\0b\xff");
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	const struct pst_header_field *field =
	    pst_header_add(&header, PST_STR("X\0"), value);
	assert_non_null(field);
	assert_true(pst_str_eq(field->value, value));
	assert_true(pst_str_eq(field->name, PST_STR("X\0")));
	assert_non_null(
	    pst_header_add(&header, PST_STR("Y"), (struct pst_str){NULL, 0}));
}

static void
test_too_many_fields(void **state)
{
	const struct pst_header_limits limits = {3, 100, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	for (int i = 0; i < 3; i++)
		assert_non_null(add(&header, "X", " v"));
	assert_false(header.truncated);
	assert_null(add(&header, "From ", " a@b"));
	assert_null(add(&header, "From", " c@d"));
	assert_true(header.truncated);
	assert_int_equal(header.count, 3);
	assert_int_equal(header.from_count, 2);
	assert_true(pst_str_eq(header.first_from, PST_STR(" a@b")));
	assert_int_equal(header.total_bytes, 9);
}

static void
test_too_large_field(void **state)
{
	const struct pst_header_limits limits = {10, 10, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", " 1"));
	assert_non_null(add(&header, "X", "123456789"));
	assert_null(add(&header, "X", "1234567890"));
	assert_true(header.truncated);
	assert_null(add(&header, "From", "1234567890"));
	assert_int_equal(header.from_count, 1);
	assert_null(header.first_from.ptr);

	/* Later fields are kept, with the number that the MTA gives them. */
	assert_field(add(&header, "x", " 2"), "x", " 2", 4);
	assert_field(add(&header, "Y", " 1"), "Y", " 1", 1);
	assert_field(pst_header_find(&header, "X", 3), "x", " 2", 4);
	assert_int_equal(pst_header_count(&header, "X"), 3);
	assert_int_equal(pst_header_name(&header, PST_STR("x"))->seen, 4);
	assert_int_equal(pst_header_name(&header, PST_STR("y"))->seen, 1);
	assert_null(pst_header_name(&header, PST_STR("z")));
	assert_true(pst_header_name(&header, PST_STR("x"))->left_out);
	assert_true(pst_header_name(&header, PST_STR("from"))->left_out);
	assert_false(pst_header_name(&header, PST_STR("y"))->left_out);
	assert_false(header.closed);
	assert_false(header.unnamed);
	assert_field(add(&header, "From", " a@b"), "From", " a@b", 2);
	assert_int_equal(header.from_count, 2);
	assert_null(header.first_from.ptr);
}

/* From the lowest field of a name upwards. */
static void
test_same_name(void **state)
{
	static const char *const names[] = {"A", "b", "a", "B", "A", "c"};
	static const size_t above[] = {0, 0, 1, 2, 3, 0};
	const struct pst_header_limits limits = {10, 10, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	for (size_t i = 0; i < PST_COUNT(names); i++) {
		const struct pst_header_field *field =
		    add(&header, names[i], "");

		assert_int_equal(field->above, above[i]);
		assert_ptr_equal(
		    field->same, pst_header_name(&header, pst_str(names[i])));
	}
	assert_int_equal(header.name_count, 3);
	assert_int_equal(pst_header_name(&header, PST_STR("a"))->lowest, 5);
	assert_int_equal(pst_header_name(&header, PST_STR("B"))->lowest, 4);
	assert_int_equal(pst_header_name(&header, PST_STR("C"))->number, 2);
	assert_null(add(&header, "d", "1234567890"));
	assert_int_equal(pst_header_name(&header, PST_STR("d"))->lowest, 0);
}

/* A field whose name is not remembered may have had any name. */
static void
test_lacks_any(void **state)
{
	const struct pst_header_limits limits = {2, 10, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", " 1"));
	assert_null(add(&header, "a-name-that-is-too-large", ""));
	assert_false(header.closed);
	assert_true(header.unnamed);

	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", " 1"));
	assert_non_null(add(&header, "X", " 2"));
	assert_false(header.unnamed);
	assert_false(header.closed);
	assert_null(add(&header, "X", " 3"));
	assert_true(header.closed);
}

static void
test_left_out_fields_are_bounded(void **state)
{
	const struct pst_header_limits limits = {3, 10, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", " 1"));
	assert_null(add(&header, "X", "1234567890"));
	assert_null(add(&header, "X", "1234567890"));
	assert_null(add(&header, "X", " 2"));
	assert_true(header.closed);

	size_t used = pst_arena_used_bytes(arena);
	for (int i = 0; i < 100; i++) {
		assert_null(add(&header, "X", "1234567890"));
		assert_null(add(&header, "X", " 3"));
		assert_null(add(&header, "a-name-that-is-too-large", ""));
	}
	assert_int_equal(pst_arena_used_bytes(arena), used);
}

static void
test_too_many_octets(void **state)
{
	const struct pst_header_limits limits = {10, 8, 10};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", "12345"));
	assert_null(add(&header, "X", "1234"));
	assert_true(header.truncated);
	/* This field would fit, but its number would be uncertain. */
	assert_null(add(&header, "From", ""));
	assert_int_equal(header.from_count, 1);
	assert_int_equal(header.count, 1);
	assert_int_equal(header.total_bytes, 6);

	pst_header_init(&header, arena, limits);
	assert_non_null(add(&header, "X", "1234"));
	assert_non_null(add(&header, "X", "1234"));
	assert_false(header.truncated);
}

static void
test_growth(void **state)
{
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	for (size_t i = 0; i < roomy.max_fields; i++) {
		const char *value = pst_arena_printf(arena, " %zu", i);
		assert_field(add(&header, i % 2 ? "A" : "B", value),
		    i % 2 ? "A" : "B", value, i / 2 + 1);
	}
	assert_null(add(&header, "A", " x"));
	for (size_t i = 0; i < roomy.max_fields; i++)
		assert_field(&header.fields[i], i % 2 ? "A" : "B",
		    pst_arena_printf(arena, " %zu", i), i / 2 + 1);
}

static void
test_watch_rows(void **state)
{
	static const struct {
		const char *label, *name;
		size_t results, marks;
	} rows[] = {
	    {"as written", "Authentication-Results", 1, 0},
	    {"case", "AUTHENTICATION-results", 1, 0},
	    {"blanks before the colon", "Authentication-Results \t", 1, 0},
	    {"other watched name", "x-spam-flag", 0, 1},
	    {"leading blank", " Authentication-Results", 0, 0},
	    {"longer", "Authentication-Results-X", 0, 0},
	    {"shorter", "Authentication-Result", 0, 0},
	    {"empty", "", 0, 0},
	};
	struct pst_header header;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		pst_header_init(&header, arena, roomy);
		pst_header_watch(&header, "Authentication-Results");
		pst_header_watch(&header, "X-Spam-Flag");
		(void)add(&header, rows[i].name, " v");
		if (pst_header_seen(&header, "authentication-RESULTS") !=
			rows[i].results ||
		    pst_header_seen(&header, "X-Spam-Flag") != rows[i].marks)
			fail_msg("%s", rows[i].label);
	}
}

/* Fields beyond the limits are still counted. */
static void
test_watch_behind_limits(void **state)
{
	const struct pst_header_limits limits = {3, 20, 1000};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	pst_header_watch(&header, "X");
	assert_int_equal(pst_header_seen(&header, "X"), 0);
	assert_non_null(add(&header, "X", " 1"));
	assert_null(add(&header, "X", " a value beyond the limit"));
	assert_field(add(&header, "X", " 3"), "X", " 3", 3);
	assert_int_equal(pst_header_seen(&header, "X"), 3);
	assert_int_equal(pst_header_count(&header, "X"), 2);

	assert_null(add(&header, "X", " 4"));
	assert_true(header.closed);
	assert_null(add(&header, "x \t", " 5"));
	assert_null(add(&header, "Y", " 1"));
	assert_null(add(&header, "X", " a value beyond the limit"));
	assert_int_equal(pst_header_seen(&header, "X"), 6);
	assert_int_equal(pst_header_count(&header, "X"), 2);
}

/* No watched name, and the same name watched twice. */
static void
test_watch_none_and_twice(void **state)
{
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	assert_non_null(add(&header, "X", " 1"));
	pst_header_init(&header, arena, roomy);
	pst_header_watch(&header, "X");
	pst_header_watch(&header, "x");
	assert_non_null(add(&header, "X", " 1"));
	assert_non_null(add(&header, "X", " 2"));
	assert_int_equal(pst_header_seen(&header, "X"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keeps_in_order),
	    cmocka_unit_test(test_copies),
	    cmocka_unit_test(test_find_and_count),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_any_octets),
	    cmocka_unit_test(test_too_many_fields),
	    cmocka_unit_test(test_too_large_field),
	    cmocka_unit_test(test_same_name),
	    cmocka_unit_test(test_lacks_any),
	    cmocka_unit_test(test_left_out_fields_are_bounded),
	    cmocka_unit_test(test_too_many_octets),
	    cmocka_unit_test(test_growth),
	    cmocka_unit_test(test_watch_rows),
	    cmocka_unit_test(test_watch_behind_limits),
	    cmocka_unit_test(test_watch_none_and_twice),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

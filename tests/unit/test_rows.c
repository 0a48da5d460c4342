/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/rows.h"

/*
 * The program runs itself with the name of one of the tests below, most of
 * which fail, and the outer tests read what it prints.
 */

static const struct {
	const char *label;
	int got, want;
} numbers[] = {
    {"first", 1, 1},
    {"second", 5, 2},
    {"third", 3, 3},
};

static void
inner_second_fails(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, numbers[i].label) {
		printf("runs %s\n", numbers[i].label);
		assert_int_equal(numbers[i].got, numbers[i].want);
		printf("passes %s\n", numbers[i].label);
	}
	printf("after the loop\n");
}

static void
check_number(size_t i)
{
	if (numbers[i].got == 1)
		fail_msg("%s, in a function", numbers[i].label);
}

static void
inner_all_pass(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, NULL) {
		if (i == 1)
			continue;
		assert_int_equal(numbers[i].got, numbers[i].want);
	}
	printf("after the loop\n");
}

static void
inner_in_a_function(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, NULL)
		check_number(i);
}

/* Each row fails in another assertion, except the last one. */
static void
inner_each_assertion(void **state)
{
	static const char text[] = "text", same[] = "text";
	const char *const none = NULL;

	(void)state;
	FOR_COUNT(i, 14, NULL) {
		if (i == 0)
			assert_true(text[0] == 'x');
		if (i == 1)
			assert_false(text[0] == 't');
		if (i == 2)
			assert_null(text + i);
		if (i == 3)
			assert_non_null(none);
		if (i == 4)
			assert_ptr_equal(text, same);
		if (i == 5)
			assert_ptr_not_equal(text, text);
		if (i == 6)
			assert_int_equal(i, -1);
		if (i == 7)
			assert_int_not_equal(i, 7);
		if (i == 8)
			assert_in_range(i, 9, 12);
		if (i == 9)
			assert_string_equal(text, "test");
		if (i == 10)
			assert_string_equal(none, "test");
		if (i == 11)
			assert_string_not_equal(text, same);
		if (i == 12)
			assert_memory_equal(text, "test", 4);
	}
}

/* The same assertions, of what is true. */
static void
inner_true_assertions(void **state)
{
	static const char text[] = "text", same[] = "text";
	const char *const none = NULL;

	(void)state;
	FOR_COUNT(i, 1, NULL) {
		assert_true(text[0] == 't');
		assert_false(text[0] == 'x');
		assert_null(none);
		assert_non_null(text + i);
		assert_ptr_equal(text, text);
		assert_ptr_not_equal(text, same);
		assert_int_equal(-1, UINTMAX_MAX);
		assert_int_not_equal(i, 7);
		assert_in_range(i, 0, 0);
		assert_string_equal(text, same);
		assert_string_not_equal(text, "test");
		assert_memory_equal(text, "test", 2);
	}
}

static void
inner_numbered(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, rows_number(numbers[i].got))
		assert_int_equal(i, 2);
}

static void
inner_no_rows(void **state)
{
	(void)state;
	FOR_COUNT(i, 0, NULL)
		assert_int_equal(i, 0);
}

static void
inner_left_early(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, NULL) {
		if (i == 2)
			break;
		assert_int_equal(numbers[i].got, numbers[i].want);
	}
}

static void
inner_outside(void **state)
{
	(void)state;
	FOR_ROWS(i, numbers, NULL)
		assert_true(numbers[i].label != NULL);
	assert_int_equal(1, 2);
	printf("after the assertion\n");
}

static const struct {
	const char *name;
	CMUnitTestFunction run;
} inner[] = {
    {"second fails", inner_second_fails},
    {"all pass", inner_all_pass},
    {"in a function", inner_in_a_function},
    {"each assertion", inner_each_assertion},
    {"true assertions", inner_true_assertions},
    {"numbered", inner_numbered},
    {"no rows", inner_no_rows},
    {"left early", inner_left_early},
    {"left early, another loop", inner_left_early},
    {"outside", inner_outside},
};

static int
run_inner(const char *name)
{
	for (size_t i = 0; i < PST_COUNT(inner); i++) {
		struct CMUnitTest tests[] = {
		    {name, inner[i].run, NULL, NULL, NULL},
		    {"another", inner_all_pass, NULL, NULL, NULL},
		};
		bool two = strstr(name, "another") != NULL;

		if (strcmp(inner[i].name, name) != 0)
			continue;
		/* cmocka counts the elements of an array. */
		if (two)
			return cmocka_run_group_tests(tests, NULL, NULL);
		struct CMUnitTest one[] = {tests[0]};
		return cmocka_run_group_tests(one, NULL, NULL);
	}
	return 99;
}

static const char *program;
static char output[8192];

/* Runs an inner test; returns true if it has failed. Fills output. */
static bool
fails(const char *name)
{
	size_t used = 0;
	ssize_t got = 1;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) == -1 ||
		    dup2(ends[1], STDERR_FILENO) == -1 || close(ends[0]) != 0)
			_exit(98);
		(void)execl(program, program, name, (char *)NULL);
		_exit(98);
	}
	assert_int_equal(close(ends[1]), 0);
	while (got > 0) {
		got = read(ends[0], output + used, sizeof(output) - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	output[used] = '\0';
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) < 98);
	return WEXITSTATUS(status) != 0;
}

static bool
printed(const char *text)
{
	return strstr(output, text) != NULL;
}

static void
test_second_fails(void **state)
{
	(void)state;
	assert_true(fails("second fails"));
	assert_true(printed("numbers[1] (second): numbers[i].got is 5 (0x5), "
			    "not 2 (0x2)"));
	assert_true(printed("passes first"));
	assert_true(printed("runs second"));
	assert_false(printed("passes second"));
	assert_true(printed("passes third"));
	assert_false(printed("numbers[0]"));
	assert_false(printed("numbers[2]"));
	assert_true(printed("1 of 3 rows of numbers failed"));
	assert_false(printed("after the loop"));
}

static void
test_all_pass(void **state)
{
	(void)state;
	assert_false(fails("all pass"));
	assert_true(printed("after the loop"));
	assert_false(printed("numbers["));
}

static void
test_in_a_function(void **state)
{
	(void)state;
	assert_true(fails("in a function"));
	assert_true(printed("numbers[0]: first, in a function"));
	assert_true(printed("1 of 3 rows"));
}

static void
test_each_assertion(void **state)
{
	char row[20];

	(void)state;
	assert_true(fails("each assertion"));
	for (size_t i = 0; i < 14; i++) {
		(void)snprintf(row, sizeof(row), "row[%zu]: ", i);
		if (printed(row) != (i < 13))
			fail_msg("row %zu: %s", i, output);
	}
	assert_true(printed("13 of 14 rows of row failed"));
	assert_true(printed("text is \"text\", not \"test\""));
	assert_true(printed("none is \"(NULL)\", not \"test\""));
	assert_true(printed("8 is not from 9 to 12"));
	assert_false(fails("true assertions"));
}

static void
test_numbered(void **state)
{
	(void)state;
	assert_true(fails("numbered"));
	assert_true(printed("numbers[0] (1): i is 0"));
	assert_true(printed("numbers[1] (5): i is 1"));
	assert_false(printed("numbers[2]"));
}

static void
test_no_rows(void **state)
{
	(void)state;
	assert_true(fails("no rows"));
	assert_true(printed("row has no rows"));
}

/* The failures of a loop that is left early are not forgotten. */
static void
test_left_early(void **state)
{
	(void)state;
	assert_true(fails("left early"));
	assert_true(printed("1 rows of numbers failed, and the loop did not"));
	assert_true(fails("left early, another loop"));
	assert_true(printed("1 rows of numbers failed, and the loop did not"));
}

static void
test_outside(void **state)
{
	(void)state;
	assert_true(fails("outside"));
	assert_true(printed("1 is 1 (0x1), not 2 (0x2)"));
	assert_false(printed("numbers["));
	assert_false(printed("after the assertion"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_second_fails),
	    cmocka_unit_test(test_all_pass),
	    cmocka_unit_test(test_in_a_function),
	    cmocka_unit_test(test_each_assertion),
	    cmocka_unit_test(test_numbered),
	    cmocka_unit_test(test_no_rows),
	    cmocka_unit_test(test_left_early),
	    cmocka_unit_test(test_outside),
	};

	program = argv[0];
	if (argc > 1)
		return run_inner(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

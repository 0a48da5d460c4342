/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_ROWS_H
#define PST_TESTS_ROWS_H

/*
 * Loops over the rows of a table. A row that fails is noted with its name, the
 * other rows run too, and the test fails after the last one:
 *
 *	FOR_ROWS(i, rows, rows[i].label) {
 *		assert_int_equal(f(rows[i].in), rows[i].want);
 *	}
 *
 * prints "rows[3] (empty text): f(rows[i].in) is 1, not 0". A failed assertion
 * ends its row, wherever in this file it is. To that end this header replaces
 * the assertions of cmocka by its own, which are as strict; outside a row they
 * end the test, as cmocka's do. An assertion in a file without this header ends
 * the test even inside a row.
 *
 * `continue` goes on with the next row. A loop must not be left by `break` or
 * `return`: rows that have failed until then are reported late, at the next
 * loop or at the end of the program. Loops do not nest. What a row has opened
 * stays open when it fails. A local variable outside the loop that the row has
 * changed is indeterminate after a failure (C11 7.13.2.1).
 *
 * Only for the thread that runs the tests.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/*
 * gcc warns of every variable that a row changes, although it is only used
 * again if no row has failed.
 */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

/*
 * Runs the statement after it for each row of an array, with its index in i.
 * name is a text that names the row besides its index, or NULL.
 */
#define FOR_ROWS(i, array, name) ROWS_LOOP(i, PST_COUNT(array), #array, name)

/* The same without an array: for i from 0 to count - 1. */
#define FOR_COUNT(i, count, name) ROWS_LOOP(i, count, "row", name)

/* Returns a number as the name of a row. The text lives until the next call. */
#define rows_number(number) rows_number_text((intmax_t)(number))

#undef fail_msg
#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef assert_in_range
#undef assert_ptr_equal
#undef assert_ptr_not_equal
#undef assert_string_equal
#undef assert_string_not_equal
#undef assert_memory_equal

#define fail_msg(...) rows_fail(__FILE__, __LINE__, __VA_ARGS__)
#define rows_check(good, ...) ((good) ? (void)0 : fail_msg(__VA_ARGS__))
#define assert_true(c) rows_check(c, "%s is false", #c)
#define assert_false(c) rows_check(!(c), "%s is true", #c)
#define assert_null(p) rows_check((p) == NULL, "%s is not NULL", #p)
#define assert_non_null(p) rows_check((p) != NULL, "%s is NULL", #p)
#define assert_ptr_equal(a, b)                                                 \
	rows_check((const void *)(a) == (const void *)(b),                     \
	    "%s and %s are different pointers", #a, #b)
#define assert_ptr_not_equal(a, b)                                             \
	rows_check((const void *)(a) != (const void *)(b),                     \
	    "%s and %s are the same pointer", #a, #b)
/* Compares the values as uintmax_t, as cmocka does: -1 equals UINTMAX_MAX. */
#define assert_int_equal(a, b)                                                 \
	rows_int_equal((uintmax_t)(a), (uintmax_t)(b), #a, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                             \
	rows_check((uintmax_t)(a) != (uintmax_t)(b), "%s equals %s", #a, #b)
#define assert_in_range(value, low, high)                                      \
	rows_in_range((uintmax_t)(value), (uintmax_t)(low), (uintmax_t)(high), \
	    __FILE__, __LINE__)
#define assert_string_equal(a, b)                                              \
	rows_text_equal(                                                       \
	    (const char *)(a), (const char *)(b), #a, __FILE__, __LINE__)
#define assert_string_not_equal(a, b)                                          \
	rows_check(strcmp(a, b) != 0, "%s equals %s", #a, #b)
#define assert_memory_equal(a, b, size)                                        \
	rows_check(memcmp(a, b, size) == 0, "%s is not %s", #a, #b)

/* ---- only for the macros above ---- */

extern jmp_buf rows_here;

#define ROWS_LOOP(i, count, table, name)                                       \
	for (size_t i = 0; rows_more(table, i, count, __FILE__, __LINE__) &&   \
	     rows_name(name);                                                  \
	     i++)                                                              \
		if (setjmp(rows_here) == 0)

bool rows_name(const char *name);
const char *rows_number_text(intmax_t number);
bool rows_more(
    const char *table, size_t i, size_t count, const char *file, int line);
void rows_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
void rows_int_equal(uintmax_t got, uintmax_t want, const char *what,
    const char *file, int line);
void rows_in_range(
    uintmax_t got, uintmax_t low, uintmax_t high, const char *file, int line);
void rows_text_equal(const char *got, const char *want, const char *what,
    const char *file, int line);

#endif

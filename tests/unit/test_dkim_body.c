/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dkim_body.h"
#include "base/macros.h"
#include "base/str.h"
#include "tests/unit/rows.h"

static const struct {
	const char *label;
	struct pst_str text;
	bool odd;
	bool open; /* needs a CRLF at its end */
} rows[] = {
    {"empty", {"", 0}, false, false},
    {"an empty line", {"\r\n", 2}, false, false},
    {"one line", {"ab\r\n", 4}, false, false},
    {"no end", {"ab", 2}, false, true},
    {"empty lines at the end", {"ab\r\n\r\n\r\n", 8}, false, false},
    {"empty lines inside", {"\r\n\r\na\r\n", 7}, false, false},
    {"blanks", {"a \t b \r\n", 8}, false, false},
    {"blanks at the start", {" \ta\r\n", 5}, false, false},
    {"a line of blanks at the end", {"a\r\n \r\n", 6}, false, false},
    {"a line of blanks inside", {"a\r\n \r\nb\r\n", 9}, false, false},
    {"blanks alone", {" \r\n", 3}, false, false},
    {"8-bit", {"\xff\x80\r\n", 4}, false, false},
    {"bare CR", {"a\rb\r\n", 5}, true, false},
    {"bare LF", {"a\nb\r\n", 5}, true, false},
    {"LF at the start", {"\na\r\n", 4}, true, false},
    {"LF at the end", {"a\r\n\n", 4}, true, false},
    {"CR at the end", {"a\r\n\r", 4}, true, true},
    {"CR CR LF", {"a\r\r\n", 4}, true, false},
    {"LF CR", {"a\n\rb\r\n", 6}, true, false},
    {"NUL", {"a\0b\r\n", 5}, false, false},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		for (size_t chunk = 1; chunk < 12; chunk++) {
			struct pst_dkim_body body = {.odd = false};
			struct pst_str rest = rows[i].text;
			bool open;

			while (rest.len > 0) {
				struct pst_str piece =
				    pst_str_first(rest, chunk);

				pst_dkim_body_add(&body, piece.ptr, piece.len);
				rest = pst_str_from(rest, piece.len);
			}
			open = pst_dkim_body_end(&body);
			if (open != rows[i].open || body.odd != rows[i].odd)
				fail_msg("%s, chunk %zu", rows[i].label, chunk);
		}
	}
}

static void
test_nothing_added(void **state)
{
	struct pst_dkim_body body = {.odd = false};

	(void)state;
	pst_dkim_body_add(&body, "a\r", 2);
	pst_dkim_body_add(&body, "", 0);
	pst_dkim_body_add(&body, "\n", 1);
	assert_false(pst_dkim_body_end(&body));
	assert_false(body.odd);
	assert_int_equal(body.octets, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_nothing_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/rows.h"
#include "tools/ui.h"
#include "tools/verify_input.h"

#define MARK "From a@b.example Mon Jan  5 10:00:00 2026\n"
#define MARK_CRLF "From - Mon Jan  5 10:00:00 2026\r\n"

static const struct {
	const char *label;
	const char *file;
	const char *wanted; /* "[NUMBER octets]" of each message, escaped */
} rows[] = {
    {"no mbox", "A: 1\n\nx\n\n" MARK "B: 2\n\n",
	"[0 A: 1\\x0A\\x0Ax\\x0A\\x0A"
	"From a@b.example Mon Jan  5 10:00:00 2026\\x0AB: 2\\x0A\\x0A]"},
    {"no mbox, a quote is kept", "A: 1\n\n>From x\n",
	"[0 A: 1\\x0A\\x0A>From x\\x0A]"},
    {"one", MARK "A: 1\n\nx\n", "[0 A: 1\\x0A\\x0Ax\\x0A]"},
    {"two", MARK "A: 1\n\nx\n\n" MARK "B: 2\n\ny\n",
	"[1 A: 1\\x0A\\x0Ax\\x0A\\x0A][2 B: 2\\x0A\\x0Ay\\x0A]"},
    {"three, CRLF",
	MARK_CRLF "A: 1\r\n\r\n" MARK_CRLF "B: 2\r\n\r\n" MARK_CRLF "C: 3\r\n",
	"[1 A: 1\\x0D\\x0A\\x0D\\x0A][2 B: 2\\x0D\\x0A\\x0D\\x0A]"
	"[3 C: 3\\x0D\\x0A]"},
    {"quotes", MARK "A: 1\n\n>From x\n>>From y\n> From z\nb >From\n>From",
	"[0 A: 1\\x0A\\x0AFrom x\\x0A>From y\\x0A> From z\\x0A"
	"b >From\\x0A>From]"},
    {"text that begins with From",
	MARK
	"A: 1\n\nx\n\nFrom here on\n\n From a@b Mon Jan  5 10:00:00 2026\n",
	"[0 A: 1\\x0A\\x0Ax\\x0A\\x0AFrom here on\\x0A\\x0A"
	" From a@b Mon Jan  5 10:00:00 2026\\x0A]"},
    {"a mark without an empty line above", MARK "A: 1\n\nx\n" MARK "y\n",
	"[0 A: 1\\x0A\\x0Ax\\x0A"
	"From a@b.example Mon Jan  5 10:00:00 2026\\x0Ay\\x0A]"},
    {"a field named From", "From : a@b\n\nx\n\n" MARK "y\n",
	"[0 From : a@b\\x0A\\x0Ax\\x0A\\x0A"
	"From a@b.example Mon Jan  5 10:00:00 2026\\x0Ay\\x0A]"},
    {"empty", "", "[0 ]"},
};

static struct pst_buf got;

static void
note(void *arg, const char *name, size_t number, struct pst_str octets)
{
	(void)arg;
	(void)name;
	pst_buf_printf(&got, "[%zu ", number);
	pst_buf_add_escaped(&got, octets);
	pst_buf_add_char(&got, ']');
}

static void
note_refusal(void *arg, const char *label, const char *why)
{
	(void)arg;
	(void)label;
	pst_buf_printf(&got, "[%s]", why);
}

static void
splits_files(void **state)
{
	const struct pst_verify_visitor visitor = {note, note_refusal, NULL};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		char name[] = "/tmp/test_verify_input.XXXXXX";
		size_t len = strlen(rows[i].file);
		int fd = mkstemp(name);
		struct pst_err err;

		pst_buf_init(&got, arena, 65536);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, rows[i].file, len), len);
		(void)close(fd);
		assert_true(pst_verify_input_visit(name, visitor, &err));
		(void)unlink(name);
		if (strcmp(pst_buf_str(&got), rows[i].wanted) != 0)
			fail_msg("%s", pst_buf_str(&got));
		assert_false(pst_verify_input_visit(name, visitor, &err));
		assert_non_null(strstr(err.text, "cannot be opened"));
		pst_arena_free(arena);
	}
}

static const struct {
	const char *text;
	unsigned width;
	const char *wanted;
} wrap_rows[] = {
    {"short\nlines\n", 40, "short\nlines\n"},
    {"label     one two three four five six seven eight\n", 40,
	"label     one two three four five six\n"
	"          seven eight\n"},
    {"            an indented line whose end does not fit\nx\n", 40,
	"            an indented line whose end\n"
	"            does not fit\nx\n"},
    {"\ta-tab-counts-as-eight columns on-a-screen\n", 40,
	"\ta-tab-counts-as-eight columns\n          on-a-screen\n"},
    {"label     0123456789012345678901234567890123456789 x\n", 40,
	"label     0123456789012345678901234567890123456789\n          x\n"},
    {"not broken at all, since that is not a terminal at all\n", 0,
	"not broken at all, since that is not a terminal at all\n"},
    {"no end of the last line in this text, which is long", 40,
	"no end of the last line in this text,\n          which is long"},
    {"", 40, ""},
};

static void
wraps_lines(void **state)
{
	(void)state;
	FOR_ROWS(i, wrap_rows, wrap_rows[i].text) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		pst_ui_wrap(out, wrap_rows[i].text, wrap_rows[i].width, 10);
		assert_int_equal(fclose(out), 0);
		if (strcmp(text, wrap_rows[i].wanted) != 0)
			fail_msg("\"%s\"", text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_files),
	    cmocka_unit_test(wraps_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/msgsig_canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
expect(const char *label, struct pst_str found, const char *wanted)
{
	if (pst_str_eq(found, pst_str(wanted)))
		return;
	fail_msg("%s: \"%s\", not \"%s\"", label, pst_escaped(arena, found),
	    pst_escaped(arena, pst_str(wanted)));
}

static void
test_fields(void **state)
{
	static const struct {
		const char *label, *name, *value, *simple, *relaxed;
	} rows[] = {
	    {"plain", "To", " a@b.example", "To: a@b.example",
		"to:a@b.example"},
	    {"no blank", "To", "a", "To:a", "to:a"},
	    {"RFC 6376 s. 3.4.5", "B", " Y\n\tZ  ", "B: Y\r\n\tZ  ", "b:Y Z"},
	    {"runs of blanks", "sUBject", "\t a \t b", "sUBject:\t a \t b",
		"subject:a b"},
	    {"fold of several blanks", "A", " x\n \t y", "A: x\r\n \t y",
		"a:x y"},
	    {"fold at the end", "A", " x\n ", "A: x\r\n ", "a:x"},
	    {"leading fold", "A", "\n x", "A:\r\n x", "a:x"},
	    {"empty", "A", "", "A:", "a:"},
	    {"only blanks", "A", " \n\t", "A: \r\n\t", "a:"},
	    {"other controls stay", "A", " \v\f\r", "A: \v\f\r", "a:\v\f\r"},
	    {"octets stay", "A", " \xc3\xa9", "A: \xc3\xa9", "a:\xc3\xa9"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 1000);
		pst_msgsig_canon_field(&buf, pst_str(rows[i].name),
		    pst_str(rows[i].value), PST_CANON_SIMPLE);
		expect(rows[i].label, pst_buf_slice(&buf), rows[i].simple);
		pst_buf_reset(&buf);
		pst_msgsig_canon_field(&buf, pst_str(rows[i].name),
		    pst_str(rows[i].value), PST_CANON_RELAXED);
		expect(rows[i].label, pst_buf_slice(&buf), rows[i].relaxed);
	}
}

/* Selection from the fields a1 b1 a2 b2 a3; `own` is the signature's index. */
static void
test_selection(void **state)
{
	static const char *const fields[][2] = {
	    {"A", "1"}, {"B", "1"}, {"a", "2"}, {"b", "2"}, {"A", "3"}};
	static const struct {
		const char *label, *names, *wanted;
		size_t own;
	} rows[] = {
	    {"the lowest", "a", "a:3\r\n", SIZE_MAX},
	    {"from below", "A:a:B", "a:3\r\na:2\r\nb:2\r\n", SIZE_MAX},
	    {"in the order of the names", "b:a:b", "b:2\r\na:3\r\nb:1\r\n",
		SIZE_MAX},
	    {"more than there are", "b:b:b:b", "b:2\r\nb:1\r\n", SIZE_MAX},
	    {"absent", "c:a", "a:3\r\n", SIZE_MAX},
	    {"no prefix", "aa", "", SIZE_MAX},
	    {"not the signature itself", "a:a:a", "a:2\r\na:1\r\n", 4},
	};
	struct pst_header header;

	(void)state;
	pst_header_init(
	    &header, arena, (struct pst_header_limits){10, 100, 1000});
	for (size_t i = 0; i < PST_COUNT(fields); i++)
		(void)pst_header_add(
		    &header, pst_str(fields[i][0]), pst_str(fields[i][1]));
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_str names[8], rest = pst_str(rows[i].names);
		bool more = true;
		size_t count = 0;
		struct pst_buf buf;

		while (pst_str_split(&rest, ':', &names[count], &more))
			count++;
		pst_buf_init(&buf, arena, 1000);
		pst_msgsig_canon_header(&buf, &header, names, count,
		    rows[i].own, PST_CANON_RELAXED);
		expect(rows[i].label, pst_buf_slice(&buf), rows[i].wanted);
	}
}

static void
collect(void *arg, const char *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
}

static void
check_body(const char *label, const char *body, enum pst_canon canon,
    size_t piece, const char *wanted)
{
	struct pst_msgsig_canon_body state;
	struct pst_str rest = pst_str(body);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1000);
	pst_msgsig_canon_body_init(&state, canon, collect, &buf);
	while (rest.len > 0) {
		struct pst_str part = pst_str_first(rest, piece);

		pst_msgsig_canon_body_add(&state, part.ptr, part.len);
		rest = pst_str_from(rest, part.len);
	}
	pst_msgsig_canon_body_end(&state);
	expect(label, pst_buf_slice(&buf), wanted);
}

static void
test_bodies(void **state)
{
	static const struct {
		const char *label, *body, *simple, *relaxed;
	} rows[] = {
	    {"empty", "", "\r\n", ""},
	    {"only empty lines", "\r\n\r\n\r\n", "\r\n", ""},
	    {"only blank lines", " \r\n\t\r\n", " \r\n\t\r\n", ""},
	    {"RFC 6376 s. 3.4.5", " C \r\nD \t E\r\n\r\n\r\n",
		" C \r\nD \t E\r\n", " C\r\nD E\r\n"},
	    {"no end of line", "a", "a\r\n", "a\r\n"},
	    {"blank at the end, no end of line", "a \t", "a \t\r\n", "a\r\n"},
	    {"only a blank", " ", " \r\n", ""},
	    {"empty lines inside", "a\r\n\r\n\r\nb\r\n\r\n",
		"a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
	    {"blank lines inside", "a\r\n  \r\nb", "a\r\n  \r\nb\r\n",
		"a\r\n\r\nb\r\n"},
	    {"blank line at the end", "a\r\n \r\n\r\n", "a\r\n \r\n", "a\r\n"},
	    {"bare LF is text", "a\nb \n\r\n", "a\nb \n\r\n", "a\nb \n\r\n"},
	    {"bare CR is text", "a\rb \r\r\n", "a\rb \r\r\n", "a\rb \r\r\n"},
	    {"CR at the end", "a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
	    {"CR CR LF LF", "\r\r\n\n", "\r\r\n\n\r\n", "\r\r\n\n\r\n"},
	    {"other controls stay", "\v\f \x01\r\n", "\v\f \x01\r\n",
		"\v\f \x01\r\n"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		for (size_t piece = 1; piece < 12; piece++) {
			check_body(rows[i].label, rows[i].body,
			    PST_CANON_SIMPLE, piece, rows[i].simple);
			check_body(rows[i].label, rows[i].body,
			    PST_CANON_RELAXED, piece, rows[i].relaxed);
		}
	}
}

static void
count_octets(void *arg, const char *ptr, size_t len)
{
	(void)ptr;
	*(size_t *)arg += len;
}

/* Lines longer than the buffer that is kept between calls of the sink. */
static void
test_long_lines(void **state)
{
	struct pst_msgsig_canon_body body;
	char line[10002];
	size_t total = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line + 10000, "\r\n", 2);
	pst_msgsig_canon_body_init(
	    &body, PST_CANON_RELAXED, count_octets, &total);
	for (int i = 0; i < 5; i++)
		pst_msgsig_canon_body_add(&body, line, sizeof(line));
	for (int i = 0; i < 5000; i++)
		pst_msgsig_canon_body_add(&body, "\r\n", 2);
	pst_msgsig_canon_body_add(&body, "y", 1);
	pst_msgsig_canon_body_end(&body);
	assert_int_equal(total, 5 * sizeof(line) + 5000 * 2 + 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_fields, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_selection, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_bodies, make_arena, free_arena),
	    cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

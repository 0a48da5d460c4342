/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "mail/display_name.h"
#include "mail/encoded_word.h"
#include "tests/unit/rows.h"

/* The names with a bar between them. */
static const struct {
	const char *label;
	const char *value;
	const char *shown;
} rows[] = {
    {"an address", "a@b.example", ""},
    {"an address in brackets", "<a@b.example>", ""},
    {"a name", "Ann Bauer <a@b.example>", "ann bauer"},
    {"a quoted name", "\"Bauer, Ann\" <a@b.example>", "bauer, ann"},
    {"quoted pairs", "\"Ann \\\"x\\\"\" <a@b.example>", "ann \"x\""},
    {"both", "Ann \"B\" C<a@b.example>", "ann b c"},
    {"a comment", "a@b.example (Ann Bauer)", "ann bauer"},
    {"a comment in a comment", "a@b.example (Ann (CEO) \\) x)",
	"ann (ceo) ) x"},
    {"a comment in a name", "Ann (x) Bauer <a@b.example>", "x|ann bauer"},
    {"folded", "Ann\n Bauer\n <a@b.example>", "ann bauer"},
    {"two", "Ann <a@b.example>, Max <m@b.example>", "ann|max"},
    {"a group", "Board: Ann <a@b.example>, m@b.example;", "board|ann"},
    {"a quoted local part", "\"ceo@ours.example\"@b.example",
	"ceo@ours.example"},
    {"the same in brackets", "<\"ceo@ours.example\"@b.example>",
	"ceo@ours.example"},
    {"an address as a name", "ceo@ours.example <a@b.example>",
	"ceo@ours.example"},
    {"a name without brackets", "Ann a@b.example", "ann a@b.example"},
    {"text after the brackets", "<a@b.example> Ann", "ann"},
    {"Q", "=?utf-8?Q?Ann_B=C3=BCr?= <a@b.example>", "ann b\xc3\xbcr"},
    {"B", "=?UTF-8?B?QW5uIELDvHI=?= <a@b.example>", "ann b\xc3\xbcr"},
    {"in quotes", "\"=?utf-8?q?Ann?=\" <a@b.example>", "ann"},
    {"in a comment", "a@b.example (=?utf-8?q?Ann?=)", "ann"},
    {"two words", "=?utf-8?q?An?=\n =?utf-8?q?n?= <a@b.example>", "ann"},
    {"a character in two words",
	"=?utf-8?q?B=C3?= =?utf-8?q?=BCr?= <a@b.example>", "b\xc3\xbcr"},
    {"words of two sets", "=?utf-8?q?A?= =?iso-8859-1?q?=FC?= <a@b.example>",
	"a\xc3\xbc"},
    {"a comma in a word", "=?utf-8?q?Bauer,_Ann?= <a@b.example>", "bauer, ann"},
    {"a bracket in a word", "=?utf-8?q?<Ann>?= <a@b.example>", "<ann>"},
    {"a blank in a word", "=?utf-8?q?Ann B?= <a@b.example>", "ann b"},
    {"text beside words", "x =?utf-8?q?A?= y <a@b.example>", "x a y"},
    {"Latin 1", "=?ISO-8859-1?Q?J=FCrgen?= <a@b.example>", "j\xc3\xbcrgen"},
    {"a language", "=?iso-8859-1*de?Q?J=FCrgen?= <a@b.example>",
	"j\xc3\xbcrgen"},
    {"an iconv set", "=?koi8-r?B?4c7OwQ==?= <a@b.example>",
	"\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0"},
    {"an unknown set", "=?x-none?q?ceo=40ours.example?= <a@b.example>",
	"ceo@ours.example"},
    {"a set that shifts is unknown", "=?iso-2022-cn-ext?q?Ann?= <a@b.example>",
	"ann"},
    {"not a word", "=?utf-8?x?Ann?= <a@b.example>", "=?utf-8?x?ann?="},
    {"not closed", "=?utf-8?q?Ann <a@b.example>", "=?utf-8?q?ann"},
    {"wrong digits", "=?utf-8?q?A=ZZ=4?= <a@b.example>", "a=zz=4"},
    {"8-bit", "J\xfcrgen <a@b.example>", "j\xc3\xbcrgen"},
    {"UTF-8", "J\xc3\xbcrgen <a@b.example>", "j\xc3\xbcrgen"},
    {"a quote that is not closed", "\"Ann <a@b.example>", "ann <a@b.example>"},
    {"a comment that is not closed", "a@b.example (Ann", "ann"},
    {"a backslash at the end", "\"Ann\\", "ann\\"},
    {"nothing", "", ""},
    {"empty names", "\"\" <a@b.example>, () b@b.example", ""},
};

static void
test_names(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_display_names names = {.count = 0};
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 4096);
		pst_buf_add_text(&buf, "");
		pst_display_names_read(arena, pst_str(rows[i].value), &names);
		for (size_t n = 0; n < names.count; n++)
			pst_buf_printf(
			    &buf, "%s%s", n == 0 ? "" : "|", names.names[n]);
		assert_string_equal(buf.len == 0 ? "" : buf.ptr, rows[i].shown);
		assert_false(names.cut);
		pst_arena_free(arena);
	}
}

static const char *
repeated(struct pst_arena *arena, const char *text, size_t count)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 200000);
	for (size_t i = 0; i < count; i++)
		pst_buf_add_text(&buf, text);
	return pst_buf_str(&buf);
}

/* What is beyond the limits is said to be cut. */
static void
test_limits(void **state)
{
	static const struct {
		const char *label;
		const char *text;
		size_t count;
		bool cut;
	} limits[] = {
	    {"names that fit", "n<a@b.c>,", PST_DISPLAY_MAX_NAMES, false},
	    {"too many names", "n<a@b.c>,", PST_DISPLAY_MAX_NAMES + 1, true},
	    {"octets that fit", "abcd efg", PST_DISPLAY_MAX_BYTES / 8, false},
	    {"too many octets", "abcd efg", PST_DISPLAY_MAX_BYTES / 8 + 1,
		true},
	    {"a very long phrase", "abcd ", 20000, true},
	    {"a very long quote", "\"abcd \" ", 20000, true},
	    {"comments", "(x)", 20000, true},
	    {"comments in comments", "(", 20000, true},
	    {"brackets", "<", 20000, false},
	    {"words", "=?utf-8?q?x?= ", 5000, true},
	    {"beginnings of words", "=?utf-8?q?", 5000, true},
	    {"equal signs", "=", 20000, true},
	};

	(void)state;
	FOR_ROWS(i, limits, limits[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_display_names names = {.count = 0};
		size_t octets = 0;

		pst_display_names_read(arena,
		    pst_str(repeated(arena, limits[i].text, limits[i].count)),
		    &names);
		assert_int_equal(names.cut, limits[i].cut);
		assert_true(names.count <= PST_DISPLAY_MAX_NAMES);
		for (size_t n = 0; n < names.count; n++)
			octets += strlen(names.names[n]);
		assert_true(octets <= PST_DISPLAY_MAX_BYTES);
		pst_arena_free(arena);
	}
}

/* Two fields share the limits. */
static void
test_two_fields(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_display_names names = {.count = 0};

	(void)state;
	for (size_t i = 0; i < PST_DISPLAY_MAX_NAMES; i++)
		pst_display_names_read(arena, PST_STR("n <a@b.c>"), &names);
	assert_false(names.cut);
	pst_display_names_read(arena, PST_STR("n <a@b.c>"), &names);
	assert_true(names.cut);
	pst_arena_free(arena);
}

/* ---- domains ---- */

struct visited {
	struct pst_buf buf;
};

static bool
note(void *arg, const char *domain)
{
	struct visited *visited = arg;

	pst_buf_printf(
	    &visited->buf, "%s%s", visited->buf.len == 0 ? "" : " ", domain);
	return false;
}

static const struct {
	const char *label;
	const char *text;
	const char *domains;
} domains[] = {
    {"none", "Ann", ""},
    {"one", "x ceo@ours.example y", "ours.example"},
    {"upper case", "@OURS.example", "ours.example"},
    {"two", "a@b.example@c.example", "b.example c.example"},
    {"a final dot", "a@b.example. Next", "b.example b.example.next"},
    {"blanks", "a@ b . example", "b b.example"},
    {"a comment", "a@b(x).example", "b b.example"},
    {"a comment before it", "a@(x)b.example", "b.example"},
    {"a quote after it", "'a@b.example'", "b.example"},
    {"a curly quote after it", "a@b.example\xe2\x80\x99", "b.example"},
    {"a hyphen after it", "a@b.example- x", "b.example"},
    {"an underscore after it", "a@b.example_x", "b.example_x b.example"},
    {"a wide at sign",
	"a\xef\xbc\xa0"
	"b.example",
	"b.example"},
    {"a U-label",
	"a@b\xc3\xbc"
	"cher.example",
	"xn--bcher-kva.example b"},
    {"two dots", "a@b.example..x", "b.example"},
    {"a comment that is not closed", "a@b.example(x", "b.example"},
    {"nothing after it", "a@", ""},
};

static void
test_domains(void **state)
{
	(void)state;
	FOR_ROWS(i, domains, domains[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct visited visited;

		pst_buf_init(&visited.buf, arena, 4096);
		assert_false(pst_display_visit_domains(
		    arena, pst_str(domains[i].text), note, &visited));
		assert_string_equal(visited.buf.len == 0 ? "" : visited.buf.ptr,
		    domains[i].domains);
		pst_arena_free(arena);
	}
}

static bool
stop(void *arg, const char *domain)
{
	(void)domain;
	++*(size_t *)arg;
	return true;
}

static void
test_visit_stops(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct visited visited;
	size_t count = 0;

	(void)state;
	assert_true(pst_display_visit_domains(
	    arena, PST_STR("@a.example@b.example"), stop, &count));
	assert_int_equal(count, 1);
	pst_buf_init(&visited.buf, arena, 4096);
	assert_false(pst_display_visit_domains(arena,
	    pst_str(repeated(arena, "@", PST_DISPLAY_MAX_AT)), note, &visited));
	assert_true(pst_display_visit_domains(arena,
	    pst_str(repeated(arena, "@", PST_DISPLAY_MAX_AT + 1)), note,
	    &visited));
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_two_fields),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_visit_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

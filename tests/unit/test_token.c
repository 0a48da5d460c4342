/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "mail/token.h"
#include "tests/unit/rows.h"

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
/*
 * Copies to the heap, at the exact size, so that sanitizers see a read beyond
 * the end.
 */
static struct pst_str
exact(struct pst_str s)
{
	char *copy = malloc(s.len == 0 ? 1 : s.len);

	assert_non_null(copy);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return (struct pst_str){copy, s.len};
}

static void
release(struct pst_str s)
{
	union {
		const char *in;
		void *out;
	} ptr = {.in = s.ptr};

	free(ptr.out);
}

static void
expect_str(const char *label, struct pst_str got, struct pst_str want)
{
	if (!pst_str_eq(got, want))
		fail_msg("%s: got \"%.*s\", want \"%.*s\"", label,
		    PST_STR_ARG(got), PST_STR_ARG(want));
}

enum production { CFWS, ATOM, QUOTED, LITERAL, MIME_TOKEN };

struct scan_row {
	const char *label;
	enum production production;
	struct pst_str text;
	bool ok;
	size_t pos;
	struct pst_str out;
};

static const struct scan_row scan_rows[] = {
    {"cfws: nothing at the end", CFWS, TEXT(""), true, 0, TEXT("")},
    {"cfws: nothing before an atom", CFWS, TEXT("a"), true, 0, TEXT("")},
    {"cfws: blanks", CFWS, TEXT(" \t a"), true, 3, TEXT("")},
    {"cfws: fold with LF", CFWS, TEXT(" \n a"), true, 3, TEXT("")},
    {"cfws: fold with CRLF", CFWS, TEXT("\r\n\ta"), true, 3, TEXT("")},
    {"cfws: folds in a row", CFWS, TEXT("\n \n\t\r\n a"), true, 7, TEXT("")},
    {"cfws: LF without blank stays", CFWS, TEXT(" \na"), true, 1, TEXT("")},
    {"cfws: LF at the end stays", CFWS, TEXT(" \n"), true, 1, TEXT("")},
    {"cfws: CR stays", CFWS, TEXT(" \r a"), true, 1, TEXT("")},
    {"cfws: CRLF without blank stays", CFWS, TEXT("\r\na"), true, 0, TEXT("")},
    {"cfws: CRLF at the end stays", CFWS, TEXT("\r\n"), true, 0, TEXT("")},
    {"cfws: CR CR LF stays", CFWS, TEXT("\r\r\n a"), true, 0, TEXT("")},
    {"cfws: NUL stays", CFWS, TEXT(" \0 a"), true, 1, TEXT("")},
    {"cfws: comment", CFWS, TEXT(" (c) a"), true, 5, TEXT("")},
    {"cfws: empty comment", CFWS, TEXT("()a"), true, 2, TEXT("")},
    {"cfws: nested", CFWS, TEXT("(a(b)(c(d)))x"), true, 12, TEXT("")},
    {"cfws: several", CFWS, TEXT("(a)(b)\n (c) x"), true, 12, TEXT("")},
    {"cfws: fold in comment", CFWS, TEXT("(a\n b)x"), true, 6, TEXT("")},
    {"cfws: 8-bit in comment", CFWS, TEXT("(\xff)x"), true, 3, TEXT("")},
    {"cfws: quoted parenthesis", CFWS, TEXT("(\\))x"), true, 4, TEXT("")},
    {"cfws: quoted control", CFWS, TEXT("(\\\x01)x"), true, 4, TEXT("")},
    {"cfws: quote is plain", CFWS, TEXT("(\")x"), true, 3, TEXT("")},
    {"cfws: unclosed", CFWS, TEXT(" (a"), false, 0, TEXT("")},
    {"cfws: unclosed inner", CFWS, TEXT("(a(b)"), false, 0, TEXT("")},
    {"cfws: second unclosed", CFWS, TEXT("(a) (b"), false, 0, TEXT("")},
    {"cfws: only opened", CFWS, TEXT("("), false, 0, TEXT("")},
    {"cfws: backslash last", CFWS, TEXT("(\\"), false, 0, TEXT("")},
    {"cfws: NUL in comment", CFWS, TEXT("(\0)"), false, 0, TEXT("")},
    {"cfws: quoted NUL", CFWS, TEXT("(\\\0)"), false, 0, TEXT("")},
    {"cfws: quoted LF", CFWS, TEXT("(\\\n )"), false, 0, TEXT("")},
    {"cfws: bare LF in comment", CFWS, TEXT("(\n)"), false, 0, TEXT("")},
    {"cfws: bare CR in comment", CFWS, TEXT("(\r)"), false, 0, TEXT("")},
    {"cfws: ESC in comment", CFWS, TEXT("(\x1b)"), false, 0, TEXT("")},
    {"cfws: closing only stays", CFWS, TEXT(") a"), true, 0, TEXT("")},

    {"atom: word", ATOM, TEXT("joe@x"), true, 3, TEXT("joe")},
    {"atom: all signs", ATOM, TEXT("!#$%&'*+-/=?^_`{|}~."), true, 19,
	TEXT("!#$%&'*+-/=?^_`{|}~")},
    {"atom: 8-bit", ATOM, TEXT("b\xc3\xbc.x"), true, 3, TEXT("b\xc3\xbc")},
    {"atom: octet 0xff", ATOM, TEXT("\xff"), true, 1, TEXT("\xff")},
    {"atom: ends at NUL", ATOM, TEXT("a\0b"), true, 1, TEXT("a")},
    {"atom: ends at DEL", ATOM, TEXT("a\x7f"), true, 1, TEXT("a")},
    {"atom: not a dot", ATOM, TEXT(".a"), false, 0, TEXT("")},
    {"atom: not a special", ATOM, TEXT("(a)"), false, 0, TEXT("")},
    {"atom: not a blank", ATOM, TEXT(" a"), false, 0, TEXT("")},
    {"atom: not NUL", ATOM, TEXT("\0"), false, 0, TEXT("")},
    {"atom: not the end", ATOM, TEXT(""), false, 0, TEXT("")},

    {"quoted: plain", QUOTED, TEXT("\"a b\"c"), true, 5, TEXT("a b")},
    {"quoted: empty", QUOTED, TEXT("\"\""), true, 2, TEXT("")},
    {"quoted: specials", QUOTED, TEXT("\"<(@,;:[.\""), true, 10,
	TEXT("<(@,;:[.")},
    {"quoted: pairs", QUOTED, TEXT("\"\\\"\\\\\\a\\ \""), true, 10,
	TEXT("\"\\a ")},
    {"quoted: control in pair", QUOTED, TEXT("\"\\\x07\""), true, 4,
	TEXT("\x07")},
    {"quoted: fold leaves its blank", QUOTED, TEXT("\"a\n\tb\r\n c\""), true,
	10, TEXT("a\tb c")},
    {"quoted: 8-bit", QUOTED, TEXT("\"\xe9\""), true, 3, TEXT("\xe9")},
    {"quoted: unclosed", QUOTED, TEXT("\"a"), false, 0, TEXT("")},
    {"quoted: only a quote", QUOTED, TEXT("\""), false, 0, TEXT("")},
    {"quoted: end is escaped", QUOTED, TEXT("\"a\\\""), false, 0, TEXT("")},
    {"quoted: backslash last", QUOTED, TEXT("\"a\\"), false, 0, TEXT("")},
    {"quoted: NUL", QUOTED, TEXT("\"\0\""), false, 0, TEXT("")},
    {"quoted: NUL in pair", QUOTED, TEXT("\"\\\0\""), false, 0, TEXT("")},
    {"quoted: CR in pair", QUOTED, TEXT("\"\\\r\n a\""), false, 0, TEXT("")},
    {"quoted: control", QUOTED, TEXT("\"\x07\""), false, 0, TEXT("")},
    {"quoted: DEL", QUOTED, TEXT("\"\x7f\""), false, 0, TEXT("")},
    {"quoted: bare LF", QUOTED, TEXT("\"a\nb\""), false, 0, TEXT("")},
    {"quoted: bare CR", QUOTED, TEXT("\"a\r b\""), false, 0, TEXT("")},
    {"quoted: no quote", QUOTED, TEXT("a\""), false, 0, TEXT("")},
    {"quoted: the end", QUOTED, TEXT(""), false, 0, TEXT("")},

    {"literal: address", LITERAL, TEXT("[192.0.2.1]>"), true, 11,
	TEXT("192.0.2.1")},
    {"literal: empty", LITERAL, TEXT("[]"), true, 2, TEXT("")},
    {"literal: blanks stay", LITERAL, TEXT("[ a\n b ]"), true, 8,
	TEXT(" a\n b ")},
    {"literal: quoted bracket", LITERAL, TEXT("[\\]]x"), true, 4, TEXT("\\]")},
    {"literal: two opened", LITERAL, TEXT("[[]"), false, 0, TEXT("")},
    {"literal: unclosed", LITERAL, TEXT("[a"), false, 0, TEXT("")},
    {"literal: only a bracket", LITERAL, TEXT("["), false, 0, TEXT("")},
    {"literal: NUL", LITERAL, TEXT("[\0]"), false, 0, TEXT("")},
    {"literal: bare LF", LITERAL, TEXT("[\n]"), false, 0, TEXT("")},
    {"literal: no bracket", LITERAL, TEXT("a]"), false, 0, TEXT("")},

    {"mime token: word", MIME_TOKEN, TEXT("dkim=x"), true, 4, TEXT("dkim")},
    {"mime token: dots and signs", MIME_TOKEN, TEXT("a.b!#$%&'*+-^_`{|}~/"),
	true, 19, TEXT("a.b!#$%&'*+-^_`{|}~")},
    {"mime token: not 8-bit", MIME_TOKEN, TEXT("a\xc3\xbc"), true, 1,
	TEXT("a")},
    {"mime token: not DEL", MIME_TOKEN, TEXT("\x7f"), false, 0, TEXT("")},
    {"mime token: not NUL", MIME_TOKEN, TEXT("\0"), false, 0, TEXT("")},
    {"mime token: not a blank", MIME_TOKEN, TEXT(" a"), false, 0, TEXT("")},
    {"mime token: not the end", MIME_TOKEN, TEXT(""), false, 0, TEXT("")},
};

static bool
scan_one(struct pst_arena *arena, enum production production,
    struct pst_scan *scan, struct pst_str *out)
{
	switch (production) {
	case CFWS:
		return pst_scan_cfws(scan);
	case ATOM:
		return pst_scan_atom(scan, out);
	case QUOTED:
		return pst_scan_quoted(scan, arena, out);
	case LITERAL:
		return pst_scan_literal(scan, out);
	case MIME_TOKEN:
		return pst_scan_mime_token(scan, out);
	}
	fail_msg("no such production");
	return false;
}

static void
test_productions(void **state)
{
	(void)state;
	FOR_ROWS(i, scan_rows, scan_rows[i].label) {
		const struct scan_row *row = &scan_rows[i];
		struct pst_arena *arena = pst_arena_new();
		struct pst_scan scan = {exact(row->text), 0};
		struct pst_str out = PST_STR("");

		if (scan_one(arena, row->production, &scan, &out) != row->ok)
			fail_msg("not %d", row->ok);
		if (scan.pos != row->pos)
			fail_msg("pos is %zu", scan.pos);
		expect_str(row->label, out, row->out);
		release(scan.text);
		pst_arena_free(arena);
	}
}

/* Scans `depth` comments, each nested in the one before. */
static bool
scan_nested(size_t depth)
{
	char text[2 * PST_COMMENT_DEPTH + 2];
	struct pst_scan scan = {{text, 2 * depth}, 0};
	bool ok;

	assert_true(2 * depth <= sizeof(text));
	memset(text, '(', depth);
	memset(text + depth, ')', depth);
	ok = pst_scan_cfws(&scan);
	assert_int_equal(scan.pos, ok ? 2 * depth : 0);
	return ok;
}

static void
test_comment_depth(void **state)
{
	(void)state;
	assert_true(scan_nested(PST_COMMENT_DEPTH));
	assert_false(scan_nested(PST_COMMENT_DEPTH + 1));
}

static void
test_char_and_end(void **state)
{
	struct pst_scan scan = {PST_STR("ab"), 0};
	struct pst_scan none = {{NULL, 0}, 0};

	(void)state;
	assert_false(pst_scan_char(&scan, 'b'));
	assert_int_equal(scan.pos, 0);
	assert_true(pst_scan_char(&scan, 'a'));
	assert_false(pst_scan_at_end(&scan));
	assert_true(pst_scan_char(&scan, 'b'));
	assert_true(pst_scan_at_end(&scan));
	assert_false(pst_scan_char(&scan, 'b'));
	assert_true(pst_scan_at_end(&none));
	assert_true(pst_scan_cfws(&none));
	assert_false(pst_scan_char(&none, '\0'));
}

#define MAX_TAGS 4

struct tag_row {
	const char *label;
	struct pst_str text;
	bool allow_8bit;
	enum pst_tag_status status;
	struct pst_tag tags[MAX_TAGS];
};

static const struct tag_row tag_rows[] = {
    {"one", TEXT("v=1"), false, PST_TAGS_OK, {{TEXT("v"), TEXT("1")}}},
    {"final semicolon", TEXT("v=1;"), false, PST_TAGS_OK,
	{{TEXT("v"), TEXT("1")}}},
    {"blank after the final semicolon", TEXT("v=1; \n "), false, PST_TAGS_OK,
	{{TEXT("v"), TEXT("1")}}},
    {"two", TEXT("v=DMARC1; p=none"), false, PST_TAGS_OK,
	{{TEXT("v"), TEXT("DMARC1")}, {TEXT("p"), TEXT("none")}}},
    {"blanks everywhere", TEXT(" \tv = 1 ; p\n =\r\n\tx "), false, PST_TAGS_OK,
	{{TEXT("v"), TEXT("1")}, {TEXT("p"), TEXT("x")}}},
    {"folds stay inside a value", TEXT("b=ab\n cd\n\t ef\n ;c=d"), false,
	PST_TAGS_OK,
	{{TEXT("b"), TEXT("ab\n cd\n\t ef")}, {TEXT("c"), TEXT("d")}}},
    {"empty value", TEXT("p=;a= ;b="), false, PST_TAGS_OK,
	{{TEXT("p"), TEXT("")}, {TEXT("a"), TEXT("")}, {TEXT("b"), TEXT("")}}},
    {"equal sign in a value", TEXT("b=ab==;c=="), false, PST_TAGS_OK,
	{{TEXT("b"), TEXT("ab==")}, {TEXT("c"), TEXT("=")}}},
    {"names may hold digits and underscores", TEXT("a_1=x"), false, PST_TAGS_OK,
	{{TEXT("a_1"), TEXT("x")}}},
    {"names differ by case", TEXT("a=1;A=2"), false, PST_TAGS_OK,
	{{TEXT("a"), TEXT("1")}, {TEXT("A"), TEXT("2")}}},
    {"one name begins another", TEXT("b=1;bh=2"), false, PST_TAGS_OK,
	{{TEXT("b"), TEXT("1")}, {TEXT("bh"), TEXT("2")}}},
    {"8-bit when allowed", TEXT("d=b\xc3\xbc.example"), true, PST_TAGS_OK,
	{{TEXT("d"), TEXT("b\xc3\xbc.example")}}},
    {"as many as allowed", TEXT("a=1;b=2;c=3;d=4;"), false, PST_TAGS_OK,
	{{TEXT("a"), TEXT("1")}, {TEXT("b"), TEXT("2")}, {TEXT("c"), TEXT("3")},
	    {TEXT("d"), TEXT("4")}}},

    {"too many", TEXT("a=1;b=2;c=3;d=4;e=5"), false, PST_TAGS_TOO_MANY,
	{{TEXT("a"), TEXT("1")}, {TEXT("b"), TEXT("2")}, {TEXT("c"), TEXT("3")},
	    {TEXT("d"), TEXT("4")}}},
    {"duplicate", TEXT("a=1;b=2;a=1"), false, PST_TAGS_DUPLICATE, {{{0}, {0}}}},
    {"duplicate with blanks", TEXT("a=1; a =2"), false, PST_TAGS_DUPLICATE,
	{{{0}, {0}}}},

    {"empty text", TEXT(""), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"only blanks", TEXT(" \n "), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"only a semicolon", TEXT(";"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"empty spec between", TEXT("a=1;;b=2"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"empty spec at the end", TEXT("a=1;;"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"empty spec at the start", TEXT(";a=1"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"no equal sign", TEXT("a"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"no equal sign later", TEXT("a=1;b;c=2"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"no name", TEXT("=1"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"name begins with a digit", TEXT("1a=1"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"name begins with underscore", TEXT("_a=1"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"hyphen in a name", TEXT("a-b=1"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"blank in a name", TEXT("a b=1"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"8-bit in a name", TEXT("\xc3\xbc=1"), true, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"8-bit when not allowed", TEXT("a=\xc3\xbc"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"NUL in a value", TEXT("a=1\0"), true, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"control in a value", TEXT("a=\x01"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
    {"DEL in a value", TEXT("a=\x7f"), true, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"LF without blank", TEXT("a=1\nb"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"LF at the end", TEXT("a=1;\n"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"CR without LF", TEXT("a=1\r b"), false, PST_TAGS_SYNTAX, {{{0}, {0}}}},
    {"bad syntax after good tags", TEXT("a=1;b=2;?"), false, PST_TAGS_SYNTAX,
	{{{0}, {0}}}},
};

static void
test_tag_lists(void **state)
{
	(void)state;
	FOR_ROWS(i, tag_rows, tag_rows[i].label) {
		const struct tag_row *row = &tag_rows[i];
		struct pst_arena *arena = pst_arena_new();
		struct pst_str text = exact(row->text);
		struct pst_tag_list list;
		size_t want = 0;

		if (pst_tag_list_parse(arena, text, MAX_TAGS, row->allow_8bit,
			&list) != row->status)
			fail_msg("wrong status");
		while (want < MAX_TAGS && row->tags[want].name.len > 0)
			want++;
		if (list.count != want)
			fail_msg("%zu tags", list.count);
		for (size_t n = 0; n < want; n++) {
			expect_str(
			    row->label, list.tags[n].name, row->tags[n].name);
			expect_str(
			    row->label, list.tags[n].value, row->tags[n].value);
		}
		release(text);
		pst_arena_free(arena);
	}
}

static void
test_tag_bounds(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_tag_list list;

	(void)state;
	assert_int_equal(
	    pst_tag_list_parse(arena, PST_STR("a=1"), 0, false, &list),
	    PST_TAGS_TOO_MANY);
	assert_int_equal(list.count, 0);
	assert_int_equal(
	    pst_tag_list_parse(arena, PST_STR("a=1"), SIZE_MAX, false, &list),
	    PST_TAGS_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(pst_tag_list_parse(
			     arena, (struct pst_str){NULL, 0}, 4, false, &list),
	    PST_TAGS_SYNTAX);
	pst_arena_free(arena);
}

static void
test_tag_find(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_tag_list list;
	const struct pst_tag *tag;

	(void)state;
	assert_int_equal(pst_tag_list_parse(
			     arena, PST_STR("bh=x; b=y; D=z"), 8, false, &list),
	    PST_TAGS_OK);
	tag = pst_tag_find(&list, "b");
	assert_non_null(tag);
	expect_str("b", tag->value, PST_STR("y"));
	tag = pst_tag_find(&list, "bh");
	assert_non_null(tag);
	expect_str("bh", tag->value, PST_STR("x"));
	assert_null(pst_tag_find(&list, "d"));
	assert_null(pst_tag_find(&list, ""));
	assert_null(pst_tag_find(&list, "bhx"));
	pst_arena_free(arena);
}

static void
test_tag_squeeze(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	expect_str("folds", pst_tag_squeeze(arena, PST_STR(" a\n b\r\n\tc d ")),
	    PST_STR("abcd"));
	expect_str("nothing to do", pst_tag_squeeze(arena, PST_STR("abc=")),
	    PST_STR("abc="));
	expect_str("empty", pst_tag_squeeze(arena, (struct pst_str){NULL, 0}),
	    PST_STR(""));
	expect_str("only blanks", pst_tag_squeeze(arena, PST_STR(" \n\t")),
	    PST_STR(""));
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_productions),
	    cmocka_unit_test(test_comment_depth),
	    cmocka_unit_test(test_char_and_end),
	    cmocka_unit_test(test_tag_lists),
	    cmocka_unit_test(test_tag_bounds),
	    cmocka_unit_test(test_tag_find),
	    cmocka_unit_test(test_tag_squeeze),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

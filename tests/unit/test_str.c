/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "tests/unit/rows.h"

static void
test_classes(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool upper = i >= 'A' && i <= 'Z';
		bool lower = i >= 'a' && i <= 'z';
		bool digit = i >= '0' && i <= '9';
		assert_int_equal(pst_is_alpha(c), upper || lower);
		assert_int_equal(pst_is_digit(c), digit);
		assert_int_equal(pst_is_alnum(c), upper || lower || digit);
		assert_int_equal(pst_is_wsp(c), i == ' ' || i == '\t');
		assert_int_equal(
		    (unsigned char)pst_lower(c), upper ? i + 32 : i);
	}
}

struct compare_row {
	const char *label;
	struct pst_str a, b;
	bool eq, ieq, starts, istarts, iends;
};

static const struct compare_row compare_rows[] = {
    {"same", PST_STR_INIT("abc"), PST_STR_INIT("abc"), true, true, true, true,
	true},
    {"case", PST_STR_INIT("aBc"), PST_STR_INIT("AbC"), false, true, false, true,
	true},
    {"prefix", PST_STR_INIT("abcd"), PST_STR_INIT("abc"), false, false, true,
	true, false},
    {"suffix", PST_STR_INIT("abcd"), PST_STR_INIT("BCD"), false, false, false,
	false, true},
    {"longer", PST_STR_INIT("ab"), PST_STR_INIT("abc"), false, false, false,
	false, false},
    {"empty second", PST_STR_INIT("ab"), PST_STR_INIT(""), false, false, true,
	true, true},
    {"both empty", PST_STR_INIT(""), {NULL, 0}, true, true, true, true, true},
    {"null first", {NULL, 0}, PST_STR_INIT("a"), false, false, false, false,
	false},
    {"after NUL", PST_STR_INIT("a\0b"), PST_STR_INIT("a\0c"), false, false,
	false, false, false},
    {"8-bit has no case", PST_STR_INIT("\xc4"), PST_STR_INIT("\xe4"), false,
	false, false, false, false},
    {"[ is not {", PST_STR_INIT("["), PST_STR_INIT("{"), false, false, false,
	false, false},
};

static void
test_digits(void **state)
{
	static const char base64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char hex[] = "0123456789abcdef";

	(void)state;
	for (int octet = 0; octet < 256; octet++) {
		char c = (char)octet;
		const char *at = octet == 0 ? NULL : strchr(base64, c);
		const char *digit =
		    octet == 0 ? NULL : strchr(hex, pst_lower(c));

		assert_int_equal(
		    pst_base64_value(c), at == NULL ? -1 : at - base64);
		assert_int_equal(
		    pst_hex_value(c), digit == NULL ? -1 : digit - hex);
	}
}

static void
test_compare(void **state)
{
	(void)state;
	FOR_ROWS(i, compare_rows, compare_rows[i].label) {
		const struct compare_row *r = &compare_rows[i];
		if (pst_str_eq(r->a, r->b) != r->eq ||
		    pst_str_ieq(r->a, r->b) != r->ieq ||
		    pst_str_starts(r->a, r->b) != r->starts ||
		    pst_str_istarts(r->a, r->b) != r->istarts ||
		    pst_str_iends(r->a, r->b) != r->iends)
			fail_msg("%s", r->label);
	}
}

static void
test_find(void **state)
{
	static const struct {
		const char *label;
		struct pst_str s;
		char c;
		size_t first, last;
	} rows[] = {
	    {"once", PST_STR_INIT("abc"), 'b', 1, 1},
	    {"twice", PST_STR_INIT("xaxx"), 'x', 0, 3},
	    {"none", PST_STR_INIT("abc"), 'z', 3, 3},
	    {"empty", {NULL, 0}, 'z', 0, 0},
	    {"NUL", PST_STR_INIT("a\0b\0"), '\0', 1, 3},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label)
		if (pst_str_find(rows[i].s, rows[i].c) != rows[i].first ||
		    pst_str_rfind(rows[i].s, rows[i].c) != rows[i].last)
			fail_msg("%s", rows[i].label);
}

static void
test_parts(void **state)
{
	const struct pst_str s = PST_STR("abc");
	const struct pst_str none = {NULL, 0};

	(void)state;
	assert_true(pst_str_eq(pst_str_from(s, 0), s));
	assert_true(pst_str_eq(pst_str_from(s, 1), PST_STR("bc")));
	assert_int_equal(pst_str_from(s, 3).len, 0);
	assert_int_equal(pst_str_from(s, 99).len, 0);
	assert_int_equal(pst_str_from(none, 5).len, 0);
	assert_true(pst_str_eq(pst_str_first(s, 2), PST_STR("ab")));
	assert_true(pst_str_eq(pst_str_first(s, 99), s));
	assert_int_equal(pst_str_first(none, 5).len, 0);
	assert_int_equal(pst_str(NULL).len, 0);
}

static void
test_trim(void **state)
{
	static const struct {
		const char *label;
		struct pst_str in, out;
	} rows[] = {
	    {"nothing", PST_STR_INIT("a b"), PST_STR_INIT("a b")},
	    {"both ends", PST_STR_INIT(" \t\r\na b\r\n\t "),
		PST_STR_INIT("a b")},
	    {"blanks only", PST_STR_INIT(" \r\n\t"), PST_STR_INIT("")},
	    {"empty", {NULL, 0}, PST_STR_INIT("")},
	    {"vertical tab stays", PST_STR_INIT("\va\f"),
		PST_STR_INIT("\va\f")},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label)
		if (!pst_str_eq(pst_str_trim(rows[i].in), rows[i].out))
			fail_msg("%s", rows[i].label);
}

static void
test_split(void **state)
{
	static const struct {
		struct pst_str in;
		const char *parts[4];
	} rows[] = {
	    {PST_STR_INIT("a,,b"), {"a", "", "b", NULL}},
	    {PST_STR_INIT(""), {"", NULL}},
	    {{NULL, 0}, {"", NULL}},
	    {PST_STR_INIT("a"), {"a", NULL}},
	    {PST_STR_INIT(",a"), {"", "a", NULL}},
	    {PST_STR_INIT("a,"), {"a", "", NULL}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].in.ptr) {
		struct pst_str rest = rows[i].in;
		struct pst_str part;
		bool more = true;
		size_t n = 0;
		while (pst_str_split(&rest, ',', &part, &more)) {
			if (rows[i].parts[n] == NULL ||
			    !pst_str_eq(part, pst_str(rows[i].parts[n])))
				fail_msg("part %zu", n);
			n++;
		}
		if (rows[i].parts[n] != NULL)
			fail_msg("row %zu: only %zu parts", i, n);
	}
}

static void
test_to_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} rows[] = {
	    {"0", 0, true, 0},
	    {"1", 0, false, 0},
	    {"5", 3, false, 0},
	    {"007", 10, true, 7},
	    {"10", 10, true, 10},
	    {"11", 10, false, 0},
	    {"", 10, false, 0},
	    {" 1", 10, false, 0},
	    {"1 ", 10, false, 0},
	    {"-1", 10, false, 0},
	    {"+1", 10, false, 0},
	    {"0x1", 10, false, 0},
	    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", UINT64_MAX, false, 0},
	    {"99999999999999999999", UINT64_MAX, false, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		uint64_t value = 77;
		bool ok =
		    pst_str_to_u64(pst_str(rows[i].text), rows[i].max, &value);
		if (ok != rows[i].ok || value != (ok ? rows[i].value : 77))
			fail_msg("\"%s\"", rows[i].text);
	}
}

struct text_row {
	const char *label;
	struct pst_str s;
	bool printable, utf8, ascii;
};

static const struct text_row text_rows[] = {
    {"empty", {NULL, 0}, false, true, true},
    {"plain", PST_STR_INIT("a ~"), true, true, true},
    {"tab", PST_STR_INIT("a\t"), false, true, true},
    {"DEL", PST_STR_INIT("\x7f"), false, true, true},
    {"NUL", PST_STR_INIT("a\0b"), false, true, true},
    {"two octets", PST_STR_INIT("\xc3\xbc"), false, true, false},
    {"three octets", PST_STR_INIT("\xe2\x82\xac"), false, true, false},
    {"four octets", PST_STR_INIT("\xf0\x9f\x92\xa9"), false, true, false},
    {"last code point", PST_STR_INIT("\xf4\x8f\xbf\xbf"), false, true, false},
    {"before surrogates", PST_STR_INIT("\xed\x9f\xbf"), false, true, false},
    {"surrogate", PST_STR_INIT("\xed\xa0\x80"), false, false, false},
    {"above the last", PST_STR_INIT("\xf4\x90\x80\x80"), false, false, false},
    {"F5", PST_STR_INIT("\xf5\x80\x80\x80"), false, false, false},
    {"FF", PST_STR_INIT("\xff"), false, false, false},
    {"over-long 2", PST_STR_INIT("\xc0\xaf"), false, false, false},
    {"over-long 2 high", PST_STR_INIT("\xc1\xbf"), false, false, false},
    {"over-long 3", PST_STR_INIT("\xe0\x9f\xbf"), false, false, false},
    {"over-long 4", PST_STR_INIT("\xf0\x8f\xbf\xbf"), false, false, false},
    {"cut 2", PST_STR_INIT("a\xc3"), false, false, false},
    {"cut 3", PST_STR_INIT("\xe2\x82"), false, false, false},
    {"cut 4", PST_STR_INIT("\xf0\x9f\x92"), false, false, false},
    {"lone continuation", PST_STR_INIT("\x80"), false, false, false},
    {"third is not a continuation", PST_STR_INIT("\xe2\x82\x41"), false, false,
	false},
    {"latin-1", PST_STR_INIT("M\xfcller"), false, false, false},
};

static void
test_text(void **state)
{
	(void)state;
	FOR_ROWS(i, text_rows, text_rows[i].label) {
		const struct text_row *r = &text_rows[i];
		if (pst_str_is_printable(r->s) != r->printable ||
		    pst_str_is_utf8(r->s) != r->utf8 ||
		    pst_str_is_ascii(r->s) != r->ascii)
			fail_msg("%s", r->label);
	}
}

static void
test_hex_decode(void **state)
{
	static const struct {
		struct pst_str text;
		bool good;
	} rows[] = {
	    {PST_STR_INIT("00fFa9"), true},
	    {PST_STR_INIT("00fFa"), false},
	    {PST_STR_INIT("00fFa900"), false},
	    {PST_STR_INIT("00fFag"), false},
	    {PST_STR_INIT("00 fa9"), false},
	    {PST_STR_INIT(""), false},
	};
	unsigned char out[3];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++)
		if (pst_hex_decode(rows[i].text, out, sizeof(out)) !=
		    rows[i].good)
			fail_msg("row %zu", i);
	assert_true(pst_hex_decode(rows[0].text, out, sizeof(out)));
	assert_memory_equal(out, "\x00\xff\xa9", sizeof(out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_digits),
	    cmocka_unit_test(test_hex_decode),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_trim),
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_to_u64),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

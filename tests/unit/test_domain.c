/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/domain.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"
#define N252 L63 "." L63 "." L63 "." L60

struct normal_row {
	const char *label;
	struct pst_str in;
	const char *out; /* NULL: no normal form */
};

static const struct normal_row normal_rows[] = {
    {"plain", PST_STR_INIT("example.com"), "example.com"},
    {"capitals", PST_STR_INIT("EXAMPLE.Com"), "example.com"},
    {"final dot", PST_STR_INIT("example.com."), "example.com"},
    {"two final dots", PST_STR_INIT("example.com.."), NULL},
    {"single label", PST_STR_INIT("localhost"), "localhost"},
    {"underscore", PST_STR_INIT("_dmarc.a_b.example"), "_dmarc.a_b.example"},
    {"digits and hyphens", PST_STR_INIT("3com.r3---sn.example"),
	"3com.r3---sn.example"},
    {"empty", PST_STR_INIT(""), NULL},
    {"null", {NULL, 0}, NULL},
    {"root", PST_STR_INIT("."), NULL},
    {"leading dot", PST_STR_INIT(".example"), NULL},
    {"empty label", PST_STR_INIT("a..example"), NULL},
    {"leading hyphen", PST_STR_INIT("-a.example"), NULL},
    {"trailing hyphen", PST_STR_INIT("a-.example"), NULL},
    {"label of 63", PST_STR_INIT(L63 ".example"), L63 ".example"},
    {"label of 64", PST_STR_INIT(L63 "d.example"), NULL},
    {"name of 252 and dot", PST_STR_INIT(N252 "."), N252},
    {"name of 254", PST_STR_INIT(N252 ".a"), NULL},
    {"NUL", PST_STR_INIT("a\0b.example"), NULL},
    {"NUL at the end", PST_STR_INIT("example.com\0"), NULL},
    {"blank", PST_STR_INIT("a b.example"), NULL},
    {"line end", PST_STR_INIT("example.com\r\n"), NULL},
    {"DEL", PST_STR_INIT("a\x7f.example"), NULL},
    {"parenthesis", PST_STR_INIT("example.net(.example.com"), NULL},
    {"quote", PST_STR_INIT("example.com'a.example"), NULL},
    {"backslash", PST_STR_INIT("a\\.b.example"), NULL},
    {"at sign", PST_STR_INIT("a@example.com"), NULL},
    {"IPv4", PST_STR_INIT("192.0.2.1"), NULL},
    {"IPv4 and dot", PST_STR_INIT("192.0.2.1."), NULL},
    {"short IPv4", PST_STR_INIT("127.1"), NULL},
    {"one number", PST_STR_INIT("2130706433"), NULL},
    {"IPv6", PST_STR_INIT("2001:db8::1"), NULL},
    {"literal", PST_STR_INIT("[192.0.2.1]"), NULL},
    {"numbers below a name", PST_STR_INIT("1.2.0.192.in-addr.arpa"),
	"1.2.0.192.in-addr.arpa"},

    {"U-label",
	PST_STR_INIT("b\xc3\xbc"
		     "cher.example"),
	"xn--bcher-kva.example"},
    {"U-label, small and capital",
	PST_STR_INIT("B\xc3\x9c"
		     "CHER.Example."),
	"xn--bcher-kva.example"},
    {"U-label decomposed",
	PST_STR_INIT("bu\xcc\x88"
		     "cher.example"),
	"xn--bcher-kva.example"},
    {"capital decomposed",
	PST_STR_INIT("BU\xcc\x88"
		     "CHER.example"),
	"xn--bcher-kva.example"},
    {"sharp s stays",
	PST_STR_INIT("stra\xc3\x9f"
		     "e.example"),
	"xn--strae-oqa.example"},
    {"capital sharp s",
	PST_STR_INIT("STRA\xe1\xba\x9e"
		     "E.example"),
	"xn--strae-oqa.example"},
    {"capital sharp s beside another capital",
	PST_STR_INIT("\xc3\x9c\xe1\xba\x9e.example"), "xn--zca1d.example"},
    {"capital sharp s, last of a label", PST_STR_INIT("\xe1\xba\x9e.example"),
	"xn--zca.example"},
    {"Greek", PST_STR_INIT("\xce\xb5\xce\xbb.example"), "xn--qxam.example"},
    {"Greek capitals", PST_STR_INIT("\xce\x95\xce\x9b.example"),
	"xn--qxam.example"},
    {"Japanese", PST_STR_INIT("\xe6\x97\xa5\xe6\x9c\xac.jp"), "xn--wgv71a.jp"},
    {"all labels", PST_STR_INIT("\xc3\xbc.\xc3\xa4"), "xn--tda.xn--4ca"},
    {"U-label beside underscore", PST_STR_INIT("_x.\xc3\xbc.example"),
	"_x.xn--tda.example"},
    {"underscore in U-label", PST_STR_INIT("\xc3\xbc_a.example"), NULL},
    {"U-label, leading hyphen", PST_STR_INIT("-\xc3\xbc.example"), NULL},
    {"U-label, trailing hyphen", PST_STR_INIT("\xc3\xbc-.example"), NULL},
    {"U-label, hyphens 3 and 4", PST_STR_INIT("ab--\xc3\xbc.example"), NULL},
    {"U-label after xn--", PST_STR_INIT("xn--\xc3\xbc.example"), NULL},
    {"U-label and metacharacter", PST_STR_INIT("\xc3\xbc(a).example"), NULL},
    {"U-label and NUL", PST_STR_INIT("\xc3\xbc\0a.example"), NULL},
    {"zero width space", PST_STR_INIT("exam\xe2\x80\x8bple.com"), NULL},
    {"zero width no-break space", PST_STR_INIT("a\xef\xbb\xbf.example"), NULL},
    {"zero width joiner",
	PST_STR_INIT("a\xe2\x80\x8d"
		     "b.example"),
	NULL},
    {"soft hyphen", PST_STR_INIT("exam\xc2\xadple.com"), NULL},
    {"soft hyphen beside U-label",
	PST_STR_INIT("\xc3\xbc\xc2\xad"
		     "a.com"),
	NULL},
    {"bidi override",
	PST_STR_INIT("a\xe2\x80\xae"
		     "b.example"),
	NULL},
    {"left-to-right mark", PST_STR_INIT("a\xe2\x80\x8e.example"), NULL},
    {"no-break space",
	PST_STR_INIT("a\xc2\xa0"
		     "b.example"),
	NULL},
    {"ideographic space",
	PST_STR_INIT("a\xe3\x80\x80"
		     "b.example"),
	NULL},
    {"C1 control", PST_STR_INIT("a\xc2\x85.example"), NULL},
    {"ideographic full stop",
	PST_STR_INIT("\xc3\xbc\xe3\x80\x82"
		     "com"),
	NULL},
    {"full-width full stop",
	PST_STR_INIT("example\xef\xbc\x8e"
		     "com"),
	NULL},
    {"half-width full stop",
	PST_STR_INIT("example\xef\xbd\xa1"
		     "com"),
	NULL},
    {"one dot leader",
	PST_STR_INIT("example\xe2\x80\xa4"
		     "com"),
	NULL},
    {"full-width letter", PST_STR_INIT("\xef\xbd\x81.example"), NULL},
    {"full-width letter in U-label",
	PST_STR_INIT("\xef\xbd\x81\xc3\xbc.example"), NULL},
    {"Kelvin sign", PST_STR_INIT("\xe2\x84\xaa.example"), NULL},
    {"Greek question mark", PST_STR_INIT("\xcd\xbe.example"), NULL},
    {"ligature",
	PST_STR_INIT("o\xef\xac\x83"
		     "ce.example"),
	NULL},
    {"superscript", PST_STR_INIT("a\xc2\xb2.example"), NULL},
    {"fraction with slash", PST_STR_INIT("\xc2\xbd.example"), NULL},
    {"emoji as U-label", PST_STR_INIT("i\xe2\x9d\xa4.ws"), NULL},
    {"leading combining mark",
	PST_STR_INIT("\xcc\x88"
		     "a.example"),
	NULL},
    {"unassigned", PST_STR_INIT("\xcd\xb8.example"), NULL},
    {"private use", PST_STR_INIT("\xee\x80\x80.example"), NULL},
    {"mixed direction",
	PST_STR_INIT("\xd7\x90"
		     "a.example"),
	NULL},
    {"latin-1",
	PST_STR_INIT("b\xfc"
		     "cher.example"),
	NULL},
    {"FF",
	PST_STR_INIT("a\xff"
		     "b.example"),
	NULL},
    {"over-long dot",
	PST_STR_INIT("a\xc0\xae"
		     "b.example"),
	NULL},
    {"surrogate", PST_STR_INIT("\xed\xa0\x80.example"), NULL},

    {"A-label", PST_STR_INIT("xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"A-label, capitals", PST_STR_INIT("XN--BCHER-KVA.example"),
	"xn--bcher-kva.example"},
    {"A-label, sharp s", PST_STR_INIT("xn--strae-oqa.example"),
	"xn--strae-oqa.example"},
    {"A-label, emoji", PST_STR_INIT("xn--i-7iq.ws"), "xn--i-7iq.ws"},
    {"A-label, empty", PST_STR_INIT("xn--.example"), NULL},
    {"A-label, does not decode", PST_STR_INIT("xn--0.example"), NULL},
    {"A-label, overflow", PST_STR_INIT("xn--zzzzzzz99999.example"), NULL},
    {"A-label, nothing encoded", PST_STR_INIT("xn--abc-.example"), NULL},
    {"A-label, control", PST_STR_INIT("xn--a.example"), NULL},
    {"A-label, capital inside", PST_STR_INIT("xn--bcher-2pa.example"), NULL},
    {"A-label, underscore", PST_STR_INIT("xn--_a-wka.example"),
	"xn--_a-wka.example"},
};

static void
test_normalize(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, normal_rows, normal_rows[i].label) {
		const struct normal_row *r = &normal_rows[i];
		const char *out = pst_domain_normalize(arena, r->in);
		if ((out == NULL) != (r->out == NULL) ||
		    (out != NULL && strcmp(out, r->out) != 0))
			fail_msg("%s", out ? out : "(none)");
		if (out == NULL)
			continue;
		/* The normal form of a normal form is itself. */
		const char *again = pst_domain_normalize(arena, pst_str(out));
		if (again == NULL || strcmp(again, out) != 0)
			fail_msg("not stable");
	}
	pst_arena_free(arena);
}

static void
test_normalize_long_u_labels(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char raw[2000];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(raw); i += 2)
		memcpy(raw + i, "\xc3\xbc", 2);
	for (size_t len = 2; len <= sizeof(raw); len += 2) {
		const char *out =
		    pst_domain_normalize(arena, (struct pst_str){raw, len});
		if (out != NULL && strlen(out) > PST_LABEL_MAX)
			fail_msg("%zu", len);
		if (len > 200)
			assert_null(out);
	}
	pst_arena_free(arena);
}

static void
test_is_ldh(void **state)
{
	static const struct {
		struct pst_str in;
		bool ok;
	} rows[] = {
	    {PST_STR_INIT("example.com"), true},
	    {PST_STR_INIT("EXAMPLE.com"), true},
	    {PST_STR_INIT("_dmarc.example"), true},
	    {PST_STR_INIT("20240101"), true},
	    {PST_STR_INIT("xn--bcher-kva.example"), true},
	    {PST_STR_INIT(L63), true},
	    {PST_STR_INIT(N252), true},
	    {PST_STR_INIT(""), false},
	    {PST_STR_INIT("."), false},
	    {PST_STR_INIT("example.com."), false},
	    {PST_STR_INIT("a..b"), false},
	    {PST_STR_INIT("-a"), false},
	    {PST_STR_INIT("a-"), false},
	    {PST_STR_INIT(L63 "d"), false},
	    {PST_STR_INIT(N252 ".a"), false},
	    {PST_STR_INIT("a\0"), false},
	    {PST_STR_INIT("a b"), false},
	    {PST_STR_INIT("\xc3\xbc.example"), false},
	    {PST_STR_INIT("a(b"), false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].in.ptr)
		if (pst_domain_is_ldh(rows[i].in) != rows[i].ok)
			fail_msg("%.*s", PST_STR_ARG(rows[i].in));
}

static void
test_labels(void **state)
{
	(void)state;
	assert_int_equal(pst_domain_labels(""), 0);
	assert_int_equal(pst_domain_labels("com"), 1);
	assert_int_equal(pst_domain_labels("a.b.c.d"), 4);

	assert_string_equal(pst_domain_parent("a.b.c"), "b.c");
	assert_string_equal(pst_domain_parent("b.c"), "c");
	assert_null(pst_domain_parent("c"));

	assert_string_equal(pst_domain_last_labels("a.b.c", 1), "c");
	assert_string_equal(pst_domain_last_labels("a.b.c", 2), "b.c");
	assert_string_equal(pst_domain_last_labels("a.b.c", 3), "a.b.c");
	assert_string_equal(pst_domain_last_labels("a.b.c", 9), "a.b.c");
	assert_string_equal(pst_domain_last_labels("c", 1), "c");
}

static void
test_compare(void **state)
{
	static const struct {
		const char *name, *parent;
		bool eq, below;
	} rows[] = {
	    {"example.com", "example.com", true, true},
	    {"EXAMPLE.com", "example.COM", true, true},
	    {"a.example.com", "example.com", false, true},
	    {"a.b.EXAMPLE.com", "example.com", false, true},
	    {"badexample.com", "example.com", false, false},
	    {"example.com", "a.example.com", false, false},
	    {"example.com", "example.org", false, false},
	    {"com", "example.com", false, false},
	    {"example.com", "", false, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].name)
		if (pst_domain_eq(rows[i].name, rows[i].parent) != rows[i].eq ||
		    pst_domain_is_below(rows[i].name, rows[i].parent) !=
			rows[i].below)
			fail_msg("%s / %s", rows[i].name, rows[i].parent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_normalize),
	    cmocka_unit_test(test_normalize_long_u_labels),
	    cmocka_unit_test(test_is_ldh),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

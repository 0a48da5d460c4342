/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "mail/authres.h"
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
test_none(void **state)
{
	struct pst_authres ar;

	(void)state;
	pst_authres_begin(&ar, arena, PST_STR("mx.example"));
	assert_string_equal(pst_authres_end(&ar), " mx.example; none");
}

static void
test_methods(void **state)
{
	struct pst_authres ar;

	(void)state;
	pst_authres_begin(&ar, arena, PST_STR("mx.example"));
	pst_authres_method(&ar, "spf", "pass", NULL, NULL);
	pst_authres_prop(&ar, "smtp", "mailfrom", PST_STR("a.example"));
	pst_authres_method(&ar, "dkim", "fail", "bad signature", "test key");
	pst_authres_prop(&ar, "header", "d", PST_STR("b.example"));
	pst_authres_prop(&ar, "header", "a", PST_STR("rsa-sha256"));
	pst_authres_method(&ar, "arc", "none", "nothing", NULL);
	assert_string_equal(pst_authres_end(&ar),
	    " mx.example;\n"
	    "\tspf=pass smtp.mailfrom=a.example;\n"
	    "\tdkim=fail reason=\"bad signature\" (test key) "
	    "header.d=b.example\n"
	    "\theader.a=rsa-sha256;\n"
	    "\tarc=none reason=nothing");
}

struct value_row {
	const char *label;
	struct pst_str in;
	const char *out; /* NULL: left out */
};

static const struct value_row value_rows[] = {
    {"domain", PST_STR_INIT("example.com"), "example.com"},
    {"A-label", PST_STR_INIT("xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"underscore", PST_STR_INIT("_a.example"), "_a.example"},
    {"selector", PST_STR_INIT("20240101"), "20240101"},
    {"algorithm", PST_STR_INIT("ed25519-sha256"), "ed25519-sha256"},
    {"address", PST_STR_INIT("joe.doe+x@example.com"), "joe.doe+x@example.com"},
    {"domain after @", PST_STR_INIT("@example.com"), "@example.com"},
    {"IPv4", PST_STR_INIT("192.0.2.1"), "192.0.2.1"},
    {"IPv6", PST_STR_INIT("2001:db8::1"), "\"2001:db8::1\""},
    {"base64 with =", PST_STR_INIT("AbC4efg="), "\"AbC4efg=\""},
    {"base64 with /", PST_STR_INIT("Ab/4efgh"), "\"Ab/4efgh\""},
    {"base64 with +", PST_STR_INIT("Ab+4efgh"), "Ab+4efgh"},
    {"empty", {NULL, 0}, "\"\""},
    {"open parenthesis", PST_STR_INIT("example.net(.example.com"),
	"\"example.net(.example.com\""},
    {"closed parenthesis", PST_STR_INIT("a)b"), "\"a)b\""},
    {"semicolon", PST_STR_INIT("a; dmarc=pass"), "\"a; dmarc=pass\""},
    {"quote", PST_STR_INIT("a\"b"), "\"a\\\"b\""},
    {"quote at the end", PST_STR_INIT("a\""), "\"a\\\"\""},
    {"backslash", PST_STR_INIT("a\\"), "\"a\\\\\""},
    {"backslash and quote", PST_STR_INIT("\\\""), "\"\\\\\\\"\""},
    {"apostrophe is a token", PST_STR_INIT("a'b.example"), "a'b.example"},
    {"blank", PST_STR_INIT("a b"), "\"a b\""},
    {"two @", PST_STR_INIT("a@b@example.com"), "\"a@b@example.com\""},
    {"@ without domain", PST_STR_INIT("a@"), "\"a@\""},
    {"bad domain", PST_STR_INIT("a@b-.example"), "\"a@b-.example\""},
    {"empty atom", PST_STR_INIT("a..b@example.com"), "\"a..b@example.com\""},
    {"atom with =", PST_STR_INIT("prvs=a@example.com"),
	"\"prvs=a@example.com\""},
    {"quoted local part", PST_STR_INIT("\"a b\"@example.com"),
	"\"\\\"a b\\\"@example.com\""},
    {"UTF-8", PST_STR_INIT("j\xc3\xb6@example.com"),
	"\"j\xc3\xb6@example.com\""},
    {"NUL", PST_STR_INIT("a\0b"), NULL},
    {"CRLF", PST_STR_INIT("a\r\nX-Evil: 1"), NULL},
    {"LF and blank", PST_STR_INIT("a\n b"), NULL},
    {"tab", PST_STR_INIT("a\tb"), NULL},
    {"DEL", PST_STR_INIT("a\x7f"), NULL},
    {"C1 control",
	PST_STR_INIT("a\xc2\x85"
		     "b"),
	NULL},
    {"latin-1", PST_STR_INIT("j\xf6@example.com"), NULL},
    {"cut UTF-8", PST_STR_INIT("a\xc3"), NULL},
};

static void
test_values(void **state)
{
	(void)state;
	FOR_ROWS(i, value_rows, value_rows[i].label) {
		const struct value_row *r = &value_rows[i];
		struct pst_authres ar;
		pst_authres_begin(&ar, arena, PST_STR("mx"));
		pst_authres_method(&ar, "m", "pass", NULL, NULL);
		pst_authres_prop(&ar, "t", "p", r->in);
		const char *out = pst_authres_end(&ar);
		const char *expected = " mx;\n\tm=pass";
		if (r->out != NULL)
			expected = pst_arena_printf(
			    arena, "%s t.p=%s", expected, r->out);
		if (out == NULL || strcmp(out, expected) != 0)
			fail_msg("%s", out ? out : "(null)");
	}
}

static void
test_ids_to_write(void **state)
{
	static const struct value_row rows[] = {
	    {"domain", PST_STR_INIT("mx.example"), " mx.example; none"},
	    {"job", PST_STR_INIT("mx.example/7"), " \"mx.example/7\"; none"},
	    {"address", PST_STR_INIT("a@b"), " \"a@b\"; none"},
	    {"empty", PST_STR_INIT(""), NULL},
	    {"LF", PST_STR_INIT("mx\n"), NULL},
	    {"NUL", PST_STR_INIT("mx\0"), NULL},
	    {"latin-1", PST_STR_INIT("m\xfc"), NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_authres ar;
		pst_authres_begin(&ar, arena, rows[i].in);
		const char *out = pst_authres_end(&ar);
		if ((out == NULL) != (rows[i].out == NULL) ||
		    (out != NULL && strcmp(out, rows[i].out) != 0))
			fail_msg("%s", rows[i].label);
	}
}

/* Returns the width of the widest line, with the name and tabs of 8. */
static size_t
widest_line(const char *value)
{
	size_t width = strlen("Authentication-Results:");
	size_t widest = 0;

	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			assert_int_equal(value[1], '\t');
			assert_true(value[-1] != ' ' && value[2] > ' ');
			width = 0;
			continue;
		}
		width += *value == '\t' ? 8 : 1;
		if (width > widest)
			widest = width;
	}
	return widest;
}

static void
test_folding(void **state)
{
	char domain[40];
	size_t widest = 0;

	(void)state;
	/* Every length of a word, so that a break occurs at each column. */
	for (size_t len = 1; len < sizeof(domain); len++) {
		struct pst_authres ar;
		memset(domain, 'd', len);
		pst_authres_begin(&ar, arena, PST_STR("mx.example.com"));
		for (int i = 0; i < 4; i++) {
			pst_authres_method(&ar, "dkim", "pass", NULL, NULL);
			for (int k = 0; k < 5; k++)
				pst_authres_prop(&ar, "header", "d",
				    (struct pst_str){domain, len});
		}
		const char *out = pst_authres_end(&ar);
		assert_non_null(out);
		size_t width = widest_line(out);
		if (width > 78)
			fail_msg("word of %zu: %zu columns", len, width);
		if (width > widest)
			widest = width;
	}
	assert_int_equal(widest, 78);
}

static void
test_long_words(void **state)
{
	char text[1200];
	struct pst_authres ar;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t len = 900; len < sizeof(text); len++) {
		const struct pst_str value = {text, len};
		pst_authres_begin(&ar, arena, PST_STR("mx"));
		pst_authres_method(&ar, "m", "pass", NULL, NULL);
		pst_authres_prop(&ar, "t", "p", value);
		pst_authres_method(&ar, "n", "pass", NULL, NULL);
		const char *out = pst_authres_end(&ar);
		assert_non_null(out);
		assert_int_equal(strstr(out, "t.p") != NULL, len <= 991);
		for (const char *at = out; at != NULL; at = strchr(at, '\n')) {
			at += *at == '\n';
			assert_true(strcspn(at, "\n") < 998);
		}
	}
	for (size_t len = 900; len < 1000; len++) {
		const struct pst_str id = {text, len};
		pst_authres_begin(&ar, arena, id);
		const char *out = pst_authres_end(&ar);
		if (out != NULL)
			assert_true(strcspn(out, "\n") + 23 < 998);
	}
}

static void
test_bound(void **state)
{
	struct pst_authres ar;
	size_t before = 0;

	(void)state;
	pst_authres_begin(&ar, arena, PST_STR("mx"));
	while (pst_authres_len(&ar) < PST_AUTHRES_MAX - 100) {
		pst_authres_method(&ar, "dkim", "pass", NULL, NULL);
		pst_authres_prop(&ar, "header", "d", PST_STR("a.example"));
		assert_true(pst_authres_len(&ar) > before);
		before = pst_authres_len(&ar);
	}
	struct pst_authres more = ar;
	const char *out = pst_authres_end(&ar);
	assert_non_null(out);
	assert_int_equal(strlen(out), before);
	for (int i = 0; i < 10; i++)
		pst_authres_method(&more, "dkim", "pass", NULL, NULL);
	assert_null(pst_authres_end(&more));
}

struct id_row {
	const char *label;
	struct pst_str in;
	enum pst_authres_id answer;
	const char *id;
};

#define OK PST_AUTHRES_ID_OK
#define BAD PST_AUTHRES_ID_MALFORMED
#define VERSION PST_AUTHRES_ID_VERSION

static const struct id_row id_rows[] = {
    {"none", PST_STR_INIT(" mx.example; none"), OK, "mx.example"},
    {"result", PST_STR_INIT(" mx.example; spf=pass smtp.mailfrom=a.example"),
	OK, "mx.example"},
    {"no blank", PST_STR_INIT("mx.example;none"), OK, "mx.example"},
    {"id alone", PST_STR_INIT(" mx.example"), OK, "mx.example"},
    {"capitals", PST_STR_INIT(" MX.Example; none"), OK, "mx.example"},
    {"final dot", PST_STR_INIT(" mx.example.; none"), OK, "mx.example"},
    {"version 1", PST_STR_INIT(" mx.example 1; none"), OK, "mx.example"},
    {"version 01", PST_STR_INIT(" mx.example 01; none"), OK, "mx.example"},
    {"version 2", PST_STR_INIT(" mx.example 2; none"), VERSION, "mx.example"},
    {"version 0", PST_STR_INIT(" mx.example 0; none"), VERSION, "mx.example"},
    {"version huge", PST_STR_INIT(" mx 99999999999999999999999; none"), VERSION,
	"mx"},
    {"version in words", PST_STR_INIT(" mx.example one; none"), BAD, NULL},
    {"version 1.0", PST_STR_INIT(" mx.example 1.0; none"), BAD, NULL},
    {"two versions", PST_STR_INIT(" mx.example 1 1; none"), BAD, NULL},
    {"comment before", PST_STR_INIT(" (c) mx.example; none"), OK, "mx.example"},
    {"comments nested", PST_STR_INIT(" (a(b\\)(c))) mx (d) 1 (e(f)) ; none"),
	OK, "mx"},
    {"comment with another id", PST_STR_INIT(" (evil.example;) mx; none"), OK,
	"mx"},
    {"comment joined", PST_STR_INIT("mx.example(c); none"), OK, "mx.example"},
    {"comment inside", PST_STR_INIT(" mx(.)example; none"), BAD, NULL},
    {"comment open", PST_STR_INIT(" (mx.example; none"), BAD, NULL},
    {"comment open at the end", PST_STR_INIT(" mx.example (; none"), BAD, NULL},
    {"comment open later", PST_STR_INIT(" mx.example; spf=pass (a"), OK,
	"mx.example"},
    {"fold", PST_STR_INIT("\n\tmx.example\n ;\n none"), OK, "mx.example"},
    {"fold with CRLF", PST_STR_INIT("\r\n mx.example;\r\n none"), OK,
	"mx.example"},
    {"quoted", PST_STR_INIT(" \"mx.example\"; none"), OK, "mx.example"},
    {"quoted pairs", PST_STR_INIT(" \"\\m\\x.Exa\\mple\"; none"), OK,
	"mx.example"},
    {"quoted with version", PST_STR_INIT(" \"mx.example\" 2; none"), VERSION,
	"mx.example"},
    {"quoted job", PST_STR_INIT(" \"MX.example/Job\"; none"), OK,
	"mx.example/job"},
    {"quoted semicolon", PST_STR_INIT(" \"a;b\"; none"), OK, "a;b"},
    {"quoted quote", PST_STR_INIT(" \"a\\\"b\"; none"), OK, "a\"b"},
    {"quoted blanks", PST_STR_INIT(" \" mx.example \"; none"), OK,
	"mx.example"},
    {"quoted fold", PST_STR_INIT(" \"mx.\n example\"; none"), BAD, NULL},
    {"quoted fold, then a token",
	PST_STR_INIT(" \"mx.\n example\"a.example; none"), BAD, NULL},
    {"quoted CRLF fold", PST_STR_INIT(" \"mx.example\r\n \"; none"), BAD, NULL},
    {"fold after quotes", PST_STR_INIT(" \"mx.example\"\n ; none"), OK,
	"mx.example"},
    {"control in the results", PST_STR_INIT(" a.example; spf=\x0bpass"), BAD,
	NULL},
    {"NUL at the end", PST_STR_INIT(" a.example; none\0"), BAD, NULL},
    {"control in a comment", PST_STR_INIT(" a.example (\x1b); none"), BAD,
	NULL},
    {"DEL in the results", PST_STR_INIT(" a.example; none\x7f"), BAD, NULL},
    {"C1 control in the results", PST_STR_INIT(" a.example; none (\xc2\x85)"),
	BAD, NULL},
    {"no-break space in the results",
	PST_STR_INIT(" a.example; none (\xc2\xa0)"), OK, "a.example"},
    {"bare CR", PST_STR_INIT(" a.example;\r none"), BAD, NULL},
    {"CR at the end", PST_STR_INIT(" a.example; none\r"), BAD, NULL},
    {"LF without blank", PST_STR_INIT(" a.example;\nnone"), BAD, NULL},
    {"LF at the end", PST_STR_INIT(" a.example; none\n"), BAD, NULL},
    {"TAB", PST_STR_INIT("\ta.example;\tnone"), OK, "a.example"},
    {"quoted empty", PST_STR_INIT(" \"\"; none"), BAD, NULL},
    {"quoted and more", PST_STR_INIT(" \"mx\".example; none"), BAD, NULL},
    {"quoted open", PST_STR_INIT(" \"mx.example; none"), BAD, NULL},
    {"quoted NUL", PST_STR_INIT(" \"mx\0\"; none"), BAD, NULL},
    {"job, not quoted", PST_STR_INIT(" mx.example/job; none"), BAD, NULL},
    {"U-label",
	PST_STR_INIT(" b\xc3\xbc"
		     "cher.example; none"),
	OK, "xn--bcher-kva.example"},
    {"U-label, capital",
	PST_STR_INIT(" B\xc3\x9c"
		     "cher.example; none"),
	OK, "xn--bcher-kva.example"},
    {"U-label, quoted",
	PST_STR_INIT(" \"b\xc3\xbc"
		     "cher.example\"; none"),
	OK, "xn--bcher-kva.example"},
    {"A-label, capitals", PST_STR_INIT(" XN--BCHER-KVA.example; none"), OK,
	"xn--bcher-kva.example"},
    {"zero width", PST_STR_INIT(" mx\xe2\x80\x8b.example; none"), BAD, NULL},
    {"latin-1",
	PST_STR_INIT(" b\xfc"
		     "cher.example; none"),
	BAD, NULL},
    {"FF", PST_STR_INIT(" mx.example\xff; none"), BAD, NULL},
    {"NUL", PST_STR_INIT(" mx.example\0; none"), BAD, NULL},
    {"no id", PST_STR_INIT(" spf=pass smtp.mailfrom=a.example"), BAD, NULL},
    {"no id, comment", PST_STR_INIT(" spf=pass (mx.example); dkim=none"), BAD,
	NULL},
    {"semicolon first", PST_STR_INIT("; none"), BAD, NULL},
    {"address", PST_STR_INIT(" a@mx.example; none"), BAD, NULL},
    {"two ids", PST_STR_INIT(" a.example b.example; none"), BAD, NULL},
    {"comma", PST_STR_INIT(" a.example, b.example; none"), BAD, NULL},
    {"not a domain", PST_STR_INIT(" My'Host$1; none"), OK, "my'host$1"},
    {"number", PST_STR_INIT(" 7; none"), OK, "7"},
    {"garbage", PST_STR_INIT("\\)(<>@,;:[]?="), BAD, NULL},
    {"empty", {NULL, 0}, BAD, NULL},
    {"blanks", PST_STR_INIT(" \n\t "), BAD, NULL},
};

static void
test_read_id(void **state)
{
	(void)state;
	FOR_ROWS(i, id_rows, id_rows[i].label) {
		const struct id_row *r = &id_rows[i];
		const char *id = "unset";
		enum pst_authres_id answer =
		    pst_authres_read_id(arena, r->in, &id);
		if (answer != r->answer || (id == NULL) != (r->id == NULL) ||
		    (id != NULL && strcmp(id, r->id) != 0))
			fail_msg("%d, %s", (int)answer, id ? id : "(null)");
	}
}

static void
test_written_is_read(void **state)
{
	static const char *const ids[] = {
	    "mx.example", "mx.example/7", "a\"b\\c", "a b", "x(y);z", "a@b"};

	(void)state;
	FOR_ROWS(i, ids, ids[i]) {
		struct pst_authres ar;
		const char *id;
		pst_authres_begin(&ar, arena, pst_str(ids[i]));
		pst_authres_method(&ar, "spf", "none", NULL, NULL);
		const char *out = pst_authres_end(&ar);
		assert_non_null(out);
		assert_int_equal(
		    pst_authres_read_id(arena, pst_str(out), &id), OK);
		assert_string_equal(id, ids[i]);
	}
}

/* Returns "method=result name=value; ..." of what is read. */
static const char *
read_text(struct pst_str value)
{
	struct pst_authres_method *methods;
	size_t count = pst_authres_read(arena, value, &methods);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < count; i++) {
		pst_buf_printf(&buf, "%s%s=%s", i == 0 ? "" : "; ",
		    methods[i].method, methods[i].result);
		for (size_t n = 0; n < methods[i].prop_count; n++)
			pst_buf_printf(&buf, " %s=%s", methods[i].props[n].name,
			    methods[i].props[n].value);
	}
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

static const struct {
	const char *value;
	const char *wanted;
} method_rows[] = {
    {" mx.example; none", ""},
    {" mx.example;\n\tspf=pass smtp.mailfrom=a.example;\n\tdkim=fail "
     "reason=\"no key\" header.d=b.example header.b=AbC=",
	"spf=pass smtp.mailfrom=a.example; dkim=fail reason=no key "
	"header.d=b.example header.b=AbC="},
    {" mx.example 1; SPF=Pass", "spf=pass"},
    {" \"mx/1\"; spf/1=pass (a; b) smtp.helo = x", "spf=pass smtp.helo=x"},
    {" mx; iprev=pass policy.iprev=\"2001:db8::1\"",
	"iprev=pass policy.iprev=2001:db8::1"},
    {" mx; iprev=pass policy.iprev=2001:db8::1; dmarc=none",
	"iprev=pass policy.iprev=2001:db8::1; dmarc=none"},
    {" mx; spf=pass junk; dkim=pass", ""},
    {" mx; spf=pass; =x; dkim=pass", "spf=pass"},
    {" mx; spf=pass; dkim=pass (open", "spf=pass"},
    {" mx; spf=\"open", ""},
    {" mx", ""},
    {"", ""},
};

static void
test_read_methods(void **state)
{
	(void)state;
	FOR_ROWS(i, method_rows, method_rows[i].value) {
		const char *got = read_text(pst_str(method_rows[i].value));

		if (strcmp(got, method_rows[i].wanted) != 0)
			fail_msg("\"%s\"", got);
	}
}

static void
test_read_is_bounded(void **state)
{
	struct pst_authres_method *methods;
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 1 << 20);
	pst_buf_add_text(&buf, "mx");
	for (int i = 0; i < 1000; i++) {
		pst_buf_add_text(&buf, ";dkim=pass");
		for (int n = 0; n < 50; n++)
			pst_buf_add_text(&buf, " a.b=c");
	}
	assert_int_equal(pst_authres_read(arena, pst_buf_slice(&buf), &methods),
	    PST_AUTHRES_MAX_METHODS);
	assert_int_equal(methods[0].prop_count, PST_AUTHRES_MAX_PROPS);
}

/* R-POL-24 */
static void
test_comment(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} rows[] = {
	    {"plain", "p=none", "(p=none)"},
	    {"parentheses", "a (b) c", "(a \\(b\\) c)"},
	    {"one of them", "a) ; dkim=pass", "(a\\) ; dkim=pass)"},
	    {"a backslash at the end", "a\\", "(a\\\\)"},
	    {"controls and 8 bit", "a\nb\x7f\xc3\xa4",
		"(a?b?"
		"?"
		"?)"},
	    {"blanks", "a  b ", "(a b )"},
	    {"long",
		"0123456789 0123456789 0123456789 0123456789 0123456789 "
		"0123456789 0123456789",
		"(0123456789 0123456789 0123456789 0123456789 0123456789\n\t"
		"0123456789 0123456789)"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_authres ar;
		struct pst_authres_method *methods;
		const char *value, *id;

		pst_authres_begin(&ar, arena, PST_STR("mx.a.example"));
		ar.remark = rows[i].text;
		pst_authres_method(&ar, "dmarc", "fail", NULL, NULL);
		pst_authres_remark(&ar);
		pst_authres_prop(&ar, "header", "from", PST_STR("a.example"));
		value = pst_authres_end(&ar);
		if (strstr(value,
			pst_arena_printf(
			    arena, "dmarc=fail %s", rows[i].want)) == NULL)
			fail_msg("%s", value);
		/* Our own reader takes it for a comment. */
		assert_int_equal(
		    pst_authres_read_id(arena, pst_str(value), &id), OK);
		assert_int_equal(
		    pst_authres_read(arena, pst_str(value), &methods), 1);
		assert_string_equal(methods[0].result, "fail");
		assert_int_equal(methods[0].prop_count, 1);
		assert_string_equal(
		    pst_authres_prop_of(&methods[0], "header.from"),
		    "a.example");
	}
}

static void
test_deep_comments(void **state)
{
	char text[4096];
	const char *id;

	(void)state;
	memset(text, '(', sizeof(text));
	assert_int_equal(pst_authres_read_id(
			     arena, (struct pst_str){text, sizeof(text)}, &id),
	    BAD);
	memset(text + sizeof(text) / 2, ')', sizeof(text) / 2);
	memcpy(text + sizeof(text) - 2, "mx", 2);
	assert_int_equal(pst_authres_read_id(
			     arena, (struct pst_str){text, sizeof(text)}, &id),
	    BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_ids_to_write),
	    cmocka_unit_test(test_folding),
	    cmocka_unit_test(test_long_words),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_comment),
	    cmocka_unit_test(test_read_id),
	    cmocka_unit_test(test_written_is_read),
	    cmocka_unit_test(test_read_methods),
	    cmocka_unit_test(test_read_is_bounded),
	    cmocka_unit_test(test_deep_comments),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

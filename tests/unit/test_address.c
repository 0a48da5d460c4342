/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "mail/address.h"
#include "tests/unit/rows.h"

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
/* want: "domain domain" for the verdicts single and multi, else the verdict. */
struct from_row {
	const char *label;
	struct pst_str value;
	const char *want;
};

static const struct from_row valid_rows[] = {
    {"name and address", TEXT(" Joe <joe@example.com>"), "example.com"},
    {"bare address", TEXT(" joe@example.com"), "example.com"},
    {"no blank after the colon", TEXT("joe@example.com"), "example.com"},
    {"only angle brackets", TEXT("<joe@example.com>"), "example.com"},
    {"capitals and final dot", TEXT("joe@EXAMPLE.com."), "example.com"},
    {"final dot in brackets", TEXT("<joe@example.com.>"), "example.com"},
    {"address in the quoted name",
	TEXT("\"Doe, Joe <x@evil.example>\" <joe@example.com>"), "example.com"},
    {"escaped quotes and comma in the name",
	TEXT("\"\\\"Acme, Inc.\\\"\" <news@acme.example>"), "acme.example"},
    {"angle and backslash in the name", TEXT("\"a\\\\\" <b@example.com>"),
	"example.com"},
    {"comments around the address",
	TEXT(" (joe@evil.example) joe@example.com (c)"), "example.com"},
    {"nested comments", TEXT("(a(b(c)\\))d) joe@example.com"), "example.com"},
    {"comments in brackets",
	TEXT("x (1) <(2) joe (3) @ (4) example.com (5)> (6)"), "example.com"},
    {"comments in the domain", TEXT("a@example(c).(d)com"), "example.com"},
    {"blanks around the dots", TEXT("joe . doe @ example . com"),
	"example.com"},
    {"folded with LF", TEXT(" Joe\n <joe@example.com>"), "example.com"},
    {"folded with CRLF", TEXT(" Joe\r\n\t<joe@example.com>\r\n "),
	"example.com"},
    {"folded in a quoted name", TEXT("\"Joe\n Doe\" <joe@example.com>"),
	"example.com"},
    {"name of words and quotes", TEXT("Joe \"the\" Doe\"x\" <joe@example.com>"),
	"example.com"},
    {"dots in the name", TEXT("J. R. Doe <joe@example.com>"), "example.com"},
    {"encoded-word as the name",
	TEXT("=?utf-8?Q?a=40evil=2Eexample?= <b@example.net>"), "example.net"},
    {"UTF-8 name", TEXT("J\xc3\xbcrgen <j@example.com>"), "example.com"},
    {"Latin-1 name", TEXT("J\xfcrgen <j@example.com>"), "example.com"},
    {"Latin-1 quoted name and comment",
	TEXT("\"J\xfc\" <j@example.com> (\xfc)"), "example.com"},
    {"UTF-8 local part", TEXT("j\xc3\xbcrgen@example.com"), "example.com"},
    {"quoted local part with an at sign", TEXT("\"a@b\"@example.com"),
	"example.com"},
    {"quoted local part with an address",
	TEXT("\"Someone <someone@evil.example>\"@example.com"), "example.com"},
    {"quoted local part with an escaped quote",
	TEXT("\"a\\\"@evil.example\"@example.com"), "example.com"},
    {"empty quoted local part", TEXT("\"\"@example.com"), "example.com"},
    {"two dots in the local part", TEXT("a..b@example.com"), "example.com"},
    {"local part begins with a dot", TEXT("Joe <.a@example.com>"),
	"example.com"},
    {"local part ends with a dot", TEXT("<a.@example.com>"), "example.com"},
    {"only dots in the local part", TEXT("..@example.com"), "example.com"},
    {"dots around a quoted word", TEXT(".\"a b\".@example.com"), "example.com"},
    {"words and quotes in the local part", TEXT("a.\"b c\".d@example.com"),
	"example.com"},
    {"all signs in the local part", TEXT("!#$%&'*+-/=?^_`{|}~@example.com"),
	"example.com"},
    {"U-label",
	TEXT("a@b\xc3\xbc"
	     "cher.example"),
	"xn--bcher-kva.example"},
    {"A-label", TEXT("a@xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"underscore", TEXT("a@under_score.example.com"),
	"under_score.example.com"},
    {"source route", TEXT("<@a.example,@b.example:joe@example.com>"),
	"example.com"},
    {"source route with empty hops",
	TEXT("<,(c),@a.example,,@[192.0.2.1] , :joe@example.com>"),
	"example.com"},
    {"two mailboxes of one domain", TEXT("a@example.com, b@Example.COM."),
	"example.com"},
    {"two U-label forms of one domain",
	TEXT("a@xn--bcher-kva.example, b@b\xc3\xbc"
	     "cher.example"),
	"xn--bcher-kva.example"},
    {"empty member at the end", TEXT("a@example.com,"), "example.com"},
    {"empty members everywhere", TEXT(",, (c) ,a@example.com, ,"),
	"example.com"},
    {"group", TEXT("Team: a@example.com, b@example.com;"), "example.com"},
    {"group with quoted name", TEXT("\"T:\" x: A <a@example.com> ; (c)"),
	"example.com"},
    {"group with empty members", TEXT("Team:,a@example.com,,;"), "example.com"},
    {"empty group and a mailbox", TEXT("Team:;, a@example.com"), "example.com"},

    {"two domains", TEXT("a@example.com, b@example.net"),
	"example.com example.net"},
    {"order of appearance",
	TEXT("c@c.example, a@a.example, c@C.example, b@b.example"),
	"c.example a.example b.example"},
    {"group and a mailbox", TEXT("Team: a@example.com; , b@example.net"),
	"example.com example.net"},
    {"two groups", TEXT("A: a@example.com;, B: b@example.net;"),
	"example.com example.net"},
    {"two members of a group", TEXT("A: a@example.com, <b@example.net>;"),
	"example.com example.net"},
    {"domain and its subdomain", TEXT("a@example.com, b@mail.example.com"),
	"example.com mail.example.com"},

    {"empty group", TEXT("undisclosed:;"), "none"},
    {"empty group with members and comment", TEXT("Nobody (c): , (d) , ;"),
	"none"},
    {"single label", TEXT("joe@localhost"), "none"},
    {"single label with final dot", TEXT("joe@localhost."), "none"},
    {"IPv4 literal", TEXT("joe@[192.0.2.1]"), "none"},
    {"IPv6 literal", TEXT("Joe <joe@[IPv6:2001:db8::1]>"), "none"},
    {"literal with blanks", TEXT("joe@[ 192.0.2.1\n ]"), "none"},
    {"two without a domain", TEXT("a@localhost, b@[192.0.2.1]"), "none"},
};

static const struct from_row malformed_rows[] = {
    {"empty", TEXT(""), "malformed"},
    {"only blanks", TEXT(" \n "), "malformed"},
    {"only a comment", TEXT("(joe@example.com)"), "malformed"},
    {"only commas", TEXT(" , ,"), "malformed"},
    {"null address", TEXT("<>"), "malformed"},
    {"name and null address", TEXT("Joe < >"), "malformed"},
    {"word", TEXT("joe"), "malformed"},
    {"name and a word in brackets", TEXT("\"x\" <x>"), "malformed"},
    {"no domain", TEXT("joe@"), "malformed"},
    {"no domain in brackets", TEXT("<joe@>"), "malformed"},
    {"no local part", TEXT("@example.com"), "malformed"},
    {"no local part in brackets", TEXT("<@example.com>"), "malformed"},
    {"member without a domain", TEXT("a@example.com, foo"), "malformed"},
    {"member without a domain first", TEXT("foo, a@example.com"), "malformed"},
    {"mailbox without brackets after a name", TEXT("Joe joe@example.com"),
	"malformed"},
    {"no comma", TEXT("a@example.com b@example.com"), "malformed"},
    {"semicolon as comma", TEXT("a@example.com; b@example.com"), "malformed"},
    {"text after brackets", TEXT("<a@example.com>b@example.net"), "malformed"},
    {"word after brackets", TEXT("<a@example.com> Joe"), "malformed"},
    {"backslash between", TEXT("<a@example.com>\\,<b@example.net>"),
	"malformed"},
    {"two in brackets", TEXT("<a@example.com,b@example.com>"), "malformed"},
    {"two bracketed", TEXT("<a@example.com><b@example.com>"), "malformed"},
    {"address as unquoted name", TEXT("a@example.com <a@example.com>"),
	"malformed"},
    {"comma in unquoted name", TEXT("Doe, Joe <joe@example.com>"), "malformed"},
    {"name begins with a dot", TEXT(". Joe <joe@example.com>"), "malformed"},
    {"square brackets in the name", TEXT("[x] <joe@example.com>"), "malformed"},
    {"encoded-word alone",
	TEXT("=?utf-8?B?PGFAZXhhbXBsZS5jb20+?=,<b@example.net>"), "malformed"},
    {"encoded-word alone at the end",
	TEXT("<b@example.net>, =?utf-8?B?PGFAZXhhbXBsZS5jb20+?="), "malformed"},
    {"encoded-word in brackets", TEXT("<=?utf-8?Q?a=40example.com?=>"),
	"malformed"},
    {"encoded-word as local part",
	TEXT("<=?utf-8?Q?a=40evil.example?=@example.com>"), "malformed"},
    {"encoded-word as quoted local part", TEXT("\"=?utf-8?Q?a?=\"@example.com"),
	"malformed"},
    {"encoded-word as domain", TEXT("a@=?utf-8?Q?example.com?="), "malformed"},
    {"unclosed angle", TEXT("<a@example.com"), "malformed"},
    {"unopened angle", TEXT("user@example.net>"), "malformed"},
    {"unopened angle after a name", TEXT("Joe user@example.net>"), "malformed"},
    {"closed twice", TEXT("<user@example.net>>"), "malformed"},
    {"two angles", TEXT("<<a@example.com>>"), "malformed"},
    {"unclosed quote", TEXT("\"unclosed <a@example.com>"), "malformed"},
    {"unclosed comment", TEXT("(unclosed a@example.com"), "malformed"},
    {"unclosed comment at the end", TEXT("a@example.com (x"), "malformed"},
    {"unclosed comment in the domain", TEXT("a@example(x.com"), "malformed"},
    {"comment closed twice", TEXT("a@example.com (x))"), "malformed"},
    {"unclosed literal", TEXT("a@[192.0.2.1"), "malformed"},
    {"name as a literal", TEXT("a@[example.com]"), "malformed"},
    {"empty literal", TEXT("a@[]"), "malformed"},
    {"text after a literal", TEXT("a@[192.0.2.1].example.com"), "malformed"},
    {"unclosed group", TEXT("Team: a@example.com"), "malformed"},
    {"unclosed empty group", TEXT("Team:"), "malformed"},
    {"group closed twice", TEXT("Team: a@example.com;;"), "malformed"},
    {"group without a name", TEXT(": a@example.com;"), "malformed"},
    {"group in a group", TEXT("A: B: a@example.com;;"), "malformed"},
    {"group in a group, closed once", TEXT("A: B: a@example.com;"),
	"malformed"},
    {"address as a group's name", TEXT("a@example.com: b@example.com;"),
	"malformed"},
    {"text after a group", TEXT("Team:; a@example.com"), "malformed"},
    {"group after a mailbox", TEXT("a@example.com Team:;"), "malformed"},
    {"route without a hop", TEXT("<,:a@example.com>"), "malformed"},
    {"route without a colon", TEXT("<@b.example a@example.com>"), "malformed"},
    {"route without commas", TEXT("<@a.example@b.example:a@example.com>"),
	"malformed"},
    {"route outside brackets", TEXT("@a.example:a@example.com"), "malformed"},
    {"route and no mailbox", TEXT("<@a.example:>"), "malformed"},
    {"two at signs", TEXT("a@gm@example.com"), "malformed"},
    {"two at signs in brackets", TEXT("<Alice@gm@ail.example>"), "malformed"},
    {"blank in the domain", TEXT("a@exam ple.com"), "malformed"},
    {"blank in the local part", TEXT("a b@example.com"), "malformed"},
    {"fold in the domain", TEXT("a@exam\n ple.com"), "malformed"},
    {"two dots in the domain", TEXT("a@example..com"), "malformed"},
    {"domain begins with a dot", TEXT("a@.example.com"), "malformed"},
    {"domain ends in two dots", TEXT("a@example.com.."), "malformed"},
    {"only a dot as the domain", TEXT("a@."), "malformed"},
    {"quote and word in the local part", TEXT("\"a\"b@example.com"),
	"malformed"},
    {"label begins with a hyphen", TEXT("a@-example.com"), "malformed"},
    {"label ends with a hyphen", TEXT("a@example-.com"), "malformed"},
    {"label of 64 octets",
	TEXT("a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	     "x.com"),
	"malformed"},
    {"apostrophe in the domain", TEXT("a@legitimate.example'a.attack.example"),
	"malformed"},
    {"slash in the domain", TEXT("a@example/x.com"), "malformed"},
    {"backslash in the domain", TEXT("a@example\\.com"), "malformed"},
    {"address as the domain", TEXT("a@192.0.2.1"), "malformed"},
    {"quoted domain", TEXT("a@\"example.com\""), "malformed"},
    {"Unicode space after the domain", TEXT("a@example.com\xe2\x80\x80"),
	"malformed"},
    {"zero width in the domain", TEXT("a@exa\xe2\x80\x8bmple.com"),
	"malformed"},
    {"bidi override in the domain",
	TEXT("a@\xe2\x80\xae"
	     "elpmaxe.com"),
	"malformed"},
    {"bidi override in the local part",
	TEXT("a\xe2\x80\xae"
	     "b@example.com"),
	"malformed"},
    {"bidi isolate in the local part", TEXT("\xe2\x81\xa6@example.com"),
	"malformed"},
    {"Arabic letter mark in the local part", TEXT("\xd8\x9c@example.com"),
	"malformed"},
    {"left-to-right mark in quotes", TEXT("\"\xe2\x80\x8e\"@example.com"),
	"malformed"},
    {"octet 0xff in the domain",
	TEXT("<Alice@victim\xff"
	     "attacker>"),
	"malformed"},
    {"Latin-1 in the domain",
	TEXT("a@b\xfc"
	     "cher.example"),
	"malformed"},
    {"Latin-1 in the local part", TEXT("j\xfcrgen@example.com"), "malformed"},
    {"NUL in the domain", TEXT("a@example.com\0.evil.example"), "malformed"},
    {"NUL after the address", TEXT("a@example.com\0"), "malformed"},
    {"NUL in the name", TEXT("J\0oe <a@example.com>"), "malformed"},
    {"NUL in a quoted name", TEXT("\"\0\" <a@example.com>"), "malformed"},
    {"NUL in a quoted pair", TEXT("\"\\\0\" <a@example.com>"), "malformed"},
    {"NUL in a comment", TEXT("(\0) a@example.com"), "malformed"},
    {"ESC in the name", TEXT("\x1b$B <a@example.com>"), "malformed"},
    {"DEL in the name", TEXT("J\x7f <a@example.com>"), "malformed"},
    {"LF without blank", TEXT("a@example.com,\nb@example.com"), "malformed"},
    {"LF at the end", TEXT("a@example.com\n"), "malformed"},
    {"CRLF at the end", TEXT("a@example.com\r\n"), "malformed"},
    {"CR", TEXT("a@example.com\r "), "malformed"},
    {"with and without a domain", TEXT("a@example.com, b@localhost"),
	"malformed"},
    {"literal and a domain", TEXT("b@[192.0.2.1], a@example.com"), "malformed"},
};

/* The forms that the published attack tool sends, with domains renamed. */
static const struct from_row attack_rows[] = {
    {"server a14", TEXT(" <first@attack.example>, <admin@legitimate.example>"),
	"attack.example legitimate.example"},
    {"server a15",
	TEXT("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuZXhhbXBsZT4=?=,"
	     "<second@attack.example>"),
	"malformed"},
    {"server a16",
	TEXT(" <@attack.example,@any.example:admin@legitimate.example>"),
	"legitimate.example"},
    {"server a17",
	TEXT(" <admin@legitimate.example>\\,<second@attack.example>"),
	"malformed"},
    {"server a18", TEXT(" admin@legitimate.example,<second@attack.example>"),
	"legitimate.example attack.example"},
    {"server a19", TEXT(" <any@attack.example>admin@legitimate.example"),
	"malformed"},
    {"client a2", TEXT(" <attacker@esp.example>, <admin@esp.example>"),
	"esp.example"},
    {"folded name of server a11", TEXT(" <first@attack.example>"),
	"attack.example"},
};

/* Copies to the heap, at the exact size, so that sanitizers see overreads. */
static char *
exact(struct pst_str s)
{
	char *copy = malloc(s.len == 0 ? 1 : s.len);

	assert_non_null(copy);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

/* Returns the result in the form of from_row's want. */
static const char *
from_text(struct pst_arena *arena, const struct pst_from *from)
{
	struct pst_buf buf;

	if (from->verdict == PST_FROM_NONE ||
	    from->verdict == PST_FROM_MALFORMED)
		return pst_from_verdict_word(from->verdict);
	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < from->domain_count; i++) {
		if (i > 0)
			pst_buf_add_char(&buf, ' ');
		pst_buf_add_text(&buf, from->domains[i]);
	}
	return pst_buf_str(&buf);
}

static void
check_shape(const char *label, const struct pst_from *from)
{
	bool has_why = from->why != NULL;
	size_t count = from->domain_count;
	bool ok = false;

	switch (from->verdict) {
	case PST_FROM_SINGLE:
		ok = count == 1;
		break;
	case PST_FROM_MULTI:
		ok = count > 1 && count <= PST_FROM_MAX_DOMAINS;
		break;
	case PST_FROM_NONE:
	case PST_FROM_MALFORMED:
		ok = count == 0;
		break;
	}
	if (!ok || has_why != (from->verdict == PST_FROM_MALFORMED))
		fail_msg("%s: %zu domains, why is %s", label, count,
		    has_why ? from->why : "NULL");
}

static void
run_from_rows(const struct from_row *rows, size_t count)
{
	FOR_COUNT(i, count, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		char *copy = exact(rows[i].value);
		struct pst_str value = {copy, rows[i].value.len};
		struct pst_from from;
		const char *got;

		pst_from_parse(arena, &value, 1, &from);
		check_shape(rows[i].label, &from);
		free(copy); /* nothing in the result may point into it */
		got = from_text(arena, &from);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", rows[i].label, got,
			    rows[i].want);
		pst_arena_free(arena);
	}
}

static void
test_from_valid(void **state)
{
	(void)state;
	run_from_rows(valid_rows, PST_COUNT(valid_rows));
}

static void
test_from_malformed(void **state)
{
	(void)state;
	run_from_rows(malformed_rows, PST_COUNT(malformed_rows));
}

static void
test_from_attacks(void **state)
{
	(void)state;
	run_from_rows(attack_rows, PST_COUNT(attack_rows));
}

static void
test_from_field_count(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str values[] = {
	    PST_STR(" <first@attack.example>"),
	    PST_STR(" <admin@legitimate.example>"),
	};
	struct pst_from from;

	(void)state;
	pst_from_parse(arena, values, 2, &from);
	check_shape("two fields", &from);
	assert_int_equal(from.verdict, PST_FROM_MALFORMED);
	assert_string_equal(from.why, "more than one From field");
	pst_from_parse(arena, NULL, 0, &from);
	check_shape("no field", &from);
	assert_int_equal(from.verdict, PST_FROM_MALFORMED);
	assert_string_equal(from.why, "no From field");
	pst_from_parse(arena, &(struct pst_str){NULL, 0}, 1, &from);
	assert_int_equal(from.verdict, PST_FROM_MALFORMED);
	pst_arena_free(arena);
}

/* Returns the verdict on a From of count domains, each named twice. */
static enum pst_from_verdict
parse_many(size_t count)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf buf;
	struct pst_str value;
	struct pst_from from;

	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < 2 * count; i++)
		pst_buf_printf(&buf, "u%zu@d%zu.example, ", i, i % count);
	assert_false(pst_buf_overflowed(&buf));
	value = pst_buf_slice(&buf);
	pst_from_parse(arena, &value, 1, &from);
	check_shape("many", &from);
	pst_arena_free(arena);
	return from.verdict;
}

static void
test_from_domain_limit(void **state)
{
	(void)state;
	assert_int_equal(parse_many(1), PST_FROM_SINGLE);
	assert_int_equal(parse_many(PST_FROM_MAX_DOMAINS), PST_FROM_MULTI);
	assert_int_equal(
	    parse_many(PST_FROM_MAX_DOMAINS + 1), PST_FROM_MALFORMED);
	assert_int_equal(parse_many(200), PST_FROM_MALFORMED);
}

/* A text repeated 2000 times must neither hang nor be parsed in part. */
static const struct from_row repeated_rows[] = {
    {"comments opened", TEXT("("), "malformed"},
    {"angles opened", TEXT("<"), "malformed"},
    {"quotes", TEXT("\"\""), "malformed"},
    {"groups opened", TEXT("a:"), "malformed"},
    {"hops", TEXT("<@a,"), "malformed"},
    {"local parts", TEXT("a."), "malformed"},
    {"at signs", TEXT("a@"), "malformed"},
    {"commas", TEXT(","), "malformed"},
    {"groups", TEXT("a:;,"), "none"},
    {"mailboxes", TEXT("a@example.com,"), "example.com"},
};

static void
test_from_repeated(void **state)
{
	(void)state;
	for (size_t i = 0; i < PST_COUNT(repeated_rows); i++) {
		struct pst_arena *arena = pst_arena_new();
		struct from_row row = repeated_rows[i];
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 65536);
		for (size_t n = 0; n < 2000; n++)
			pst_buf_add(&buf, row.value);
		row.value = pst_buf_slice(&buf);
		run_from_rows(&row, 1);
		pst_arena_free(arena);
	}
}

static void
test_verdict_words(void **state)
{
	(void)state;
	assert_string_equal(pst_from_verdict_word(PST_FROM_SINGLE), "single");
	assert_string_equal(pst_from_verdict_word(PST_FROM_MULTI), "multi");
	assert_string_equal(pst_from_verdict_word(PST_FROM_NONE), "none");
	assert_string_equal(
	    pst_from_verdict_word(PST_FROM_MALFORMED), "malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_from_valid),
	    cmocka_unit_test(test_from_malformed),
	    cmocka_unit_test(test_from_attacks),
	    cmocka_unit_test(test_from_field_count),
	    cmocka_unit_test(test_from_domain_limit),
	    cmocka_unit_test(test_from_repeated),
	    cmocka_unit_test(test_verdict_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mail/address.h"
#include "tests/unit/rows.h"

#define TEXT(s) PST_STR_INIT(s)

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

/*
 * Malformed fields and the domain that every reader finds in them; "" if two
 * readers may find two.
 */
static const struct {
	const char *label;
	struct pst_str value;
	const char *want;
} only_rows[] = {
    {"brackets in the name", TEXT(" [Bank] Support <x@bank.example>"),
	"bank.example"},
    {"backslash in the name", TEXT(" CORP\\jo <x@bank.example>"),
	"bank.example"},
    {"final semicolon", TEXT(" Bank <x@bank.example>;"), "bank.example"},
    {"comma in the name", TEXT(" Doe, Jo <jo@bank.example>"), "bank.example"},
    {"address as the name", TEXT(" x@bank.example <x@bank.example>"),
	"bank.example"},
    {"name after it", TEXT(" <x@Bank.Example.> Support"), "bank.example"},
    {"final dots", TEXT(" [x] x@bank.example. <x@bank.example. >"),
	"bank.example"},
    {"unclosed", TEXT(" Bank <x@bank.example"), "bank.example"},
    {"unclosed quote", TEXT(" \"Bank <x@bank.example>"), "bank.example"},
    {"in square brackets", TEXT(" [x@bank.example]"), "bank.example"},
    {"no local part", TEXT(" Bank <@bank.example>"), "bank.example"},
    {"fold after it", TEXT(" [Bank]\n <x@bank.example>\n\tSupport"),
	"bank.example"},
    {"invalid local part", TEXT(" a b@bank.example"), "bank.example"},
    {"U-label",
	TEXT(" [x] <a@b\xc3\xbc"
	     "cher.example>"),
	"xn--bcher-kva.example"},
    {"encoded name", TEXT(" =?utf-8?q?Bank?= <x@bank.example>;"),
	"bank.example"},

    {"nothing", TEXT(""), ""},
    {"no address", TEXT(" Bank Support;"), ""},
    {"encoded only", TEXT(" =?utf-8?q?=3Cx=40bank.example=3E?="), ""},
    {"two domains", TEXT(" [x] <a@bank.example>, <b@evil.example>"), ""},
    {"other domain in a comment", TEXT(" [x] <a@bank.example> (b@evil.example"),
	""},
    {"other domain in quotes", TEXT(" \"a@evil.example\" [x] <a@bank.example>"),
	""},
    {"sub-domain", TEXT(" [x] a@bank.example <a@mail.bank.example>"), ""},
    {"with and without a domain", TEXT(" a@bank.example, b@localhost"), ""},
    {"literal and a domain", TEXT(" a@bank.example, b@[192.0.2.1]"), ""},
    {"source route", TEXT(" [x] <@evil.example:a@bank.example>"), ""},
    {"two at signs", TEXT(" a@b@bank.example"), ""},
    {"two at signs in a row", TEXT(" a@@bank.example"), ""},
    {"at sign after it", TEXT(" [x] <a@bank.example @x>"), ""},
    {"dot after a blank", TEXT(" [x] <a@bank.example .evil.example>"), ""},
    {"dot after a fold", TEXT(" [x] <a@bank.example\n .evil.example>"), ""},
    {"blank after the final dot", TEXT(" [x] <a@evil.example. bank.example>"),
	""},
    {"fold after the final dot", TEXT(" [x] <a@evil.example.\n\tbank.example>"),
	""},
    {"comment after it", TEXT(" [x] <a@bank.example(x).evil.example>"), ""},
    {"comment after a blank", TEXT(" [x] <a@bank.example (x).evil.example>"),
	""},
    {"slash after it", TEXT(" a@bank.example/evil.example"), ""},
    {"colon after it", TEXT(" a@bank.example:evil.example"), ""},
    {"quoted domain", TEXT(" a@\"bank.example\""), ""},
    {"blank before it", TEXT(" [x] <a@ bank.example>"), ""},
    {"dot before it", TEXT(" [x] <a@.bank.example>"), ""},
    {"single label", TEXT(" [x] <a@localhost>"), ""},
    {"NUL after it", TEXT(" [x] <a@bank.example>\0"), ""},
    {"CR after it", TEXT(" [x] <a@bank.example>\r"), ""},
    {"wide at sign",
	TEXT(" [x] <a@bank.example> b\xef\xbc\xa0"
	     "evil.example"),
	""},
    {"small at sign",
	TEXT(" [x] <a@bank.example> b\xef\xb9\xab"
	     "evil.example"),
	""},
    {"zero width after it", TEXT(" [x] <a@bank.example\xe2\x80\x8b>"), ""},
};

static void
test_one_field(void **state)
{
	(void)state;
	FOR_ROWS(i, only_rows, only_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		char *copy = exact(only_rows[i].value);
		struct pst_str value = {copy, only_rows[i].value.len};
		struct pst_from from;

		pst_from_parse(arena, &value, 1, &from);
		free(copy);
		assert_int_equal(from.verdict, PST_FROM_MALFORMED);
		assert_string_equal(
		    from.only_domain == NULL ? "" : from.only_domain,
		    only_rows[i].want);
		pst_arena_free(arena);
	}
}

/* What several From fields have in common; a valid one has no only_domain. */
static void
test_several_fields(void **state)
{
	static const struct {
		const char *label;
		struct pst_str values[PST_FROM_MAX_FIELDS + 1];
		size_t count;
		const char *want;
	} rows[] = {
	    {"valid", {TEXT(" <a@bank.example>")}, 1, ""},
	    {"twice the same",
		{TEXT(" <a@bank.example>"), TEXT(" [x] b@BANK.example")}, 2,
		"bank.example"},
	    {"two", {TEXT(" a@bank.example"), TEXT(" a@evil.example")}, 2, ""},
	    {"one is not known", {TEXT(" a@bank.example"), TEXT("")}, 2, ""},
	    {"as many as are read",
		{TEXT("a@b.example"), TEXT("a@b.example"), TEXT("a@b.example"),
		    TEXT("a@b.example")},
		4, "b.example"},
	    {"one more",
		{TEXT("a@b.example"), TEXT("a@b.example"), TEXT("a@b.example"),
		    TEXT("a@b.example"), TEXT("a@b.example")},
		5, ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_from from;

		pst_from_parse(arena, rows[i].values, rows[i].count, &from);
		assert_string_equal(
		    from.only_domain == NULL ? "" : from.only_domain,
		    rows[i].want);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_field),
	    cmocka_unit_test(test_several_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

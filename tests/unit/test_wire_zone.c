/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "dns/wire.h"
#include "tests/unit/rows.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

struct listing {
	struct pst_arena *arena;
	const char *text;
	bool stop;
};

static bool
list_rr(void *arg, const struct pst_wire_rr *rr, struct pst_err *err)
{
	struct listing *listing = arg;
	char ip[PST_IP_TEXT_SIZE];

	if (listing->stop)
		return pst_err_set(err, "stopped at a record");
	listing->text = pst_arena_printf(listing->arena,
	    "%s%.*s %u %u %s%u:%zu:%.*s\n", listing->text,
	    PST_STR_ARG(rr->owner), rr->type, (unsigned)rr->ttl,
	    pst_ip_text(&rr->data.ip, ip), rr->data.preference,
	    rr->data.data.len, PST_STR_ARG(rr->data.data));
	return true;
}

static bool
list_directive(
    void *arg, struct pst_str text, unsigned line, struct pst_err *err)
{
	struct listing *listing = arg;

	if (pst_str_eq(text, PST_STR("bad")))
		return pst_err_set(err, "stopped at a directive");
	listing->text = pst_arena_printf(listing->arena, "%s;!%u:%.*s\n",
	    listing->text, line, PST_STR_ARG(text));
	return true;
}

static bool
read_zone(struct listing *listing, struct pst_str zone, struct pst_err *err)
{
	FILE *file = tmpfile();
	bool ok;

	assert_non_null(file);
	assert_int_equal(fwrite(zone.ptr, 1, zone.len, file), zone.len);
	rewind(file);
	listing->arena = pst_arena_new();
	listing->text = "";
	ok = pst_wire_read_zone(file, "z",
	    (struct pst_wire_visitor){list_rr, list_directive, listing}, err);
	fclose(file);
	return ok;
}

static void
test_zone_records(void **state)
{
	static const struct {
		const char *label;
		struct pst_str zone;
		const char *expected;
	} rows[] = {
	    {"empty", PST_STR_INIT(""), ""},
	    {"blank lines and comments", PST_STR_INIT("\n \t\n; x\n  ; (\n"),
		""},
	    {"no final line end", PST_STR_INIT("A.Example A 192.0.2.1"),
		"a.example 1 3600 192.0.2.10:0:\n"},
	    {"CR LF", PST_STR_INIT("a. A 192.0.2.1\r\n"),
		"a 1 3600 192.0.2.10:0:\n"},
	    {"the root is the origin", PST_STR_INIT("a.example MX 1 b\n"),
		"a.example 15 3600 1:1:b\n"},
	    {"origin and TTL",
		PST_STR_INIT("$ORIGIN Example.\n$TTL 1h30m\n@ A 192.0.2.1\n"
			     "$origin sub\n$ttl 7\nx 9 MX 10 y\n"),
		"example 1 5400 192.0.2.10:0:\n"
		"x.sub.example 15 9 10:13:y.sub.example\n"},
	    {"owner left out", PST_STR_INIT("a. A 192.0.2.1\n\tA 192.0.2.2\n"),
		"a 1 3600 192.0.2.10:0:\na 1 3600 192.0.2.20:0:\n"},
	    {"parentheses",
		PST_STR_INIT("a. MX ( 1 ; (\n\n  b.\n) ; x\n"
			     "b. ( A\n192.0.2.1 )\n"),
		"a 15 3600 1:1:b\nb 1 3600 192.0.2.10:0:\n"},
	    {"TXT", PST_STR_INIT("a. TXT \"a;(b)\" c \"\" \"d e\tf\"\n"),
		"a 16 3600 0:11:a;(b)cd e\tf\n"},
	    {"TXT escapes", PST_STR_INIT("a. TXT \"\\\"\\\\\\;\\046\\255\"\n"),
		"a 16 3600 0:5:\"\\;.\xff\n"},
	    {"TXT ends in a backslash", PST_STR_INIT("a. TXT \"\\\\\" \"b\"\n"),
		"a 16 3600 0:2:\\b\n"},
	    {"TXT bare escapes", PST_STR_INIT("a. TXT a\\ b\\;c\\(\n"),
		"a 16 3600 0:6:a b;c(\n"},
	    {"odd octets in names",
		PST_STR_INIT("\\032\\127\\;\xc3.X 1 PTR \\Y\\064z.\n"),
		"\x20\x7f;\xc3.x 12 1 0:3:y@z\n"},
	    {"CNAME, AAAA, wildcard",
		PST_STR_INIT("*.a CNAME B.\nb AAAA 2001:db8::1\n"),
		"*.a 5 3600 0:1:b\nb 28 3600 2001:db8::10:0:\n"},
	    {"other types",
		PST_STR_INIT("a. SOA b. c\\.d. 1 2 3 4 5\na NS b.\n"),
		"a 6 3600 0:0:\na 2 3600 0:0:\n"},
	    {"unknown type", PST_STR_INIT("a. TYPE4711 \\# 2 0102\n"),
		"a 4711 3600 0:0:\n"},
	    {"directives",
		PST_STR_INIT(";!\n;!  timeout a.b \r\n; ! no\n ;! no\n"),
		";!1:\n;!2:timeout a.b\n"},
	    {"no directive inside parentheses",
		PST_STR_INIT("a. A (\n;! x\n192.0.2.1 )\n"),
		"a 1 3600 192.0.2.10:0:\n"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct listing listing = {0};
		struct pst_err err = {0};

		if (!read_zone(&listing, rows[i].zone, &err))
			fail_msg("%s", err.text);
		if (strcmp(listing.text, rows[i].expected) != 0)
			fail_msg("%s", listing.text);
		pst_arena_free(listing.arena);
	}
}

static void
test_zone_errors(void **state)
{
	static const struct {
		struct pst_str zone;
		const char *where;
		const char *what;
	} rows[] = {
	    {PST_STR_INIT("a. A 192.0.2.1\n\nb. A 192.0.2\n"),
		"z:3: ", "rdata"},
	    {PST_STR_INIT("a. A\n"), "z:1: ", "value expected"},
	    {PST_STR_INIT("a. A 192.0.2.1 x\n"), "z:1: ", "superfluous"},
	    {PST_STR_INIT("a. MX (\n 10\n"), "z:2: ", "( is not closed"},
	    {PST_STR_INIT("\na. MX (\n x b )\n"), "z:2: ", "rdata"},
	    {PST_STR_INIT("a. A 192.0.2.1 )\n"), "z:1: ", "no ( before"},
	    {PST_STR_INIT("a. TXT \"b\n"), "z:1: ", "\" is not closed"},
	    {PST_STR_INIT("a. TXT (\n\"b\nc\")\n"),
		"z:2: ", "\" is not closed"},
	    {PST_STR_INIT("a. TXT b\\\n"), "z:1: ", "000 to 255"},
	    {PST_STR_INIT("a. TXT \\256\n"), "z:1: ", "000 to 255"},
	    {PST_STR_INIT("a. TXT \\12\n"), "z:1: ", "000 to 255"},
	    {PST_STR_INIT("a. TXT \0\n"), "z:1: ", "NUL"},
	    {PST_STR_INIT("a. FOO b\n"), "z:1: ", "Syntax error"},
	    {PST_STR_INIT("  A 192.0.2.1\n"), "z:1: ", "no owner"},
	    {PST_STR_INIT("a..b A 192.0.2.1\n"), "z:1: ", "bad name"},
	    {PST_STR_INIT("\"a\" A 192.0.2.1\n"), "z:1: ", "bad name"},
	    {PST_STR_INIT(L63 "1 A 192.0.2.1\n"), "z:1: ", "bad name"},
	    {PST_STR_INIT(
		 "$ORIGIN " L63 "." L63 "." L63 "." L63 "\n\na A 192.0.2.1\n"),
		"z:1: ", "name"},
	    {PST_STR_INIT(
		 "$ORIGIN " L63 "." L63 "." L63 ".\n" L63 " A 192.0.2.1\n"),
		"z:2: ", "too long"},
	    {PST_STR_INIT("a\\.b A 192.0.2.1\n"), "z:1: ", "dot inside"},
	    {PST_STR_INIT("a MX 1 b\\046c\n"), "z:1: ", "dot inside"},
	    {PST_STR_INIT("a CH TXT x\n"), "z:1: ", "class"},
	    {PST_STR_INIT("$ORIGIN\n"), "z:1: ", "one value"},
	    {PST_STR_INIT("$TTL 1 2\n"), "z:1: ", "one value"},
	    {PST_STR_INIT("$TTL x\n"), "z:1: ", "number"},
	    {PST_STR_INIT("$TTL 1x\n"), "z:1: ", "number"},
	    {PST_STR_INIT("$INCLUDE /dev/null\n"), "z:1: ", "only $ORIGIN"},
	    {PST_STR_INIT("a A 192.0.2.1\n;! bad\n"),
		"z:2: ", "stopped at a directive"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].what) {
		struct listing listing = {0};
		struct pst_err err = {0};

		if (read_zone(&listing, rows[i].zone, &err))
			fail_msg("accepted: %s", rows[i].zone.ptr);
		if (strncmp(err.text, rows[i].where, strlen(rows[i].where)) !=
			0 ||
		    strstr(err.text, rows[i].what) == NULL)
			fail_msg("%s: %s", rows[i].zone.ptr, err.text);
		pst_arena_free(listing.arena);
	}
}

static void
test_zone_callback_stops(void **state)
{
	struct listing listing = {.stop = true};
	struct pst_err err = {0};

	(void)state;
	assert_false(
	    read_zone(&listing, PST_STR("\na A 192.0.2.1\nb A x\n"), &err));
	assert_string_equal(err.text, "z:2: stopped at a record");
	pst_arena_free(listing.arena);
}

static void
test_zone_long_text(void **state)
{
	static char zone[80000];
	struct listing listing = {0};
	struct pst_err err = {0};
	size_t len;

	(void)state;
	/* 64 strings of 255 octets: the longest TXT that a message may use. */
	len = (size_t)snprintf(zone, sizeof(zone), "a. TXT (");
	for (int i = 0; i < 64; i++)
		len += (size_t)snprintf(
		    zone + len, sizeof(zone) - len, "\n \"%0255d\"", i);
	len += (size_t)snprintf(zone + len, sizeof(zone) - len, ")\n");
	if (!read_zone(&listing, (struct pst_str){zone, len}, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(listing.text, "a 16 3600 0:16320:0000", 22);
	pst_arena_free(listing.arena);

	memset(zone + 7, 'x', 70000);
	assert_false(read_zone(&listing, (struct pst_str){zone, 70000}, &err));
	assert_string_equal(err.text, "z:1: the record is too long");
	pst_arena_free(listing.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zone_records),
	    cmocka_unit_test(test_zone_errors),
	    cmocka_unit_test(test_zone_callback_stops),
	    cmocka_unit_test(test_zone_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

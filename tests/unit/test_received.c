/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "mail/received.h"
#include "tests/unit/rows.h"

static void
expect_text(
    const char *label, const char *what, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg(
		    "%s: %s is \"%s\", not \"%s\"", label, what, got, wanted);
}

/* A lenient reading, for a person who inspects a saved message. */
static const struct {
	const char *label;
	const char *value;
	const char *ip; /* "": none */
	const char *name;
	const char *helo;
} rows[] = {
    {"Postfix", " from mx.a.example (mail.a.example [192.0.2.1])\n\tby g",
	"192.0.2.1", "mail.a.example", "mx.a.example"},
    {"Postfix without a name", " from mx (unknown [192.0.2.1]) by g",
	"192.0.2.1", "", "mx"},
    {"Postfix with IPv6", " from mx (mail [IPv6:2001:db8::1]) by g",
	"2001:db8::1", "mail", "mx"},
    {"Postfix and TLS",
	" from mx (mail [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 "
	"bits))\n\t(Client did not present a certificate) by g",
	"192.0.2.1", "mail", "mx"},
    {"Sendmail", " from mx (mail.example. [192.0.2.1] (may be forged)) by g",
	"192.0.2.1", "mail.example", "mx"},
    {"no name in the comment", " from mx ([192.0.2.1]) by g", "192.0.2.1", "",
	"mx"},
    {"HELO is a literal", " from [192.0.2.7] (mail [192.0.2.1]) by g",
	"192.0.2.1", "mail", "[192.0.2.7]"},
    {"literal alone", " from [192.0.2.7] by g", "192.0.2.7", "", "[192.0.2.7]"},
    {"literal and Exim's helo", " from [192.0.2.7] (helo=mx) by g", "192.0.2.7",
	"", "mx"},
    {"Exim with a port", " from mail ([192.0.2.1]:25 helo=mx.example) by g",
	"192.0.2.1", "", "mx.example"},
    {"EHLO in the comment", " from mail (EHLO mx.example) (192.0.2.1) by g",
	"192.0.2.1", "", "mx.example"},
    {"HELO in the comment", " from unknown (HELO mx) (192.0.2.1) by g",
	"192.0.2.1", "", "mx"},
    {"address without brackets", " from mx (192.0.2.1) by g", "192.0.2.1", "",
	"mx"},
    {"the first address counts",
	" from mx (a [192.0.2.1]) (b [192.0.2.2]) by g", "192.0.2.1", "a",
	"mx"},
    {"an address after by is not the client's", " from mx by g ([192.0.2.1])",
	"", "", "mx"},
    {"an address in the date part is not", " from mx; ([192.0.2.1])", "", "",
	"mx"},
    {"only by", " by g ([192.0.2.1]) id 1", "", "", ""},
    {"no address", " from mx (unknown) by g", "", "", "mx"},
    {"a bad address", " from mx (mail [192.0.2.300]) by g", "", "", "mx"},
    {"an open comment", " from mx (mail [192.0.2.1]", "192.0.2.1", "mail",
	"mx"},
    {"an open bracket", " from mx (mail [192.0.2.1", "192.0.2.1", "mail", "mx"},
    {"closing ones", " from mx ))) by g", "", "", "mx"},
    {"EHLO at the end", " from mx (EHLO", "", "", ""},
    {"a control in the HELO", " from m\001x ([192.0.2.1])", "192.0.2.1", "",
	""},
    {"empty", "", "", "", ""},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *label = rows[i].label;
		struct pst_received got;
		char ip[PST_IP_TEXT_SIZE];

		pst_received_parse(arena, pst_str(rows[i].value), &got);
		expect_text(label, "ip", pst_ip_text(&got.ip, ip), rows[i].ip);
		expect_text(label, "name", got.name, rows[i].name);
		expect_text(label, "helo", got.helo, rows[i].helo);
		if (got.doubted != (strcmp(label, "Sendmail") == 0))
			fail_msg("%s: doubted is %d", label, got.doubted);
		pst_arena_free(arena);
	}
}

/* A strict reading, on which a decision may rely. */
static const struct {
	const char *label;
	struct pst_str value;
	bool sure;
	const char *ip;
	const char *helo;
	const char *by;
} sure_rows[] = {
#define V(literal) PST_STR_INIT(literal)
    {"Postfix",
	V(" from mx.a.example (mail.a.example [192.0.2.1])\n"
	  "\t(using TLSv1.3 with cipher X (256/256 bits))\n"
	  "\t(Client did not present a certificate)\n"
	  "\tby MX2.Example.ORG (Postfix) with ESMTPS id 4F\n"
	  "\tfor <you@example.org>; Mon,  5 Jan 2026 10:00:00 +0000 (UTC)"),
	true, "192.0.2.1", "mx.a.example", "mx2.example.org"},
    {"Postfix, HELO is a literal",
	V(" from [10.0.0.1] (unknown [192.0.2.1]) by mx2 with SMTP"), true,
	"192.0.2.1", "[10.0.0.1]", "mx2"},
    {"Postfix, IPv6", V(" from mx (mail [IPv6:2001:db8::1]) by mx2"), true,
	"2001:db8::1", "mx", "mx2"},
    {"Sendmail",
	V(" from mx (IDENT:joe@mail.example [192.0.2.1] (may be forged))\n"
	  "\tby mx2.example (8.17/8.17) with ESMTP id x; date"),
	true, "192.0.2.1", "mx", "mx2.example"},
    {"Exim, a name",
	V(" from mail.a.example ([192.0.2.1]:4711 helo=mx) by mx2 with esmtp"),
	true, "192.0.2.1", "mx", "mx2"},
    {"Exim, the name is the HELO",
	V(" from mail.a.example ([192.0.2.1]) by mx2"), true, "192.0.2.1",
	"mail.a.example", "mx2"},
    {"Exim, no name", V(" from [192.0.2.1] (port=25 helo=mx)\n\tby mx2 with x"),
	true, "192.0.2.1", "mx", "mx2"},
    {"Exim, HELO is another literal",
	V(" from [192.0.2.1] (helo=[10.0.0.1]) by mx2"), true, "192.0.2.1",
	"[10.0.0.1]", "mx2"},
    {"Exim, HELO is its literal", V(" from [192.0.2.1] by mx2"), true,
	"192.0.2.1", "[192.0.2.1]", "mx2"},
    {"by a literal", V(" from mx (m [192.0.2.1]) by [192.0.2.25] x"), true,
	"192.0.2.1", "mx", "[192.0.2.25]"},

    {"no by", V(" from mx (mail [192.0.2.1]); date"), false, "192.0.2.1", "mx",
	""},
    {"by without a name", V(" from mx (mail [192.0.2.1]) by"), false,
	"192.0.2.1", "mx", ""},
    {"by something else", V(" from mx (mail [192.0.2.1]) by a..b"), false,
	"192.0.2.1", "mx", ""},
    {"by in a comment only", V(" from mx (mail [192.0.2.1] by mx2"), false,
	"192.0.2.1", "mx", ""},
    {"by before from", V(" by mx2 from mx (mail [192.0.2.1])"), false, "", "",
	"mx2"},
    {"a local one", V(" by mx2 (Postfix, from userid 0) id 4F"), false, "", "",
	"mx2"},
    {"no brackets", V(" from mx (192.0.2.1) by mx2"), false, "192.0.2.1", "mx",
	"mx2"},
    {"open bracket", V(" from mx (mail [192.0.2.1) by mx2"), false, "192.0.2.1",
	"mx", "mx2"},
    {"qmail, HELO first", V(" from unknown (HELO mx) ([192.0.2.1]) by mx2"),
	false, "192.0.2.1", "mx", "mx2"},
    {"an address in the HELO word of a comment",
	V(" from u (HELO x [10.0.0.1]) ([192.0.2.1]) by mx2"), false,
	"10.0.0.1", "x", "mx2"},
    {"the second comment", V(" from mx (x) (mail [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"a nested comment", V(" from mx ((mail [192.0.2.1])) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"two names", V(" from mx (a b [192.0.2.1]) by mx2"), false, "192.0.2.1",
	"mx", "mx2"},
    {"two addresses", V(" from mx ([10.0.0.300] [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"a word too many", V(" from mx x (mail [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"a literal, and a comment without address",
	V(" from [10.0.0.1] (unknown) by mx2"), false, "10.0.0.1", "[10.0.0.1]",
	"mx2"},
    {"a closing one too many", V(" from mx) (mail [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"a backslash", V(" from m\\x (mail [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "m\\x", "mx2"},
    {"a quote", V(" from \"mx\" (mail [192.0.2.1]) by mx2"), false, "192.0.2.1",
	"\"mx\"", "mx2"},
    {"a NUL", V(" from m\0x (mail [192.0.2.1]) by mx2"), false, "192.0.2.1", "",
	"mx2"},
    {"a CR", V(" from mx\r (mail [192.0.2.1]) by mx2"), false, "192.0.2.1", "",
	"mx2"},
    {"an 8-bit octet", V(" from mx (m\xc3\xa9 [192.0.2.1]) by mx2"), false,
	"192.0.2.1", "mx", "mx2"},
    {"a bad port", V(" from mx ([192.0.2.1]:x) by mx2"), false, "192.0.2.1",
	"mx", "mx2"},
    {"a scope id", V(" from mx ([fe80::1%eth0]) by mx2"), false, "", "mx",
	"mx2"},
#undef V
};

static void
test_sure_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, sure_rows, sure_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *label = sure_rows[i].label;
		struct pst_received got;
		char ip[PST_IP_TEXT_SIZE];

		pst_received_parse(arena, sure_rows[i].value, &got);
		if (got.sure != sure_rows[i].sure)
			fail_msg("%s: sure is %d", label, got.sure);
		expect_text(
		    label, "ip", pst_ip_text(&got.ip, ip), sure_rows[i].ip);
		expect_text(label, "helo", got.helo, sure_rows[i].helo);
		expect_text(label, "by", got.by, sure_rows[i].by);
		pst_arena_free(arena);
	}
}

/* The writer of a field, and the protocol. */
static const struct {
	const char *label;
	const char *value;
	const char *by;
	const char *by_ip; /* "": none */
	const char *with;
} writer_rows[] = {
    {"Postfix", " from mx (m [192.0.2.1]) by g.example (Postfix) with ESMTPS",
	"g.example", "", "ESMTPS"},
    {"LMTP", " from g.example\n\tby box.example with LMTP\n\tid A; date",
	"box.example", "", "LMTP"},
    {"Exchange",
	" from a.example (2001:db8::1) by b.example (2001:db8::2) with Microsoft "
	"SMTP Server (version=TLS1_2; x) id 15.20; date",
	"b.example", "2001:db8::2", "Microsoft"},
    {"Gmail", " by 2002:a05:6402:1204:b0:40f:1 with SMTP id x; date", "", "",
	"SMTP"},
    {"a comment with a semicolon", " from a by b (x; y) with HTTP", "b", "",
	"HTTP"},
    {"with in a comment", " from a by b (with LMTP) id 1 with SMTP", "b", "",
	"SMTP"},
    {"with after the end", " from a by b; with LMTP", "b", "", ""},
    {"with in front of by", " from with (LMTP [192.0.2.1]) by b", "b", "", ""},
    {"the HELO is a word of ours", " from by (m [192.0.2.1]) by b with SMTP",
	"b", "", "SMTP"},
    {"with nothing", " from a by b with", "b", "", ""},
    {"closing ones", " from a by b ))) with x", "b", "", "x"},
};

static void
test_writer_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, writer_rows, writer_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *label = writer_rows[i].label;
		struct pst_received got;
		char ip[PST_IP_TEXT_SIZE];

		pst_received_parse(arena, pst_str(writer_rows[i].value), &got);
		expect_text(label, "by", got.by, writer_rows[i].by);
		expect_text(label, "by_ip", pst_ip_text(&got.by_ip, ip),
		    writer_rows[i].by_ip);
		expect_text(label, "with", got.with, writer_rows[i].with);
		pst_arena_free(arena);
	}
}

/* A field that is cut off anywhere is not read beyond its end. */
static void
test_cut_off(void **state)
{
	static const char field[] =
	    " from mx (IDENT:a@m.example [192.0.2.1]:25 (EHLO x; y)) by [::1];";
	struct pst_arena *arena = pst_arena_new();
	struct pst_received got;

	(void)state;
	for (size_t len = 0; len < sizeof(field); len++) {
		char *copy = pst_arena_memdup(arena, field, len);

		pst_received_parse(arena, (struct pst_str){copy, len}, &got);
		assert_true(!got.sure || got.ip.family == PST_IP_V4);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_sure_rows),
	    cmocka_unit_test(test_writer_rows),
	    cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

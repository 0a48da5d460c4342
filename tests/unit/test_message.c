/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tools/envelope.h"
#include "tools/message.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))
#define RAW(literal)                                                           \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

static void
expect_text(
    const char *label, const char *what, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg(
		    "%s: %s is \"%s\", not \"%s\"", label, what, got, wanted);
}

/* Returns "Name=value|Name=value|", with unprintable octets escaped. */
static const char *
fields_text(struct pst_arena *arena, const struct pst_saved_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < message->count; i++) {
		pst_buf_add_escaped(&buf, message->fields[i].name);
		pst_buf_add_char(&buf, '=');
		pst_buf_add_escaped(&buf, message->fields[i].value);
		pst_buf_add_char(&buf, '|');
	}
	return pst_buf_str(&buf);
}

static const struct {
	const char *label;
	struct pst_str raw;
	const char *fields; /* NULL: refused */
	const char *body;   /* escaped; the error text when refused */
} parse_rows[] = {
    {"LF", RAW("A: 1\nB: 2\n\nx\ny\n"), "A= 1|B= 2|", "x\\x0D\\x0Ay\\x0D\\x0A"},
    {"CRLF", RAW("A: 1\r\nB: 2\r\n\r\nx\r\n"), "A= 1|B= 2|", "x\\x0D\\x0A"},
    {"mixed", RAW("A: 1\r\nB: 2\n\r\nx"), "A= 1|B= 2|", "x\\x0D\\x0A"},
    {"mbox line", RAW("From a@b Mon Jan  5 10:00:00 2026\nA: 1\n\n"), "A= 1|",
	""},
    {"mbox line only once", RAW("From a@b x\nFrom a@b y\nA: 1\n\n"), NULL,
	"T does not begin with a header field, so it is not a message"},
    {"From with a blank before the colon", RAW("From : a@b\n\n"), "From= a@b|",
	""},
    {"no end of header", RAW("A: 1"), "A= 1|", ""},
    {"no body", RAW("A: 1\n\n"), "A= 1|", ""},
    {"a body of one empty line", RAW("A: 1\n\n\n"), "A= 1|", "\\x0D\\x0A"},
    {"folds", RAW("A: 1\r\n 2\r\n\t3\r\nB:\r\n x\r\n\r\n"),
	"A= 1\\x0A 2\\x0A\\x093|B=\\x0A x|", ""},
    {"fold of blanks", RAW("A: a\n \t \n b\n\n"), "A= a\\x0A \\x09 \\x0A b|",
	""},
    {"blanks around", RAW("A \t: 1  \n\n"), "A= 1  |", ""},
    {"no blank, two, a tab", RAW("A:1\nA:  2\nA:\t3\nA:\n\n"),
	"A=1|A=  2|A=\\x093|A=|", ""},
    {"a line that is not a field ends the header", RAW("A: 1\nhello\nB: 2\n"),
	"A= 1|", "hello\\x0D\\x0AB: 2\\x0D\\x0A"},
    {"eight-bit octets in a name", RAW("A: 1\nB\xc3\xa9: 2\n\n"), "A= 1|",
	"B\\xC3\\xA9: 2\\x0D\\x0A\\x0D\\x0A"},
    {"eight-bit octets in a value", RAW("A: \xc3\xa9\n\n"), "A= \\xC3\\xA9|",
	""},
    {"bare CR", RAW("A: 1\r2\n\nx\ry\n"), "A= 1 2|", "x y\\x0D\\x0A"},
    {"CR CR LF", RAW("A: 1\r\r\n\nx"), "A= 1 |", "x\\x0D\\x0A"},
    {"a CR at the end", RAW("A: 1\n\nx\r"), "A= 1|", "x \\x0D\\x0A"},
    {"NUL in a value", RAW("A: 1\0002\nB: 3\n\n"), "A= 1|B= 3|", ""},
    {"NUL in a name", RAW("A: 1\nB\0: 3\n\n"), "A= 1|",
	"B\\x00: 3\\x0D\\x0A\\x0D\\x0A"},
    {"NUL in the body", RAW("A: 1\n\nx\0y\n"), "A= 1|", "x\\x00y\\x0D\\x0A"},
    {"empty", RAW(""), NULL, "T is empty"},
    {"a blank first", RAW(" A: 1\n\n"), NULL,
	"T does not begin with a header field, so it is not a message"},
    {"an empty line first", RAW("\nA: 1\n\n"), NULL,
	"T does not begin with a header field, so it is not a message"},
    {"no name", RAW(": 1\n\n"), NULL,
	"T does not begin with a header field, so it is not a message"},
    {"no colon", RAW("hello"), NULL,
	"T does not begin with a header field, so it is not a message"},
};

static void
parses(void **state)
{
	(void)state;
	FOR_ROWS(i, parse_rows, parse_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *label = parse_rows[i].label;
		struct pst_saved_message message;
		struct pst_err err = {""};
		bool ok = pst_message_parse(
		    arena, parse_rows[i].raw, "T", &message, &err);
		if (ok != (parse_rows[i].fields != NULL))
			fail_msg("%s: parsed is %d: %s", label, ok, err.text);
		if (ok) {
			expect_text(label, "header",
			    fields_text(arena, &message), parse_rows[i].fields);
			expect_text(label, "body",
			    pst_escaped(arena, message.body),
			    parse_rows[i].body);
		} else {
			expect_text(
			    label, "sentence", err.text, parse_rows[i].body);
		}
		pst_arena_free(arena);
	}
}

static void
keeps_many_fields(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_saved_message message;
	struct pst_buf buf;
	struct pst_str value;
	struct pst_err err;

	(void)state;
	pst_buf_init(&buf, arena, 1 << 20);
	for (unsigned i = 0; i < 5000; i++)
		pst_buf_printf(&buf, "X-%u: %u\n", i, i);
	assert_true(
	    pst_message_parse(arena, pst_buf_slice(&buf), "T", &message, &err));
	assert_int_equal(message.count, 5000);
	assert_true(pst_message_find(&message, "x-4999", &value));
	assert_true(pst_str_eq(value, PST_STR(" 4999")));
	assert_false(pst_message_find(&message, "X-5000", &value));
	pst_arena_free(arena);
}

static void
reads_files(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_saved_message message;
	struct pst_err err;
	char name[] = "/tmp/test_message.XXXXXX";
	int fd = mkstemp(name);
	static const char text[] = "A: 1\n\n";

	(void)state;
	assert_true(fd >= 0);
	for (int i = 0; i < 30000; i++)
		assert_int_equal(write(fd, text, 6), 6);
	close(fd);
	assert_true(pst_message_read(arena, name, &message, &err));
	assert_int_equal(message.count, 1);
	assert_int_equal(message.body.len, 29999 * 8);
	unlink(name);
	assert_false(pst_message_read(arena, name, &message, &err));
	assert_non_null(strstr(err.text, name));
	assert_false(pst_message_read(arena, "/", &message, &err));
	assert_non_null(strstr(err.text, "cannot read /: Is a directory"));
	pst_arena_free(arena);
}

#define RECEIVED "Received: from mx (mail [192.0.2.1])\n by g; date\n"

static const struct {
	const char *label;
	const char *header;
	const char *ip; /* NULL: not given */
	const char *helo;
	const char *mail_from;
	const char *wanted; /* ip name helo mail-from; NULL: refused */
	const char *source; /* the error text when refused; "": NULL */
} envelope_rows[] = {
    {"all from the header", RECEIVED "Return-Path: <a@b>\n", NULL, NULL, NULL,
	"192.0.2.1 mail mx <a@b>",
	"ip 192.0.2.1 from Received, helo mx from Received, "
	"mail-from <a@b> from Return-Path"},
    {"all given", RECEIVED "Return-Path: <a@b>\n", "192.0.2.9", "h", "<c@d>",
	"192.0.2.9  h <c@d>", ""},
    {"helo and mail-from given", RECEIVED, NULL, "h", "<c@d>",
	"192.0.2.1 mail h <c@d>", "ip 192.0.2.1 from Received"},
    {"an empty helo given", RECEIVED, "192.0.2.9", "", "<>", "192.0.2.9   <>",
	""},
    {"the first Received counts",
	RECEIVED "Received: from x ([192.0.2.2]) by y\n", NULL, NULL, "<>",
	"192.0.2.1 mail mx <>",
	"ip 192.0.2.1 from Received, helo mx from Received"},
    {"null sender", RECEIVED "Return-Path: <>\n", NULL, "h", NULL,
	"192.0.2.1 mail h <>",
	"ip 192.0.2.1 from Received, mail-from <> from Return-Path"},
    {"Return-Path without brackets", "Return-Path: a@b\n", "192.0.2.9", "h",
	NULL, "192.0.2.9  h <a@b>", "mail-from <a@b> from Return-Path"},
    {"envelope-from",
	"Received: from mx ([192.0.2.1]) by g (envelope-from <e@f>)\n",
	"192.0.2.9", "h", NULL, "192.0.2.9  h <e@f>",
	"mail-from <e@f> from Received"},
    {"no sender", "A: 1\n", "192.0.2.9", "h", NULL, "192.0.2.9  h <>",
	"no mail-from found, <> assumed"},
    {"no helo", "A: 1\n", "192.0.2.9", NULL, "<>", "192.0.2.9   <>",
	"no helo found"},
    {"a control in Return-Path", "Return-Path: <a\001@b>\n", "192.0.2.9", "h",
	NULL, "192.0.2.9  h <>", "no mail-from found, <> assumed"},
    {"no address", "A: 1\n", NULL, "h", "<>", NULL,
	"no client address was found in the first Received field of T; give "
	"one with --ip"},
};

static void
completes_envelopes(void **state)
{
	(void)state;
	FOR_ROWS(i, envelope_rows, envelope_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *label = envelope_rows[i].label;
		struct pst_envelope got = {.helo = envelope_rows[i].helo,
		    .mail_from = envelope_rows[i].mail_from};
		struct pst_saved_message message;
		struct pst_err err = {""};
		char ip[PST_IP_TEXT_SIZE];
		if (envelope_rows[i].ip != NULL)
			assert_true(pst_ip_parse(
			    pst_str(envelope_rows[i].ip), &got.ip));
		assert_true(pst_message_parse(arena,
		    pst_str(envelope_rows[i].header), "T", &message, &err));
		bool ok =
		    pst_envelope_complete(arena, &message, "T", &got, &err);
		if (ok != (envelope_rows[i].wanted != NULL))
			fail_msg("%s: complete is %d", label, ok);
		if (ok) {
			expect_text(label, "envelope",
			    pst_arena_printf(arena, "%s %s %s %s",
				pst_ip_text(&got.ip, ip), got.name, got.helo,
				got.mail_from),
			    envelope_rows[i].wanted);
			expect_text(label, "source",
			    got.source == NULL ? "" : got.source,
			    envelope_rows[i].source);
		} else {
			expect_text(label, "sentence", err.text,
			    envelope_rows[i].source);
		}
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses),
	    cmocka_unit_test(keeps_many_fields),
	    cmocka_unit_test(reads_files),
	    cmocka_unit_test(completes_envelopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

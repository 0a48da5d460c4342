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

#define FIRST                                                                  \
	"the client address 192.0.2.1 was read from the first Received "       \
	"field, which g wrote"
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
	FIRST "; HELO mx from the same field; MAIL FROM <a@b> from "
	      "Return-Path"},
    {"all given", RECEIVED "Return-Path: <a@b>\n", "192.0.2.9", "h", "<c@d>",
	"192.0.2.9  h <c@d>", ""},
    {"helo and mail-from given", RECEIVED, NULL, "h", "<c@d>",
	"192.0.2.1 mail h <c@d>", FIRST},
    {"an empty helo given", RECEIVED, "192.0.2.9", "", "<>", "192.0.2.9   <>",
	""},
    {"the first Received counts",
	RECEIVED "Received: from x ([192.0.2.2]) by y\n", NULL, NULL, "<>",
	"192.0.2.1 mail mx <>", FIRST "; HELO mx from the same field"},
    {"null sender", RECEIVED "Return-Path: <>\n", NULL, "h", NULL,
	"192.0.2.1 mail h <>", FIRST "; MAIL FROM <> from Return-Path"},
    {"Return-Path without brackets", "Return-Path: a@b\n", "192.0.2.9", "h",
	NULL, "192.0.2.9  h <a@b>", "MAIL FROM <a@b> from Return-Path"},
    {"envelope-from",
	"Received: from mx ([192.0.2.1]) by g (envelope-from <e@f>)\n",
	"192.0.2.9", "h", NULL, "192.0.2.9  h <e@f>",
	"MAIL FROM <e@f> from \"envelope-from\" in the Received field"},
    {"no sender", "A: 1\n", "192.0.2.9", "h", NULL, "192.0.2.9  h <>",
	"no MAIL FROM was found, so <> is assumed"},
    {"no helo", "A: 1\n", "192.0.2.9", NULL, "<>", "192.0.2.9   <>",
	"no HELO name was found"},
    {"a control in Return-Path", "Return-Path: <a\001@b>\n", "192.0.2.9", "h",
	NULL, "192.0.2.9  h <>", "no MAIL FROM was found, so <> is assumed"},
    {"no address", "A: 1\n", NULL, "h", "<>", NULL,
	"no client address was found in the Received fields of T; give one "
	"with --ip"},
};

/* What is typed for a path; NULL: refused. */
static const struct {
	const char *typed;
	const char *wanted;
} path_rows[] = {
    {"a@b.example", "<a@b.example>"},
    {"<a@b.example>", "<a@b.example>"},
    {"Ann <a@b.example>", "<a@b.example>"},
    {"\"Ann <x@y>\" <a@b.example>", "<a@b.example>"},
    {"Ann <>", "<>"},
    {"", "<>"},
    {"<>", "<>"},
    {"<b.example>", "<b.example>"},
    {"<a@b", "<a@b"},
    {"b.example", NULL},
    {"root", NULL},
    {"Ann a@b.example", NULL},
    {"a@b.example>", NULL},
    {"@b.example", NULL},
    {"mailto:a@b.example c", NULL},
};

static void
takes_paths(void **state)
{
	(void)state;
	FOR_ROWS(i, path_rows, path_rows[i].typed) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_envelope given = {.rcpt = NULL};
		bool ok = pst_envelope_take(arena, "test", PST_OPT_MAIL_FROM,
		    path_rows[i].typed, &given);
		if (ok != (path_rows[i].wanted != NULL))
			fail_msg("%s: taken is %d", path_rows[i].typed, ok);
		if (ok)
			expect_text(path_rows[i].typed, "path", given.mail_from,
			    path_rows[i].wanted);
		pst_arena_free(arena);
	}
}

/* Returns "Name Name ", the fields that are left. */
static const char *
names_text(struct pst_arena *arena, const struct pst_saved_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < message->count; i++) {
		pst_buf_add(&buf, message->fields[i].name);
		pst_buf_add_char(&buf, ' ');
	}
	return pst_buf_str(&buf);
}

#define OURS "Authentication-Results: g; none\n"

static const struct {
	const char *label;
	const char *header;
	const char *ip; /* NULL: not given */
	const char *wanted;
} arrived_rows[] = {
    {"all above is left out",
	"Return-Path: <a@b>\nX-Spam: y\n" OURS RECEIVED "From: a@b\nTo: c@d\n",
	NULL, "From To "},
    {"the next Received is left", RECEIVED RECEIVED "From: a@b\n", NULL,
	"Received From "},
    {"the address is given", OURS RECEIVED "From: a@b\n", "192.0.2.1",
	"Authentication-Results Received From "},
    {"the author is above", "From: a@b\nX: y\n" OURS RECEIVED "To: c@d\n", NULL,
	"From X To "},
    {"a result field below", RECEIVED OURS "From: a@b\n", NULL,
	"Authentication-Results From "},
};

static void
leaves_out_what_was_added(void **state)
{
	static const char *const ids[] = {"g"};
	static const struct pst_site site = {.ids = ids, .id_count = 1};

	(void)state;
	FOR_ROWS(i, arrived_rows, arrived_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_envelope got = {.site = &site};
		struct pst_saved_message message, arrived;
		struct pst_err err;
		if (arrived_rows[i].ip != NULL)
			assert_true(
			    pst_ip_parse(pst_str(arrived_rows[i].ip), &got.ip));
		assert_true(pst_message_parse(arena,
		    pst_str(arrived_rows[i].header), "T", &message, &err));
		assert_true(
		    pst_envelope_complete(arena, &message, "T", &got, &err));
		arrived = pst_envelope_arrived(arena, &message, &got);
		expect_text(arrived_rows[i].label, "fields",
		    names_text(arena, &arrived), arrived_rows[i].wanted);
		pst_arena_free(arena);
	}
}

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
	    cmocka_unit_test(takes_paths),
	    cmocka_unit_test(leaves_out_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

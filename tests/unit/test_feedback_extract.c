/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/extract.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))
#define BYTES(literal)                                                         \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

static void
test_forms(void **state)
{
	static const struct {
		struct pst_str octets;
		enum pst_feedback_form form;
	} rows[] = {
	    {BYTES(""), PST_FORM_UNKNOWN},
	    {BYTES("<feedback/>"), PST_FORM_XML},
	    {BYTES("\r\n \t<?xml"), PST_FORM_XML},
	    {BYTES("\xef\xbb\xbf<a/>"), PST_FORM_XML},
	    {BYTES("\xff\xfe<\0"), PST_FORM_XML},
	    {BYTES("\xfe\xff\0<"), PST_FORM_XML},
	    {BYTES("<\0?\0"), PST_FORM_XML},
	    {BYTES("\0<\0?"), PST_FORM_XML},
	    {BYTES("\x1f\x8b"), PST_FORM_PACKED},
	    {BYTES("PK\x03\x04"), PST_FORM_PACKED},
	    {BYTES("PK\x05\x06"), PST_FORM_PACKED},
	    {BYTES("PK"), PST_FORM_UNKNOWN},
	    {BYTES("From: x\n"), PST_FORM_MAIL},
	    {BYTES("\n\nReturn-Path:<>\n"), PST_FORM_MAIL},
	    {BYTES("From x@y Mon Jan  5 10:00:00 2026\n"), PST_FORM_MBOX},
	    {BYTES("no mail\n"), PST_FORM_UNKNOWN},
	    {BYTES(": x"), PST_FORM_UNKNOWN},
	    {BYTES("{\"a\": 1}"), PST_FORM_UNKNOWN},
	    {BYTES("\0\0"), PST_FORM_UNKNOWN},
	};

	(void)state;
	FOR_ROWS(i, rows, NULL)
		if (pst_feedback_form(rows[i].octets) != rows[i].form)
			fail_msg("row %zu: %d", i,
			    (int)pst_feedback_form(rows[i].octets));
}

struct seen {
	struct pst_arena *arena;
	struct pst_buf buf;
};

static void
note(void *arg, struct pst_arena *arena, const struct pst_feedback *feedback)
{
	struct seen *seen = arg;

	(void)arena;
	pst_buf_printf(&seen->buf, "%s:%s ",
	    pst_feedback_kind_word(feedback->kind), feedback->report_id);
}

static void
expect(const char *label, struct pst_str octets, const char *wanted)
{
	struct seen seen = {.arena = pst_arena_new()};
	struct pst_feedback_visitor visitor = {note, &seen};
	struct pst_err err = {""};

	pst_buf_init(&seen.buf, seen.arena, 65536);
	if (pst_feedback_read(octets, visitor, &err) != PST_FEEDBACK_READ)
		pst_buf_add_text(&seen.buf, err.text);
	pst_buf_add_char(&seen.buf, '.');
	if (strstr(seen.buf.ptr, wanted) == NULL)
		fail_msg("%s: \"%s\", not \"%s\"", label, seen.buf.ptr, wanted);
	pst_arena_free(seen.arena);
}

#define XML(id)                                                                \
	"<feedback><report_metadata><report_id>" id "</report_id>"             \
	"</report_metadata></feedback>"
#define MULTI "Content-Type: multipart/mixed; boundary=b\n\n"
#define ARF                                                                    \
	"Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n"

static const struct {
	const char *label;
	const char *octets;
	const char *wanted;
} rows[] = {
    {"XML", "\n" XML("1"), "aggregate:1 ."},
    {"XML as mail", "Content-Type: text/xml\n\n" XML("1"), "aggregate:1 ."},
    {"two attachments",
	MULTI
	"--b\n\ntext\n--b\nContent-Type: application/octet-stream\n\n" XML(
	    "1") "\n--b\nContent-Type: application/xml\n\n" XML("2") "\n--b--\n",
	"aggregate:1 aggregate:2 ."},
    {"one is a page",
	MULTI "--b\nContent-Type: text/xml\n\n<html/>\n--b\n"
	      "Content-Type: text/xml\n\n" XML(
		  "2") "\n--b\n"
		       "Content-Type: text/xml\n\n<!DOCTYPE x><x/>\n--b--\n",
	"aggregate:2 ."},
    {"one has a document type",
	MULTI "--b\nContent-Type: text/xml\n\n" XML(
	    "2") "\n--b\nContent-Type: text/xml\n\n<!DOCTYPE feedback><x/>"
		 "\n--b--\n",
	"aggregate:2 has an attachment that has a document type"},
    {"a page", "Content-Type: text/xml\n\n<html/>",
	"is mail without a report: it has an attachment that is XML, but not a "
	"DMARC report"},
    {"text named like a report",
	MULTI "--b\nContent-Type: text/plain; name=A.XML\n\n" XML("1"),
	"aggregate:1 ."},
    {"text and HTML are for people",
	MULTI "--b\n\n" XML("1") "\n--b\nContent-Type: text/html\n\n" XML(
	    "2") "\n--b--\n",
	"is mail without a report"},
    {"forwarded as an attachment",
	MULTI "--b\nContent-Type: message/rfc822\n\n"
	      "Content-Type: text/xml\n\n" XML("1") "\n--b--\n",
	"aggregate:1 ."},
    {"forwarded as an attachment in base64",
	MULTI "--b\nContent-Type: message/rfc822\n"
	      "Content-Transfer-Encoding: base64\n\n"
	      /* Content-Type: text/xml and the report with the id 7 */
	      "Q29udGVudC1UeXBlOiB0ZXh0L3htbAoKPGZlZWRiYWNrPjxyZXBvcnRfbWV0\n"
	      "YWRhdGE+PHJlcG9ydF9pZD43PC9yZXBvcnRfaWQ+PC9yZXBvcnRfbWV0YWRh\n"
	      "dGE+PC9mZWVkYmFjaz4=\n--b--\n",
	"aggregate:7 ."},
    {"a failure report about a report",
	"Message-ID: 9\n" MULTI "--b\n" ARF "\n--b\n"
	"Content-Type: message/rfc822\n\nContent-Type: text/xml\n\n" XML(
	    "1") "\n--b--\n",
	"failure:9 ."},
    {"a failure report, forwarded",
	"Message-ID: 9\n" MULTI "--b\nContent-Type: message/rfc822\n\n" ARF
	"\n--b--\n",
	"failure:9 ."},
    {"mail", "Subject: hello\n\nhello\n", "is mail without a report"},
    {"mbox", "From x y\n\n", "is not a report"},
    {"nothing", "", "is not a report: it does not begin like"},
};

static void
test_documents(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, NULL) {
		size_t len = strlen(rows[i].octets);
		char *exact = malloc(len == 0 ? 1 : len);

		assert_non_null(exact);
		memcpy(exact, rows[i].octets, len);
		expect(rows[i].label, (struct pst_str){exact, len},
		    rows[i].wanted);
		free(exact);
	}
}

#define ATTACHED(subject, name)                                                \
	"Subject: " subject "\nContent-Type: application/zip; name=\"" name    \
	"\"\n\nPK\x03\x04 rubbish"

static void
test_outcomes(void **state)
{
	static const struct {
		const char *octets;
		enum pst_feedback_outcome outcome;
	} outcomes[] = {
	    {XML("1"), PST_FEEDBACK_READ},
	    {"<feedback/>", PST_FEEDBACK_READ},
	    {"Subject: hello\n\nhello\n", PST_FEEDBACK_NONE},
	    {"hello", PST_FEEDBACK_NONE},
	    {"Content-Type: text/xml\n\n<html/>", PST_FEEDBACK_NONE},
	    {"<!DOCTYPE html><html/>", PST_FEEDBACK_NONE},
	    {"<!DOCTYPE feedback><feedback/>", PST_FEEDBACK_REFUSED},
	    /* What cannot be unpacked is refused if it is called a report. */
	    {"\x1f\x8b rubbish", PST_FEEDBACK_REFUSED},
	    {ATTACHED("hello", "invoice.zip"), PST_FEEDBACK_NONE},
	    {ATTACHED("hello", "a!b!1!2.json.gz"), PST_FEEDBACK_NONE},
	    {ATTACHED("hello", "wow!.zip"), PST_FEEDBACK_NONE},
	    {ATTACHED("hello", "a!b!1!2.xml.gz"), PST_FEEDBACK_REFUSED},
	    {ATTACHED("hello", "report.xml.gz"), PST_FEEDBACK_REFUSED},
	    {ATTACHED("Report Domain: b Submitter: a", "x.zip"),
		PST_FEEDBACK_REFUSED},
	};

	(void)state;
	FOR_ROWS(i, outcomes, outcomes[i].octets) {
		struct seen seen = {.arena = pst_arena_new()};
		struct pst_feedback_visitor visitor = {note, &seen};

		pst_buf_init(&seen.buf, seen.arena, 65536);
		assert_int_equal(pst_feedback_read(pst_str(outcomes[i].octets),
				     visitor, NULL),
		    outcomes[i].outcome);
		pst_arena_free(seen.arena);
	}
}

/* A packed report, on its own and within the mail that brought it. */
static void
test_packed(void **state)
{
	static const struct {
		const char *content;
		const char *wanted;
	} contents[] = {
	    {XML("1"), "aggregate:1 ."},
	    {"Content-Type: text/xml\n\n" XML("1"), "holds no XML"},
	    {"<html/>", "holds no XML"},
	    {"rubbish", "holds no XML"},
	};

	(void)state;
	FOR_ROWS(i, contents, contents[i].content) {
		char packed[1024];
		char mail[2048];
		z_stream stream;
		int len;

		memset(&stream, 0, sizeof(stream));
		assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8,
				     Z_DEFAULT_STRATEGY),
		    Z_OK);
		stream.next_in = (Bytef *)(uintptr_t)contents[i].content;
		stream.avail_in = (uInt)strlen(contents[i].content);
		stream.next_out = (Bytef *)packed;
		stream.avail_out = sizeof(packed);
		assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
		assert_int_equal(deflateEnd(&stream), Z_OK);
		expect("packed", (struct pst_str){packed, stream.total_out},
		    contents[i].wanted);

		len = snprintf(mail, sizeof(mail),
		    "Content-Type: application/gzip\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n");
		for (size_t k = 0; k < stream.total_out; k++)
			len += snprintf(mail + len, sizeof(mail) - (size_t)len,
			    "=%02X", (unsigned char)packed[k]);
		expect("mailed", (struct pst_str){mail, (size_t)len},
		    contents[i].wanted);
	}
}

static void
test_too_large(void **state)
{
	char *zeros = calloc(1, PST_FEEDBACK_MAX_BYTES + 1);

	(void)state;
	assert_non_null(zeros);
	expect("80 MB", (struct pst_str){zeros, PST_FEEDBACK_MAX_BYTES},
	    "is not a report: it does not begin like");
	expect("more", (struct pst_str){zeros, PST_FEEDBACK_MAX_BYTES + 1},
	    "is larger than 80 MB");
	free(zeros);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_documents),
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_packed),
	    cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

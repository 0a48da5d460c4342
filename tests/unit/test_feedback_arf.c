/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "feedback/arf.h"
#include "mail/date.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))

static void
test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t epoch; /* -1: no date */
	} rows[] = {
	    {"Mon, 23 Nov 2026 00:15:00 +0000", 1795392900},
	    {"23 Nov 2026 01:15 +0100", 1795392900},
	    {"Thu, 8 Mar 2005 14:00:00 EDT", 1110304800},
	    {"Wed, 14 Apr 2010 12:15:31 -0700 (PDT)", 1271272531},
	    {" Sat ,\r\n 8 (x) oct 2011 20:15:58\t+0000 (GMT)", 1318104958},
	    {"1 Jan 70 00:00:00 GMT", 0},
	    {"Fri, 31 Dec 9999 23:59:60 +0000", 253402300800},
	    {"1 Jan 26 00:00:00 Z", 1767225600},
	    {"1 Jan 1970 00:00:00 +0100", -1},
	    {"", -1},
	    {"yesterday", -1},
	    {"32 Jan 2026 00:00:00", -1},
	    {"0 Jan 2026 00:00:00", -1},
	    {"1 Foo 2026 00:00:00", -1},
	    {"1 January 2026 00:00:00", -1},
	    {"1 Jan 1900 00:00:00", -1},
	    {"1 Jan 2026 24:00:00", -1},
	    {"1 Jan 2026 12", -1},
	    {"1 Jan 2026 12:60", -1},
	    {"1 Jan 2026 12:00:61", -1},
	    {"1 Jan 99999999999999999999 12:00", -1},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		int64_t epoch = -1;

		if (pst_date_parse(pst_str(rows[i].text), &epoch) !=
			(rows[i].epoch >= 0) ||
		    (rows[i].epoch >= 0 && epoch != rows[i].epoch))
			fail_msg("%lld", (long long)epoch);
	}
}

#define MAIL(fields, reported)                                                 \
	"From: F <f@r.example>\nMessage-ID: <1@r.example>\n"                   \
	"Date: Mon, 23 Nov 2026 00:15:00 +0000\n"                              \
	"Content-Type: multipart/report; boundary=b\n\n"                       \
	"--b\n\nfor people\n"                                                  \
	"--b\nContent-Type: message/feedback-report\n\n" fields "\n\n"         \
	"--b\n" reported "\n--b--\n"

static void
read_mail(
    struct pst_arena *arena, const char *mail, struct pst_feedback *feedback)
{
	struct pst_mime mime;
	size_t at = 0;

	assert_true(pst_mime_read(arena, pst_str(mail), &mime, NULL));
	assert_true(pst_feedback_arf_find(&mime, &at));
	pst_feedback_arf_read(arena, &mime, at, feedback);
}

static void
test_failure(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_feedback f;

	(void)state;
	read_mail(arena,
	    MAIL("Feedback-Type: Auth-Failure\nUser-Agent: x/1\nVersion: 1\n"
		 "Auth-Failure: dmarc\nSource-IP: [192.0.2.7] (h.example)\n"
		 "Reported-Domain: Example.ORG\nIncidents: 3\n"
		 "Identity-Alignment: spf, dkim\nDelivery-Result: Reject\n"
		 "Original-Mail-From: <a@B.example>\n"
		 "Authentication-Results: r.example;\n  dmarc=fail\n"
		 "Arrival-Date: Mon, 23 Nov 2026 00:00:00 +0000",
		"Content-Type: text/rfc822-headers\n\nFrom: x\n"
		"Subject: bad\tnews \xff"),
	    &f);
	assert_int_equal(f.kind, PST_FEEDBACK_FAILURE);
	assert_string_equal(f.fault, "");
	assert_string_equal(f.org, "F <f@r.example>");
	assert_string_equal(f.report_id, "<1@r.example>");
	assert_string_equal(f.domain, "example.org");
	assert_int_equal(f.begin_s, 1795392000);
	assert_int_equal(f.end_s, 1795392000);
	assert_string_equal(f.subject, "bad\\x09news \\xFF");
	assert_string_equal(pst_feedback_field(&f, "authentication-results"),
	    "r.example;  dmarc=fail");
	assert_string_equal(pst_feedback_field(&f, "none"), "");
	assert_int_equal(f.row_count, 1);
	assert_int_equal(f.messages, 3);
	assert_string_equal(f.rows->source_ip, "192.0.2.7");
	assert_string_equal(f.rows->disposition, "reject");
	assert_string_equal(f.rows->dkim, "fail");
	assert_string_equal(f.rows->spf, "fail");
	assert_string_equal(f.rows->header_from, "example.org");
	assert_string_equal(f.rows->envelope_from, "b.example");
	pst_arena_free(arena);
}

static void
test_lenient(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_feedback f;

	(void)state;
	read_mail(arena,
	    MAIL("Feedback-Type: abuse\nUser-Agent: x\nVersion: 1", ""), &f);
	assert_int_equal(f.kind, PST_FEEDBACK_ABUSE);
	assert_string_equal(f.fault, "");
	assert_int_equal(f.begin_s, 1795392900);
	assert_int_equal(f.messages, 1);
	assert_string_equal(f.rows->source_ip, "");
	assert_string_equal(f.rows->dkim, "");

	read_mail(arena,
	    MAIL("Feedback-Type: auth-failure\nIncidents: many\n"
		 "Identity-Alignment: none\nSource-IP: nowhere",
		"Content-Type: message/rfc822\n\nSubject: s\n\nbody"),
	    &f);
	assert_string_equal(f.fault, "User-Agent is missing");
	assert_int_equal(f.messages, 1);
	assert_string_equal(f.rows->source_ip, "nowhere");
	assert_string_equal(f.rows->dkim, "pass");
	assert_string_equal(f.rows->spf, "pass");
	assert_string_equal(f.subject, "s");

	read_mail(arena, MAIL("", ""), &f);
	assert_string_equal(f.fault, "Feedback-Type is missing");
	pst_arena_free(arena);
}

#define FAILURE                                                                \
	"Feedback-Type: auth-failure\nUser-Agent: x\nVersion: 1\n"             \
	"Auth-Failure: dmarc\nSource-IP: 192.0.2.1"

/* Without Reported-Domain, the reported message has the domain. */
static void
test_no_domain(void **state)
{
	static const struct {
		const char *label, *mail, *domain, *fault;
	} rows[] = {
	    {"headers",
		MAIL(FAILURE,
		    "Content-Type: text/rfc822-headers\n\nFrom: Jo "
		    "<jo@Corp.example>"),
		"corp.example", ""},
	    {"message",
		MAIL(FAILURE,
		    "Content-Type: message/rfc822\n\nFrom:\n jo@corp.example"
		    "\n\nhello"),
		"corp.example", ""},
	    {"no From", MAIL(FAILURE, "Content-Type: message/rfc822\n\nA: b\n"),
		"", "Reported-Domain is missing"},
	    {"no message", MAIL(FAILURE, ""), "", "Reported-Domain is missing"},
	    {"a domain",
		MAIL(FAILURE "\nReported-Domain: a.example",
		    "Content-Type: message/rfc822\n\nFrom: jo@corp.example\n"),
		"a.example", ""},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_feedback f;

		read_mail(arena, rows[i].mail, &f);
		assert_string_equal(f.fault, rows[i].fault);
		assert_string_equal(f.domain, rows[i].domain);
		assert_string_equal(f.rows->header_from, rows[i].domain);
		assert_int_equal(f.note_count,
		    strcmp(rows[i].domain, "corp.example") == 0 ? 1 : 0);
	}
	pst_arena_free(arena);
}

/* The 101st field is ignored. */
static void
test_many_fields(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char text[8192];
	size_t len = 0;
	size_t count = 0;
	struct pst_feedback f;
	const struct pst_feedback_field *field;

	(void)state;
	for (int i = 0; i < PST_FEEDBACK_MAX_FIELDS + 20; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "Reported-URI: u:%d\n", i);
	struct pst_mime_part part = {.type = "message/feedback-report",
	    .name = PST_STR(""),
	    .body = {text, len}};
	struct pst_mime mime = {.parts = &part, .count = 1};
	pst_feedback_arf_read(arena, &mime, 0, &f);
	for (field = f.fields; field != NULL; field = field->next)
		count++;
	assert_int_equal(count, PST_FEEDBACK_MAX_FIELDS);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_failure),
	    cmocka_unit_test(test_lenient),
	    cmocka_unit_test(test_no_domain),
	    cmocka_unit_test(test_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "report/report_mail.h"

#define BEGIN 1795392000 /* 2026-11-23 */
#define HEAD                                                                   \
	"From: <dmarc@gateway.example>\r\nTo: <a@rcpt.example>\r\n"            \
	"Date: Tue, 24 Nov 2026 00:15:00 +0000\r\n"

static const struct pst_report_envelope envelope = {
    .from = "dmarc@gateway.example",
    .to = "a@rcpt.example",
    .domain = "gateway.example",
    .id = "0123456789abcdef0123456789abcdef",
    .date_s = BEGIN + 86400 + 900,
};

/* Checks what RFC 5322 s. 2.1.1 and SMTP require of any text. */
static void
check_form(const char *text)
{
	size_t line = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '\r' && at[1] == '\n') {
			line = 0;
			at++;
			continue;
		}
		assert_in_range((unsigned char)*at, 0x20, 0x7e);
		assert_in_range(++line, 1, 998);
	}
	assert_int_equal(line, 0);
}

static const char *
write_aggregate(struct pst_arena *arena, const struct pst_aggregate_mail *mail)
{
	struct pst_buf buf;
	const char *text;

	pst_buf_init(&buf, arena, pst_aggregate_mail_size(mail));
	pst_aggregate_mail_write(&buf, mail);
	text = pst_buf_str(&buf);
	assert_non_null(text);
	check_form(text);
	return text;
}

static void
test_aggregate(void **state)
{
	static const char wanted[] = HEAD
	    "Message-ID: <0123456789abcdef0123456789abcdef."
	    "c2d6b23a0b7b9d3b@gateway.example>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Subject: Report Domain: example.com Submitter: gateway.example\r\n"
	    " Report-ID: 0123456789abcdef0123456789abcdef\r\n"
	    "Content-Type: multipart/mixed;\r\n"
	    " boundary=\"=_0123456789abcdef0123456789abcdef\"\r\n"
	    "\r\n--=_0123456789abcdef0123456789abcdef\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "This is a DMARC aggregate report (RFC 9990) about mail that\r\n"
	    "claims to come from\r\n\r\n    example.com\r\n\r\n"
	    "between 2026-11-23 00:00:00 UTC and 2026-11-23 23:59:59 UTC.\r\n";
	static const char part[] =
	    "\r\n--=_0123456789abcdef0123456789abcdef\r\n"
	    "Content-Type: application/gzip\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n"
	    " filename=\"gateway.example!example.com!1795392000!1795478399!"
	    "0123456789abcdef0123456789abcdef.xml.gz\"\r\n\r\n"
	    "cGFja2Vk/w==\r\n"
	    "\r\n--=_0123456789abcdef0123456789abcdef--\r\n";
	struct pst_arena *arena = pst_arena_new();
	struct pst_aggregate_mail mail = {
	    .envelope = envelope,
	    .policy_domain = "example.com",
	    .org_name = "Gateway\r\nBcc: x@y \xc3\xa9",
	    .contact = "",
	    .begin_s = BEGIN,
	    .end_s = BEGIN + 86399,
	    .gzip = true,
	    .report = PST_STR("packed\xff"),
	};
	const char *text = write_aggregate(arena, &mail);
	const char *id = strstr(text, "Message-ID:");

	(void)state;
	assert_non_null(id);
	/* The hash in the Message-ID is not compared. */
	assert_memory_equal(
	    text, wanted, (size_t)(strstr(wanted, "c2d6b23a") - wanted));
	assert_non_null(
	    strstr(text, strstr(wanted, "@gateway.example>\r\nAuto")));
	assert_non_null(strstr(text, part));
	assert_non_null(strstr(text, "\r\nGateway??Bcc: x@y ??\r\n"));
	assert_string_equal(text, write_aggregate(arena, &mail));
	mail.envelope.to = "b@rcpt.example";
	assert_null(strstr(write_aggregate(arena, &mail),
	    pst_arena_printf(arena, "%.60s", id)));
	pst_arena_free(arena);
}

/* The longest names, and every length of the last line of base64. */
static void
test_sizes(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char name[254], report[400];
	struct pst_aggregate_mail mail = {
	    .envelope = envelope,
	    .policy_domain = name,
	    .org_name = "",
	    .contact = "https://gateway.example",
	    .begin_s = BEGIN,
	    .end_s = BEGIN + 86399,
	};

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(report, 'x', sizeof(report));
	mail.envelope.domain = name;
	for (size_t len = 0; len < sizeof(report); len++) {
		mail.report = (struct pst_str){report, len};
		(void)write_aggregate(arena, &mail);
	}
	assert_non_null(strstr(
	    write_aggregate(arena, &mail), "Content-Type: text/xml\r\n"));
	assert_non_null(strstr(write_aggregate(arena, &mail), "def.xml\"\r\n"));
	pst_arena_free(arena);
}

static const char *
write_failure(struct pst_arena *arena, const struct pst_failure_mail *mail)
{
	struct pst_buf buf;
	const char *text;

	pst_buf_init(&buf, arena, pst_failure_mail_size(mail));
	pst_failure_mail_write(&buf, mail);
	text = pst_buf_str(&buf);
	assert_non_null(text);
	check_form(text);
	return text;
}

/* RFC 5965 s. 2, RFC 9991 s. 4. */
static void
test_failure(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_failure_mail mail = {
	    .envelope = envelope,
	    .policy_domain = "example.com",
	    .org_name = "Gateway",
	    .contact = "",
	    .incidents = 3,
	    .seen_s = BEGIN + 3661,
	    .fields = PST_STR("Auth-Failure: dmarc\nSource-IP: 192.0.2.1\n"
			      "Version: 7\n\tfolded\n"
			      "Authentication-Results: mx;\n\tdmarc=fail\n"
			      "Identity-Alignment: none\n"
			      "no field\n"),
	    .header = PST_STR("From: <x@example.com>\nSubject: a\xc3\xa9\n"),
	    .subject = PST_STR(""),
	};
	const char *text = write_failure(arena, &mail);

	(void)state;
	assert_non_null(strstr(text,
	    "Content-Type: multipart/report; report-type=feedback-report;\r\n"
	    " boundary=\"=_0123456789abcdef0123456789abcdef\"\r\n"));
	assert_non_null(
	    strstr(text, "Subject: DMARC failure report for example.com\r\n"));
	assert_non_null(strstr(text,
	    "Content-Type: message/feedback-report\r\n\r\n"
	    "Feedback-Type: auth-failure\r\nUser-Agent: Postern/" PST_VERSION
	    "\r\nVersion: 1\r\nIncidents: 3\r\nReported-Domain: example.com\r\n"
	    "Auth-Failure: dmarc\r\nSource-IP: 192.0.2.1\r\n"
	    "Authentication-Results: mx;\r\n dmarc=fail\r\n"
	    "Identity-Alignment: none\r\n\r\n--=_"));
	assert_non_null(strstr(text,
	    "Content-Type: text/rfc822-headers\r\n\r\n"
	    "From: <x@example.com>\r\nSubject: a??\r\n\r\n--=_"));
	assert_non_null(strstr(text, "on 2026-11-23 01:01:01 UTC.\r\n"));
	mail.subject = PST_STR("hi\r\nBcc: all@example.net");
	mail.incidents = 1;
	text = write_failure(arena, &mail);
	assert_non_null(
	    strstr(text, "Subject: FW: hi??Bcc: all@example.net\r\n"));
	assert_null(strstr(text, "Incidents:"));
	pst_arena_free(arena);
}

static void
test_failure_hostile(void **state)
{
	static char header[20000], octets[256];
	struct pst_arena *arena = pst_arena_new();
	struct pst_failure_mail mail = {
	    .envelope = envelope,
	    .policy_domain = "example.com",
	    .org_name = "",
	    .contact = "",
	    .incidents = 1,
	    .header = {header, sizeof(header)},
	    .subject = {header, sizeof(header)},
	};

	(void)state;
	memset(header, 'h', sizeof(header));
	(void)write_failure(arena, &mail);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)i;
	mail.header = mail.subject = mail.fields =
	    (struct pst_str){octets, sizeof(octets)};
	(void)write_failure(arena, &mail);
	memset(header, '\n', sizeof(header));
	mail.header = mail.fields = (struct pst_str){header, sizeof(header)};
	(void)write_failure(arena, &mail);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_aggregate),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_failure),
	    cmocka_unit_test(test_failure_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

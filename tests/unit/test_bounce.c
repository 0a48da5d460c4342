/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "report/bounce.h"
#include "tests/unit/rows.h"

#define BOUNCES "dmarc-bounces@gw.example"
#define TO "dmarc-bounces+3f2a@gw.example"
#define STATUS(action)                                                         \
	"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n"  \
	"--x\r\n\r\nAction: failed\r\n--x\r\n"                                 \
	"content-type: Message/Delivery-Status\r\n\r\n"                        \
	"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b\r\n"       \
	"Action: " action "\r\nStatus: 5.1.1\r\n"                              \
	"Diagnostic-Code: smtp; 550 \x1bno\r\n\r\n--x--\r\n"

#define PART(type, encoding)                                                   \
	"Content-Type: multipart/report\n\n--x\nContent-Type: " type           \
	"\nContent-Transfer-Encoding: " encoding "\n\n"

static void
test_token(void **state)
{
	static const struct {
		const char *address, *token;
	} rows[] = {
	    {TO, "3f2a"},
	    {"DMARC-Bounces+3F2A@GW.example", "3F2A"},
	    {"dmarc-bounces@gw.example", ""},
	    {"dmarc-bounces+@gw.example", ""},
	    {"dmarc-bounces-3f2a@gw.example", ""},
	    {"other+3f2a@gw.example", ""},
	    {"dmarc-bounces+3f2a@gw.example.net", ""},
	    {"dmarc-bounces+3f2a", ""},
	    {"+@", ""},
	    {"", ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].address) {
		struct pst_str token =
		    pst_bounce_token(BOUNCES, pst_str(rows[i].address));

		assert_int_equal(token.len, strlen(rows[i].token));
		assert_memory_equal(
		    token.len == 0 ? "" : token.ptr, rows[i].token, token.len);
	}
	assert_int_equal(pst_bounce_token("", PST_STR("a+b@c")).len, 0);
}

static const struct {
	const char *recipient, *message, *token;
	bool failed;
} messages[] = {
    {NULL, "To: <" TO ">\r\n" STATUS("failed"), "3f2a", true},
    {NULL, "To: x@y,\r\n" STATUS("failed"), "", true},
    {NULL,
	"Delivered-To: " TO
	"\r\nTo: dmarc-bounces+ff@gw.example\r\n" STATUS("failed"),
	"3f2a", true},
    {NULL, "X-Original-To: " TO "\r\n" STATUS("Failed "), "3f2a", true},
    {NULL, "To: " TO "\r\n" STATUS("delayed"), "3f2a", false},
    {NULL, "To: " TO "\r\n" STATUS("relayed"), "3f2a", false},
    {NULL, "To: " TO "\n\nAction: failed\n", "3f2a", false},
    {NULL, "Subject: x\n\nTo: " TO "\n", "", false},
    {TO, "Subject: x\n" STATUS("failed"), "3f2a", true},
    {"a@b", "To: " TO "\n" STATUS("failed"), "", true},
    {NULL,
	"A: b\n\nContent-Type: message/delivery-status\n\n"
	"Original-Recipient: rfc822;" TO "\nAction: failed",
	"3f2a", true},
    {NULL, "", "", false},
    {NULL, ":", "", false},
    /* What mailers do to these messages */
    {TO, STATUS("failed (bad destination mailbox)"), "3f2a", true},
    {TO, STATUS("(x)\r\n\tFAILED"), "3f2a", true},
    {TO, STATUS("failed-not"), "3f2a", false},
    {TO, STATUS("delayed (failed)"), "3f2a", false},
    {NULL,
	"X: y\r\nTo:\r\n\t<DMARC-BOUNCES+3F2A@GW.EXAMPLE>\r\n" STATUS("failed"),
	"3f2a", true},
    {"DMARC-BOUNCES+3F2A@GW.EXAMPLE", STATUS("failed"), "3f2a", true},
    {TO,
	PART("message/global-delivery-status; charset=utf-8",
	    "8bit\nAction: x") "Action: failed\n\n--x--\n",
	"3f2a", true},
    {TO,
	PART("message/delivery-status", "BASE64")
	/* "A: b\n\nAction: failed\n" */
	"QTogYgoKQWN0aW9uOiBmYWls\nZWQK\n--x--\n",
	"3f2a", true},
    {TO,
	PART("message/delivery-status",
	    "quoted-printable") "Action:=20fai=\nled\n--x--\n",
	"3f2a", true},
    {TO,
	"Content-Transfer-Encoding: base64\nContent-Type: "
	"message/delivery-status\n\nQWN0aW9uOiBmYWlsZWQK",
	"3f2a", true},
    {TO,
	PART("message/rfc822", "base64")
	/* "Content-Type: message/delivery-status\n\nAction: failed" */
	"Q29udGVudC1UeXBlOiBtZXNzYWdlL2RlbGl2ZXJ5LXN0YXR1cwoKQWN0aW9u\n"
	"OiBmYWlsZWQ=\n--x--\n",
	"3f2a", true},
    {TO,
	PART("text/plain", "base64")
	/* "Content-Type: message/delivery-status\n\nAction: failed" */
	"Q29udGVudC1UeXBlOiBtZXNzYWdlL2RlbGl2ZXJ5LXN0YXR1cwoKQWN0aW9u\n"
	"OiBmYWlsZWQ=\n--x--\n",
	"3f2a", false},
    {TO, PART("message/delivery-status", "7bit") "--x\nAction: failed\n",
	"3f2a", false},
};

static void
test_read(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_bounce bounce;

	(void)state;
	FOR_ROWS(i, messages, messages[i].recipient) {
		pst_bounce_read(arena, BOUNCES, messages[i].recipient,
		    pst_str(messages[i].message), &bounce);
		assert_int_equal(bounce.failed, messages[i].failed);
		assert_int_equal(bounce.token.len, strlen(messages[i].token));
		assert_memory_equal(
		    bounce.token.len == 0 ? "" : bounce.token.ptr,
		    messages[i].token, bounce.token.len);
	}
	pst_bounce_read(arena, BOUNCES, TO, pst_str(STATUS("failed")), &bounce);
	assert_string_equal(bounce.why, "smtp; 550 \\x1Bno");
	pst_arena_free(arena);
}

/* Truncated and corrupted texts, on the heap so that sanitizers see reads. */
static void
test_noise(void **state)
{
	static const char seed[] = "To: <" TO ">\r\n" STATUS("failed");
	struct pst_arena *arena = pst_arena_new();
	struct pst_bounce bounce;
	uint32_t random = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t len = (size_t)i % sizeof(seed);
		char *copy = malloc(len > 0 ? len : 1);

		assert_non_null(copy);
		memcpy(copy, seed, len);
		for (int j = 0; j < 3 && len > 0; j++) {
			random = random * 1664525 + 1013904223;
			copy[(random >> 8) % len] = (char)(random >> 24);
		}
		pst_bounce_read(
		    arena, BOUNCES, NULL, (struct pst_str){copy, len}, &bounce);
		free(copy);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_token),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

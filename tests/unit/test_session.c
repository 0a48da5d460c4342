/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/dkim_sign.h"

#define GOOD_IP "192.0.2.10"
#define BAD_IP "192.0.2.66"
#define BANK "From: ceo@bank.example\nSubject: test\n"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.lax.example. 60 IN TXT \"v=DMARC1; p=none\"\n"
    "list.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "helo.bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "10.2.0.192.in-addr.arpa. 60 IN PTR mail.bank.example.\n"
    "mail.bank.example. 60 IN A 192.0.2.10\n"
    "_dmarc.signed.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "k._domainkey.signed.example. 60 IN TXT \"v=DKIM1; k=ed25519; "
    "p=uwSbcF8l6+qRwVjVStWWKhwHBp5tXG8t5i09LAqyMMs=\"\n";

static const struct letter spoof = {
    .mail_from = "<x@bulk.example>", .header = BANK, .body = "Hello.\r\n"};

static struct lab lab;

static int
open_lab(void **state)
{
	(void)state;
	lab_open(&lab, LAB_CONFIG, zone);
	return 0;
}

static int
close_lab(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static void
test_message_is_complete(void **state)
{
	static const struct letter letter = {.helo = "helo.bank.example",
	    .mail_from = "<ceo@bank.example>",
	    .header = BANK,
	    .body = "Hello.\r\n"};
	struct pst_session *session = lab_connect(&lab, GOOD_IP);
	const struct pst_message *m = lab_send(session, &letter);

	(void)state;
	assert_non_null(m);
	assert_string_equal(m->client_name, "client.example");
	assert_string_equal(m->queue_id, "4FA43A8A3F9");
	assert_string_equal(m->authserv_id, LAB_ID);
	assert_true(pst_str_eq(m->helo, PST_STR("helo.bank.example")));
	assert_true(pst_str_eq(m->mail_from, PST_STR("<ceo@bank.example>")));
	assert_true(pst_str_eq(m->rcpt, PST_STR("<you@gateway.example>")));
	assert_int_equal(m->rcpt_count, 1);
	assert_int_equal(m->header->count, 2);
	assert_int_equal(m->findings.exempt, PST_EXEMPT_NO);
	assert_true(m->findings.has_iprev);
	assert_int_equal(m->findings.iprev.result, PST_RESULT_PASS);
	assert_int_equal(m->findings.spf.result, PST_RESULT_PASS);
	assert_int_equal(m->findings.dkim.result, PST_RESULT_NONE);
	assert_int_equal(m->findings.dmarc.result, PST_RESULT_PASS);
	assert_true(m->findings.dmarc.spf_aligned);
	assert_int_equal(m->decision.action, PST_ACTION_ACCEPT);
	assert_int_equal(m->elapsed_ms, 0);
	assert_null(m->note);
	pst_session_close(session);
}

/* An event out of order does no harm, and does not begin a message. */
static void
test_events_without_message(void **state)
{
	struct pst_session *session = lab_connect(&lab, GOOD_IP);

	(void)state;
	assert_null(pst_session_end(session, PST_STR("Q"), NULL));
	pst_session_rcpt(session, PST_STR("<a@b.example>"));
	pst_session_header(session, PST_STR("From"), PST_STR(" a@b.example"));
	pst_session_eoh(session);
	assert_false(pst_session_body(session, "x", 1));
	pst_session_abort(session);
	pst_session_abort(session);
	assert_null(pst_session_end(session, PST_STR("Q"), NULL));
	pst_session_close(session);
	pst_session_close(NULL);
}

static void
test_end_twice(void **state)
{
	struct pst_session *session = lab_connect(&lab, BAD_IP);
	const struct pst_message *m = lab_send(session, &spoof);
	struct pst_decision first = m->decision;

	(void)state;
	assert_int_equal(first.action, PST_ACTION_REJECT);
	/* After the decision, later events change nothing. */
	pst_session_header(session, PST_STR("List-Id"), PST_STR(" x"));
	pst_session_rcpt(session, PST_STR("<other@gateway.example>"));
	pst_session_eoh(session);
	assert_false(pst_session_body(session, "x", 1));
	assert_ptr_equal(pst_session_end(session, PST_STR("R"), NULL), m);
	assert_string_equal(m->queue_id, "4FA43A8A3F9");
	assert_int_equal(m->rcpt_count, 1);
	assert_int_equal(m->header->count, 2);
	assert_memory_equal(&first, &m->decision, sizeof(first));
	pst_session_close(session);
}

static void
test_nothing_but_mail_and_end(void **state)
{
	struct pst_session *session = lab_connect(&lab, BAD_IP);
	const struct pst_message *m;

	(void)state;
	pst_session_mail(
	    session, PST_STR("<a@bank.example>"), PST_STR(""), false);
	m = pst_session_end(session, PST_STR(""), NULL);
	assert_non_null(m);
	assert_int_equal(m->findings.from.verdict, PST_FROM_MALFORMED);
	assert_string_equal(m->decision.rule, "from-missing");
	assert_string_equal(m->queue_id, "");
	assert_int_equal(m->rcpt_count, 0);
	assert_int_equal(m->rcpt.len, 0);
	pst_session_close(session);
}

static void
test_events_in_wrong_order(void **state)
{
	struct pst_session *session = lab_connect(&lab, BAD_IP);
	const struct pst_message *m;

	(void)state;
	pst_session_mail(
	    session, PST_STR("<a@bulk.example>"), PST_STR(""), false);
	assert_false(pst_session_body(session, "too early\r\n", 11));
	lab_header(session, BANK);
	pst_session_eoh(session);
	pst_session_eoh(session);
	pst_session_header(session, PST_STR("From"), PST_STR(" a@lax.example"));
	pst_session_header(session, PST_STR("List-Id"), PST_STR(" x"));
	m = pst_session_end(session, PST_STR("Q"), NULL);
	assert_int_equal(m->header->count, 2);
	assert_int_equal(m->findings.from.verdict, PST_FROM_SINGLE);
	assert_null(m->findings.indirect);
	assert_int_equal(m->decision.action, PST_ACTION_REJECT);
	pst_session_close(session);
}

static void
test_mail_twice(void **state)
{
	struct pst_session *session = lab_connect(&lab, GOOD_IP);
	const struct pst_message *m;

	(void)state;
	pst_session_mail(
	    session, PST_STR("<a@bulk.example>"), PST_STR(""), false);
	pst_session_rcpt(session, PST_STR("<old@gateway.example>"));
	lab_header(session, "From: a@lax.example\nList-Id: <x>\n");
	m = lab_send(session,
	    &(struct letter){.mail_from = "<b@bank.example>", .header = BANK});
	assert_int_equal(m->header->count, 2);
	assert_int_equal(m->rcpt_count, 1);
	assert_true(pst_str_eq(m->rcpt, PST_STR("<you@gateway.example>")));
	assert_string_equal(m->findings.spf.domain, "bank.example");
	assert_int_equal(m->findings.dmarc.result, PST_RESULT_PASS);
	assert_null(m->findings.indirect);
	pst_session_close(session);
}

static void
test_abort_at_each_stage(void **state)
{
	struct pst_session *session = lab_connect(&lab, GOOD_IP);

	(void)state;
	for (unsigned stage = 0; stage < 5; stage++) {
		pst_session_mail(
		    session, PST_STR("<a@bank.example>"), PST_STR(""), false);
		if (stage > 0)
			lab_header(session, BANK);
		if (stage > 1)
			pst_session_eoh(session);
		if (stage > 2)
			(void)pst_session_body(session, "x\r\n", 3);
		if (stage > 3)
			assert_non_null(
			    pst_session_end(session, PST_STR("Q"), NULL));
		pst_session_abort(session);
		assert_null(pst_session_end(session, PST_STR("Q"), NULL));
	}
	pst_session_mail(
	    session, PST_STR("<a@bank.example>"), PST_STR(""), false);
	pst_session_close(session);
}

/* The messages of a session are judged independently (R-MTA-9). */
static void
test_several_messages(void **state)
{
	static const struct {
		const char *label;
		struct letter letter;
		enum pst_action want;
		const char *rule;
		enum pst_result spf, dmarc;
	} rows[] = {
	    {"pass", {NULL, "<a@bank.example>", false, BANK, "x\r\n"},
		PST_ACTION_ACCEPT, "default", PST_RESULT_PASS, PST_RESULT_PASS},
	    {"spoof", {NULL, "<x@bulk.example>", false, BANK, "x\r\n"},
		PST_ACTION_REJECT, "dmarc-reject", PST_RESULT_NONE,
		PST_RESULT_FAIL},
	    {"list",
		{NULL, "<x@list.example>", false, BANK "List-Id: <x>\n", NULL},
		PST_ACTION_TAG, "dmarc-reject-indirect", PST_RESULT_PASS,
		PST_RESULT_FAIL},
	    {"forged list",
		{NULL, "<x@bulk.example>", false, BANK "List-Id: <x>\n", NULL},
		PST_ACTION_REJECT, "dmarc-reject", PST_RESULT_NONE,
		PST_RESULT_FAIL},
	    {"two From fields",
		{NULL, "<a@bank.example>", false, BANK BANK, NULL},
		PST_ACTION_REJECT, "from-several-fields", PST_RESULT_PASS,
		PST_RESULT_PERMERROR},
	    {"authenticated", {NULL, "<x@bulk.example>", true, BANK BANK, NULL},
		PST_ACTION_ACCEPT, "authenticated", 0, 0},
	    {"quarantine",
		{NULL, "<x@bulk.example>", false, "From: a@soft.example\n",
		    NULL},
		PST_ACTION_TAG, "dmarc-quarantine", PST_RESULT_NONE,
		PST_RESULT_FAIL},
	    {"none",
		{NULL, "<x@bulk.example>", false, "From: a@lax.example\n",
		    NULL},
		PST_ACTION_ACCEPT, "dmarc-none", PST_RESULT_NONE,
		PST_RESULT_FAIL},
	    {"no record",
		{NULL, "<x@bulk.example>", false, "From: a@other.example\n",
		    NULL},
		PST_ACTION_ACCEPT, "default", PST_RESULT_NONE, PST_RESULT_NONE},
	    {"pass again", {NULL, "<a@bank.example>", false, BANK, "x\r\n"},
		PST_ACTION_ACCEPT, "default", PST_RESULT_PASS, PST_RESULT_PASS},
	};
	struct pst_session *session = lab_connect(&lab, GOOD_IP);

	(void)state;
	for (size_t i = 0; i < 2 * PST_COUNT(rows); i++) {
		size_t n = i % PST_COUNT(rows);
		const struct pst_message *m =
		    lab_send(session, &rows[n].letter);

		if (m->decision.action != rows[n].want ||
		    strcmp(m->decision.rule, rows[n].rule) != 0 ||
		    m->findings.spf.result != rows[n].spf ||
		    m->findings.dmarc.result != rows[n].dmarc)
			fail_msg("%s: %s", rows[n].label, m->decision.rule);
		if (i % 3 == 0)
			pst_session_abort(session);
	}
	pst_session_close(session);
}

static void
test_last_helo_counts(void **state)
{
	static const struct letter letter = {
	    .helo = "helo.bank.example", .mail_from = "<>", .header = BANK};
	struct pst_session *session = lab_connect(&lab, GOOD_IP);
	const struct pst_message *m;

	(void)state;
	pst_session_helo(session, PST_STR("first.example"));
	m = lab_send(session, &letter);
	assert_int_equal(m->findings.spf.identity, PST_SPF_HELO);
	assert_string_equal(m->findings.spf.domain, "helo.bank.example");
	assert_int_equal(m->findings.spf.result, PST_RESULT_PASS);
	assert_int_equal(m->findings.dmarc.result, PST_RESULT_PASS);

	/* The HELO name stays valid for later messages. */
	m = lab_send(
	    session, &(struct letter){.mail_from = "<>", .header = BANK});
	assert_string_equal(m->findings.spf.domain, "helo.bank.example");
	pst_session_close(session);
}

static void
test_null_sender_without_helo(void **state)
{
	static const struct letter letter = {.mail_from = "<>", .header = BANK};
	struct pst_session *session = lab_connect(&lab, GOOD_IP);
	const struct pst_message *m = lab_send(session, &letter);

	(void)state;
	assert_int_equal(m->findings.spf.result, PST_RESULT_NONE);
	assert_null(m->findings.spf.domain);
	assert_int_equal(m->decision.action, PST_ACTION_REJECT);
	pst_session_close(session);
}

/* A signed message whose body arrives in pieces of any size. */
static void
test_signed_body(void **state)
{
	static const char header[] = "From: a@signed.example\r\n"
				     "Subject: test\r\n";
	static const char body[] = "Hello,\r\n\r\nworld.\r\n\r\n";
	const struct sign_options options = {
	    .tags = "a=ed25519-sha256; d=signed.example; s=k; ",
	    .canon = "relaxed/simple",
	    .names = "from:subject",
	    .length = SIZE_MAX};
	struct pst_arena *arena = pst_arena_new();
	struct sign_key *key = sign_key_load("test-ed25519.key");
	struct pst_str field =
	    pst_str(sign_message(arena, key, &options, header, pst_str(body)));
	size_t colon = pst_str_find(field, ':');
	struct pst_buf value;

	(void)state;
	pst_buf_init(&value, arena, 10000);
	for (size_t i = colon + 1; i < field.len - 2; i++)
		if (field.ptr[i] != '\r')
			pst_buf_add_char(&value, field.ptr[i]);
	for (size_t chunk = 0; chunk < sizeof(body); chunk++) {
		struct pst_session *session = lab_connect(&lab, BAD_IP);
		const struct pst_message *m;

		pst_session_mail(
		    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
		pst_session_header(session, pst_str_first(field, colon),
		    pst_buf_slice(&value));
		lab_header(session, "From: a@signed.example\nSubject: test\n");
		pst_session_eoh(session);
		if (chunk > 0)
			assert_true(pst_session_body(session, body, chunk));
		if (chunk < sizeof(body) - 1)
			assert_true(pst_session_body(
			    session, body + chunk, sizeof(body) - 1 - chunk));
		m = pst_session_end(session, PST_STR("Q"), NULL);
		assert_int_equal(m->findings.dkim.count, 1);
		if (m->findings.dkim.result != PST_RESULT_PASS)
			fail_msg("chunk %zu: %s", chunk,
			    m->findings.dkim.sigs[0].reason);
		assert_true(m->findings.dkim.sigs[0].aligned);
		assert_int_equal(m->findings.dmarc.result, PST_RESULT_PASS);
		assert_int_equal(m->decision.action, PST_ACTION_ACCEPT);
		pst_session_close(session);
	}
	sign_key_free(key);
	pst_arena_free(arena);
}

static void
test_body_is_not_wanted(void **state)
{
	struct pst_session *session = lab_connect(&lab, BAD_IP);

	(void)state;
	pst_session_mail(
	    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
	lab_header(session, BANK);
	pst_session_eoh(session);
	assert_false(pst_session_body(session, "x", 1));
	assert_false(pst_session_body(session, "x", 1));
	assert_int_equal(
	    pst_session_end(session, PST_STR("Q"), NULL)->decision.action,
	    PST_ACTION_REJECT);
	pst_session_close(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_message_is_complete),
	    cmocka_unit_test(test_events_without_message),
	    cmocka_unit_test(test_end_twice),
	    cmocka_unit_test(test_nothing_but_mail_and_end),
	    cmocka_unit_test(test_events_in_wrong_order),
	    cmocka_unit_test(test_mail_twice),
	    cmocka_unit_test(test_abort_at_each_stage),
	    cmocka_unit_test(test_several_messages),
	    cmocka_unit_test(test_last_helo_counts),
	    cmocka_unit_test(test_null_sender_without_helo),
	    cmocka_unit_test(test_signed_body),
	    cmocka_unit_test(test_body_is_not_wanted),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}

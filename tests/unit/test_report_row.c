/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "store/report_row.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define GOOD_IP "192.0.2.10"
#define BAD_IP "192.0.2.66"
#define REPORTS "reports { from = \"dmarc@gateway.example\" "
#define RUA "rua=mailto:d@bank.example"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "bulk.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; sp=quarantine; "
    "aspf=s; " RUA ",mailto:x%2Cy@rep.example!10m\"\n"
    "_dmarc.lax.example. 60 IN TXT \"v=DMARC1; p=none; " RUA "\"\n"
    "lax.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine; " RUA "\"\n"
    "_dmarc.trial.example. 60 IN TXT \"v=DMARC1; p=reject; t=y; " RUA "\"\n"
    "_dmarc.silent.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.bad.example. 60 IN TXT \"v=DMARC1; p=rejected; " RUA "\"\n";

static struct pst_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

struct letter_to {
	const char *ip, *mail_from, *header;
	const char *rcpts[4];
};

/* Plays the letter and returns the session, which owns *message. */
static struct pst_session *
play(const struct lab *lab, const struct letter_to *letter,
    const struct pst_message **message)
{
	struct pst_session *session = lab_connect(lab, letter->ip);

	pst_session_helo(session, PST_STR("mx.bulk.example"));
	pst_session_mail(
	    session, pst_str(letter->mail_from), PST_STR(""), false);
	for (size_t i = 0; i < 4 && letter->rcpts[i] != NULL; i++)
		pst_session_rcpt(session, pst_str(letter->rcpts[i]));
	lab_header(session, letter->header);
	pst_session_eoh(session);
	(void)pst_session_body(session, "Hello.\r\n", 8);
	*message = pst_session_end(session, PST_STR("Q"), NULL);
	return session;
}

static void
free_outcome(void *outcome)
{
	pst_outcome_free(outcome);
}

/* Returns false if the message has no such row. */
static bool
make(const struct pst_message *message, size_t at, struct pst_report_row *out)
{
	const struct pst_outcome_use use = {.rows = true};
	struct pst_outcome *outcome;

	if (!pst_report_row_is_due(message))
		return false;
	outcome = pst_outcome_copy(message, &use, LAB_NOW);
	pst_arena_defer(arena, free_outcome, outcome);
	if (at >= outcome->rows)
		return false;
	pst_report_row_make(arena, outcome, at, out);
	return true;
}

/* What was done, and why it differs from the published policy. */
static void
test_dispositions(void **state)
{
	static const struct {
		const char *config, *ip, *mail_from, *header;
		const char *disposition, *spf, *reason, *comment;
	} rows[] = {
	    {"", GOOD_IP, "<a@bank.example>", "From: a@bank.example\n", "pass",
		"pass", "", ""},
	    {"", GOOD_IP, "<a@lax.example>", "From: a@lax.example\n", "none",
		"pass", "", ""},
	    {"", BAD_IP, "<a@bulk.example>", "From: a@bank.example\n", "reject",
		"fail", "", ""},
	    {"", BAD_IP, "<a@bulk.example>", "From: a@x.bank.example\n",
		"quarantine", "fail", "", ""},
	    {"on-reject = accept\n", BAD_IP, "<a@bulk.example>",
		"From: a@bank.example\n", "none", "fail", "local_policy",
		"on-reject = accept"},
	    {"mode = monitor\n", BAD_IP, "<a@bulk.example>",
		"From: a@bank.example\n", "none", "fail", "local_policy",
		"not enforced"},
	    {"on-quarantine = accept\n", BAD_IP, "<a@bulk.example>",
		"From: a@soft.example\n", "none", "fail", "local_policy",
		"dmarc-quarantine"},
	    {"on-quarantine = quarantine\n", BAD_IP, "<a@bulk.example>",
		"From: a@soft.example\n", "quarantine", "fail", "", ""},
	    {"", BAD_IP, "<a@bulk.example>", "From: a@trial.example\n",
		"quarantine", "fail", "policy_test_mode", ""},
	    {"", BAD_IP, "<a@bulk.example>", "From: a@lax.example\n", "none",
		"fail", "", ""},
	    {"rule \"old partner\" { dmarc = {fail} action = accept\n"
	     "reason = trusted_forwarder }\n",
		BAD_IP, "<a@bulk.example>", "From: a@bank.example\n", "none",
		"fail", "trusted_forwarder", "old partner"},
	    {"rule \"x\" { dmarc = {pass} action = tag comment = \"why\" }\n",
		GOOD_IP, "<a@bank.example>", "From: a@bank.example\n",
		"quarantine", "pass", "local_policy", "why"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].config) {
		struct letter_to letter = {.ip = rows[i].ip,
		    .mail_from = rows[i].mail_from,
		    .header = rows[i].header,
		    .rcpts = {"<u@gateway.example>"}};
		const struct pst_message *message;
		struct pst_report_row r;
		struct lab lab;

		lab_open(&lab,
		    pst_arena_printf(arena, "%s%s%s}\n", LAB_CONFIG,
			rows[i].config, REPORTS),
		    zone);
		struct pst_session *session = play(&lab, &letter, &message);
		assert_true(make(message, 0, &r));
		if (strcmp(r.disposition, rows[i].disposition) != 0 ||
		    strcmp(r.spf, rows[i].spf) != 0 ||
		    strcmp(r.reason, rows[i].reason) != 0 ||
		    strcmp(r.comment, rows[i].comment) != 0)
			fail_msg("row %zu: %s spf=%s, %s \"%s\"", i,
			    r.disposition, r.spf, r.reason, r.comment);
		assert_false(make(message, 1, &r));
		pst_session_close(session);
		lab_close(&lab);
	}
}

static void
test_content(void **state)
{
	static const struct letter_to letter = {.ip = BAD_IP,
	    .mail_from = "<>",
	    .header = "From: a@www.bank.example\n",
	    .rcpts = {"<u@gateway.example>"}};
	const struct pst_message *message;
	struct pst_report_row r;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG REPORTS "}\n", zone);
	struct pst_session *session = play(&lab, &letter, &message);
	assert_true(make(message, 0, &r));
	assert_int_equal(r.day, LAB_NOW / 86400);
	assert_int_equal(r.seen_s, LAB_NOW);
	assert_string_equal(r.policy.domain, "bank.example");
	assert_string_equal(r.policy.p, "reject");
	assert_string_equal(r.policy.sp, "quarantine");
	assert_string_equal(r.policy.np, "quarantine");
	assert_string_equal(r.policy.adkim, "r");
	assert_string_equal(r.policy.aspf, "s");
	assert_string_equal(r.policy.testing, "n");
	assert_string_equal(r.policy.fo, "0");
	assert_string_equal(r.policy.discovery, "treewalk");
	assert_string_equal(
	    r.policy.rua, "mailto:d@bank.example mailto:x%2Cy@rep.example");
	assert_string_equal(r.policy.fault, "");
	assert_string_equal(r.header_from, "www.bank.example");
	assert_string_equal(r.envelope_from, "");
	assert_string_equal(r.envelope_to, "");
	assert_string_equal(r.source_ip, BAD_IP);
	assert_string_equal(r.auth, "spf mx.bulk.example none\n");
	pst_session_close(session);
	lab_close(&lab);
}

/* The owner of a faulty record that names an address is told about it. */
static void
test_fault(void **state)
{
	static const struct letter_to letter = {.ip = BAD_IP,
	    .mail_from = "<a@bulk.example>",
	    .header = "From: a@bad.example\n",
	    .rcpts = {"<u@gateway.example>"}};
	const struct pst_message *message;
	struct pst_report_row r;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG REPORTS "}\n", zone);
	struct pst_session *session = play(&lab, &letter, &message);
	assert_true(make(message, 0, &r));
	assert_string_equal(r.policy.p, "none");
	assert_string_equal(r.policy.fault,
	    "no valid policy in the DMARC record, read as p=none");
	pst_session_close(session);
	lab_close(&lab);
}

/* R-AGG-1, R-AGG-28: which messages are reported. */
static const char spoof[] = "From: a@bank.example\n";
static const char ours[] = "<u@gateway.example>";
static const struct {
	const char *label, *config;
	struct letter_to letter;
	bool want;
} reported[] = {
    {"reported", REPORTS "}\n", {BAD_IP, "<a@bulk.example>", spoof, {ours}},
	true},
    {"switched off", "", {BAD_IP, "<a@bulk.example>", spoof, {ours}}, false},
    {"no rua", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", "From: a@silent.example\n", {ours}},
	false},
    {"no policy", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", "From: a@bulk.example\n", {ours}}, false},
    {"not evaluated", "submission = yes\n" REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", spoof, {ours}}, false},
    {"skipped domain", REPORTS "skip-domains = {\"bank.example\"} }\n",
	{BAD_IP, "<a@bulk.example>", spoof, {ours}}, false},
    {"deferred",
	"rule \"x\" { dmarc = {fail} action = tempfail }\n" REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", spoof, {ours}}, false},
    {"to the reports' address", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", spoof, {ours, "<DMARC@gateway.example>"}},
	false},
    {"to it with a +tag", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", spoof, {"<dmarc+x@Gateway.example>"}},
	false},
    {"to another one of ours",
	REPORTS "skip-recipients = {\"rua@gateway.example\"} }\n",
	{BAD_IP, "<a@bulk.example>", spoof, {"<rua@gateway.example>"}}, false},
    {"to where bounces go", REPORTS "bounces = \"b@gateway.example\" }\n",
	{BAD_IP, "<a@bulk.example>", spoof, {"<b+0123@gateway.example>"}},
	false},
    {"to a namesake", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>", spoof, {"<dmarc@other.example>"}}, true},
    {"a report by its subject", REPORTS "}\n",
	{GOOD_IP, "<a@bank.example>",
	    "From: a@bank.example\n"
	    "Subject: Report domain: x.example Submitter: y.example\n",
	    {ours}},
	false},
    {"a report by its type", REPORTS "}\n",
	{GOOD_IP, "<a@bank.example>",
	    "From: a@bank.example\n"
	    "Content-Type: multipart/report; report-type=x\n",
	    {ours}},
	false},
    {"a failing message cannot hide", REPORTS "}\n",
	{BAD_IP, "<a@bulk.example>",
	    "From: a@bank.example\n"
	    "Content-Type: application/gzip\n"
	    "Subject: Report domain: x.example Submitter: y.example\n",
	    {ours}},
	true},
};

static void
test_not_reported(void **state)
{
	(void)state;
	FOR_ROWS(i, reported, reported[i].label) {
		const struct pst_message *message;
		struct pst_report_row r;
		struct lab lab;

		lab_open(&lab,
		    pst_arena_printf(
			arena, "%s%s", LAB_CONFIG, reported[i].config),
		    zone);
		struct pst_session *session =
		    play(&lab, &reported[i].letter, &message);
		if (make(message, 0, &r) != reported[i].want)
			fail_msg("%s", reported[i].label);
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* R-AGG-2: only if the option is set, and each domain once. */
static void
test_recipient_domains(void **state)
{
	static const struct letter_to letter = {.ip = BAD_IP,
	    .mail_from = "<a@bulk.example>",
	    .header = "From: a@bank.example\n",
	    .rcpts = {"<u@one.example>", "<u@two.example>", "<v@two.example>",
		"<v@one.example>"}};
	static const struct letter_to odd = {.ip = BAD_IP,
	    .mail_from = "<a@bulk.example>",
	    .header = "From: a@bank.example\n",
	    .rcpts = {"<u@one.example>", "<root>"}};
	const struct pst_message *message;
	struct pst_report_row r;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG REPORTS "recipient-domains = yes }\n", zone);
	struct pst_session *session = play(&lab, &letter, &message);
	assert_true(make(message, 0, &r));
	assert_string_equal(r.envelope_to, "one.example");
	assert_true(make(message, 1, &r));
	assert_string_equal(r.envelope_to, "two.example");
	assert_false(make(message, 2, &r));
	pst_session_close(session);
	session = play(&lab, &odd, &message);
	assert_true(make(message, 0, &r));
	assert_string_equal(r.envelope_to, "");
	assert_false(make(message, 1, &r));
	pst_session_close(session);
	lab_close(&lab);
}

/* R-AGG-17: the most useful ones first, and at most 100. */
static void
test_signatures(void **state)
{
	static const char *const domains[] = {"other.example", "x.bank.example",
	    "bank.example", "bank.example", "late.example"};
	static const struct {
		enum pst_result result;
		bool aligned, checked;
	} how[] = {{PST_RESULT_PASS, false, true},
	    {PST_RESULT_PASS, true, true}, {PST_RESULT_FAIL, false, true},
	    {PST_RESULT_PASS, true, true}, {PST_RESULT_NEUTRAL, false, false}};
	static const struct letter_to letter = {.ip = BAD_IP,
	    .mail_from = "<a@bulk.example>",
	    .header = "From: a@bank.example\n",
	    .rcpts = {"<u@one.example>"}};
	const struct pst_message *message;
	struct pst_dkim_sig sigs[200];
	struct pst_message changed;
	struct pst_report_row r;
	struct lab lab;
	size_t i;

	(void)state;
	lab_open(&lab, LAB_CONFIG REPORTS "}\n", zone);
	struct pst_session *session = play(&lab, &letter, &message);
	memset(sigs, 0, sizeof(sigs));
	for (i = 0; i < PST_COUNT(sigs); i++) {
		size_t row = i < PST_COUNT(how) ? i : 0;

		sigs[i].domain = domains[row];
		sigs[i].selector = "s1";
		sigs[i].result = how[row].result;
		sigs[i].aligned = how[row].aligned;
		sigs[i].checked = how[row].checked;
	}
	changed = *message;
	changed.findings.dkim.sigs = sigs;
	changed.findings.dkim.count = PST_COUNT(how);
	assert_true(make(&changed, 0, &r));
	assert_string_equal(r.auth,
	    "dkim bank.example s1 pass\n"
	    "dkim x.bank.example s1 pass\n"
	    "dkim other.example s1 pass\n"
	    "dkim bank.example s1 fail\n"
	    "spf bulk.example pass\n");
	assert_string_equal(r.auth_short,
	    "dkim bank.example s1 pass\n"
	    "dkim x.bank.example s1 pass\n"
	    "dkim other.example s1 pass\n"
	    "spf bulk.example pass\n");
	changed.findings.dkim.count = PST_COUNT(sigs);
	assert_true(make(&changed, 0, &r));
	struct pst_str auth = pst_str(r.auth);
	struct pst_report_auth line;
	for (i = 0; pst_report_auth_next(&auth, &line); i++) {
		if (line.is_spf)
			break;
		assert_true(pst_str_eq(line.selector, PST_STR("s1")));
		assert_true(pst_str_eq(line.result, PST_STR("pass")));
	}
	assert_int_equal(i, PST_REPORT_ROW_MAX_SIGNATURES);
	assert_true(pst_str_eq(line.domain, PST_STR("bulk.example")));
	assert_int_equal(line.selector.len, 0);
	assert_false(pst_report_auth_next(&auth, &line));
	pst_session_close(session);
	lab_close(&lab);
}

/* Lines from a store that somebody else has changed. */
static void
test_broken_lines(void **state)
{
	struct pst_str auth =
	    PST_STR("dkim\ndkim a\nspf\n\nspf a pass\ndkim a b pass");
	struct pst_report_auth line;

	(void)state;
	assert_true(pst_report_auth_next(&auth, &line));
	assert_true(line.is_spf && pst_str_eq(line.domain, PST_STR("a")));
	assert_true(pst_report_auth_next(&auth, &line));
	assert_true(!line.is_spf && pst_str_eq(line.selector, PST_STR("b")));
	assert_false(pst_report_auth_next(&auth, &line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dispositions),
	    cmocka_unit_test(test_content),
	    cmocka_unit_test(test_fault),
	    cmocka_unit_test(test_not_reported),
	    cmocka_unit_test(test_recipient_domains),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_broken_lines),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

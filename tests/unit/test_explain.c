/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define BANK "From: ceo@bank.example\n"
#define LINE_MAX_BYTES 1900
#define RCPT " rcpts=1 rcpt-domain=gateway.example message-id=-"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; sp=none\"\n"
    "_dmarc.test.example. 60 IN TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.odd.example. 60 IN TXT \"v=DMARC1; p=maybe\"\n"
    "list.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"
    "66.2.0.192.in-addr.arpa. 60 IN PTR bulk.example.\n"
    "bulk.example. 60 IN A 192.0.2.66\n";

static struct lab lab;
static struct pst_session *session;
static struct pst_arena *arena;

static int
open_lab(void **state)
{
	(void)state;
	arena = pst_arena_new();
	lab_open(&lab, LAB_CONFIG, zone);
	session = lab_connect(&lab, "192.0.2.66");
	return 0;
}

static int
close_lab(void **state)
{
	(void)state;
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
	return 0;
}

static void
test_line_rows(void **state)
{
	static const struct {
		const char *label;
		struct letter letter;
		const char *want;
	} rows[] = {
	    {"spoof",
		{"mx.bulk.example", "<x@bulk.example>", false, BANK, NULL},
		"4FA43A8A3F9: from=bank.example spf=none:bulk.example "
		"dkim=none dmarc=fail policy=bank.example:p=reject "
		"aligned=none "
		"action=reject rule=dmarc-reject header=no-date iprev=pass dns=5 time=0ms "
		"client=192.0.2.66 helo=mx.bulk.example "
		"mail-from=<x@bulk.example>" RCPT},
	    {"list",
		{"h", "<x@list.example>", false,
		    BANK "List-Id: <a.list.example>\n"
			 "List-Post: <mailto:a@b.example>\n",
		    NULL},
		"4FA43A8A3F9: from=bank.example spf=pass:list.example:ip4:192.0.2.66 "
		"dkim=none dmarc=fail policy=bank.example:p=reject "
		"aligned=none action=tag "
		"rule=dmarc-reject-indirect org=bank.example "
		"header=no-date indirect=List-Id:list.example(spf) "
		"claims=List-Post:b.example(not-authenticated) "
		"iprev=pass dns=5 time=0ms client=192.0.2.66 helo=h "
		"mail-from=<x@list.example>" RCPT},
	    {"t=y", {"h", "<>", false, "From: a@test.example\n", NULL},
		"4FA43A8A3F9: from=test.example spf=none:- dkim=none "
		"dmarc=fail policy=test.example:p=quarantine "
		"aligned=none action=tag "
		"rule=dmarc-quarantine header=no-date iprev=pass dns=4 time=0ms "
		"client=192.0.2.66 helo=h mail-from=<>" RCPT},
	    {"record without a usable policy",
		{"h", "<>", false, "From: a@odd.example\n", NULL},
		"4FA43A8A3F9: from=odd.example spf=none:- dkim=none "
		"dmarc=permerror policy=odd.example:- aligned=none action=accept "
		"rule=default header=no-date iprev=pass dns=4 time=0ms client=192.0.2.66 "
		"helo=h mail-from=<>" RCPT},
	    {"several domains",
		{"h", "<>", false, "From: a@a.example, b@b.example\n", NULL},
		"4FA43A8A3F9: from=a.example,b.example spf=none:- dkim=none "
		"dmarc=permerror policy=- aligned=none action=reject "
		"rule=from-multiple header=no-date "
		"iprev=pass dns=2 time=0ms client=192.0.2.66 helo=h "
		"mail-from=<>" RCPT},
	    {"no From", {"h", "<>", false, "To: x\n", NULL},
		"4FA43A8A3F9: from=malformed spf=none:- dkim=none "
		"dmarc=permerror policy=- aligned=none action=reject "
		"rule=from-missing header=no-date "
		"iprev=pass dns=2 time=0ms client=192.0.2.66 helo=h "
		"mail-from=<>" RCPT},
	    {"authenticated", {"h", "<a@b.example>", true, BANK, NULL},
		"4FA43A8A3F9: from=bank.example spf=- dkim=- dmarc=- policy=- "
		"action=accept rule=authenticated dns=0 time=0ms "
		"client=192.0.2.66 helo=h mail-from=<a@b.example>" RCPT},
	    {"hostile envelope",
		{"x action=accept\r\nQ: rule=\x1b[2J\\", "<\"a b\"@\xff>", true,
		    BANK, NULL},
		"4FA43A8A3F9: from=bank.example spf=- dkim=- dmarc=- policy=- "
		"action=accept rule=authenticated dns=0 time=0ms "
		"client=192.0.2.66 "
		"helo=x\\x20action=accept\\x0D\\x0AQ:\\x20rule=\\x1B[2J\\\\ "
		"mail-from=<\"a\\x20b\"@\\xFF>" RCPT},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_message *m =
		    lab_send(session, &rows[i].letter);
		const char *got = pst_explain_line(arena, m);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s", got);
	}
}

static void
test_line_without_queue_id(void **state)
{
	const struct pst_message *m;

	(void)state;
	pst_session_mail(session, PST_STR("<>"), PST_STR(""), true);
	m = pst_session_end(session, PST_STR(""), NULL);
	assert_true(pst_str_starts(
	    pst_str(pst_explain_line(arena, m)), PST_STR("NOQUEUE: from=")));
	pst_session_mail(session, PST_STR("<>"), PST_STR(""), true);
	m = pst_session_end(session, PST_STR("A\nB"), NULL);
	assert_true(pst_str_starts(
	    pst_str(pst_explain_line(arena, m)), PST_STR("A\\x0AB: from=")));
}

static void
test_line_in_monitor_mode(void **state)
{
	struct letter letter = {"h", "<>", false, BANK, NULL};
	struct lab own;

	(void)state;
	lab_open(&own, LAB_CONFIG "mode = monitor\n", zone);
	struct pst_session *other = lab_connect(&own, "192.0.2.66");
	const char *line = pst_explain_line(arena, lab_send(other, &letter));
	assert_non_null(strstr(line,
	    " action=accept rule=dmarc-reject would=reject header=no-date "
	    "iprev="));
	pst_session_close(other);
	lab_close(&own);
}

/* Returns a name of 253 octets, a different one for each c. */
static const char *
long_name(char c)
{
	char name[254];

	memset(name, c, sizeof(name));
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	name[253] = '\0';
	return pst_arena_strdup(arena, name);
}

/* Whatever names a sender uses, the line still shows the action (R-SEC-3). */
static void
test_longest_line(void **state)
{
	static const struct letter letter = {"h", "<>", false, BANK, NULL};
	char hostile[2048];
	const char *domains[8];
	struct pst_dkim_sig sigs[8];
	struct pst_message m = *lab_send(session, &letter);

	(void)state;
	memset(hostile, '\xff', sizeof(hostile));
	memset(sigs, 0, sizeof(sigs));
	for (size_t i = 0; i < 8; i++) {
		domains[i] = long_name((char)('a' + i));
		sigs[i].result = PST_RESULT_PERMERROR;
		sigs[i].domain = domains[i];
	}
	m.queue_id = pst_escaped(arena, (struct pst_str){hostile, 64});
	m.helo = m.mail_from = (struct pst_str){hostile, sizeof(hostile)};
	m.findings.from.domains = domains;
	m.findings.from.domain_count = 8;
	m.findings.spf.result = PST_RESULT_PERMERROR;
	m.findings.spf.domain = domains[0];
	m.findings.dkim.sigs = sigs;
	m.findings.dkim.count = 8;
	m.findings.dmarc.policy_domain = domains[1];
	m.findings.dmarc.tag = "np";
	m.findings.indirect = "Mailing-List";
	m.findings.unverified = "signature:bank.example";
	m.decision.action = PST_ACTION_ACCEPT;
	m.decision.would = PST_ACTION_QUARANTINE;
	m.decision.rule = "dmarc-reject-indirect";
	m.done = pst_done_as_decided(&m.decision);
	const char *line = pst_explain_line(arena, &m);
	assert_true(strlen(line) <= LINE_MAX_BYTES);
	assert_true(pst_str_is_printable(pst_str(line)));
	assert_non_null(strstr(line,
	    " action=accept rule=dmarc-reject-indirect would=quarantine "
	    "header=no-date indirect=Mailing-List iprev="));
	assert_non_null(strstr(line, ",+7 spf="));
	assert_non_null(strstr(line, ",+7 dmarc="));
	assert_non_null(strstr(line, " client=192.0.2.66 "));
	assert_null(strstr(line, " message-id="));
	assert_string_equal(line + strlen(line) - 8, " cut=yes");
}

static void
test_line_lists(void **state)
{
	static const char *domains[] = {"a.example", "b.example", "c.example",
	    "d.example", "e.example", "f.example"};
	static const struct letter letter = {"h", "<>", false, BANK, NULL};
	struct pst_dkim_sig sigs[6];
	struct pst_message m = *lab_send(session, &letter);

	(void)state;
	memset(sigs, 0, sizeof(sigs));
	for (size_t i = 0; i < 6; i++)
		sigs[i].domain = i == 1 ? NULL : domains[i];
	sigs[0].result = PST_RESULT_PASS;
	m.findings.from.domains = domains;
	m.findings.from.domain_count = 6;
	m.findings.dkim.sigs = sigs;
	m.findings.dkim.count = 6;
	assert_non_null(strstr(pst_explain_line(arena, &m),
	    " from=a.example,b.example,c.example,d.example,+2 spf=none:- "
	    "dkim=pass:a.example,none:-,none:c.example,none:d.example,+2 "
	    "dmarc="));
	m.findings.from.domain_count = 4;
	m.findings.dkim.count = 4;
	assert_null(strchr(pst_explain_line(arena, &m), '+'));
	/* with the selector, and why a signature did not pass (R-LOG-1) */
	m.findings.dkim.count = 3;
	for (size_t i = 0; i < 3; i++)
		sigs[i].selector = i == 1 ? NULL : "s1";
	sigs[1].result = PST_RESULT_NEUTRAL;
	sigs[1].why = PST_DKIM_WHY_TAG_LIST;
	sigs[2].result = PST_RESULT_FAIL;
	sigs[2].why = PST_DKIM_WHY_BODY_HASH;
	assert_non_null(strstr(pst_explain_line(arena, &m),
	    " dkim=pass:a.example/s1,neutral:-:syntax,"
	    "fail:c.example/s1:body-hash dmarc="));
}

static void
test_reply(void **state)
{
	struct pst_decision d = {
	    .code = 451, .xcode = "4.4.3", .text = "100% later"};

	(void)state;
	assert_string_equal(
	    pst_explain_reply(arena, &d), "451 4.4.3 100% later");
	d.code = 0;
	assert_null(pst_explain_reply(arena, &d));
}

static void
test_text(void **state)
{
	static const struct letter letter = {"mx \xff", "<x@list.example>",
	    false,
	    BANK
	    "List-Id: x\nList-Post: <mailto:a@b.example>\nAuthentication-Results: " LAB_ID
	    "; dmarc=pass\n",
	    NULL};
	static const char *const want[] = {
	    "client    192.0.2.66 (client.example)\n",
	    "\nhelo      mx \\xFF\n",
	    "\nmail from <x@list.example>\n",
	    "\nfrom      bank.example\n",
	    "\niprev     pass (bulk.example)\n",
	    "\nspf       pass for list.example",
	    "\ndkim      none\n",
	    "\ndmarc     fail: p=reject at bank.example ",
	    "; aligned: none",
	    "\nindirect  yes, evidence: List-Id:list.example(spf)\n",
	    "\nclaims    do not count: List-Post:b.example(not-authenticated)\n",
	    "\naction    tag, by rule dmarc-reject-indirect\n",
	    "\ndelete    Authentication-Results #1\n",
	    "\ninsert    X-DMARC-Verdict: quarantine\n",
	    "\ninsert    X-Spam-Flag: YES\n",
	    "\ninsert    Authentication-Results: " LAB_ID ";\n\tspf=pass ",
	    "\ndns       TXT  _dmarc.bank.example  NOERROR ttl 60\n",
	    "            v=DMARC1; p=reject; sp=none\n",
	    "\ndns       PTR  66.2.0.192.in-addr.arpa  NOERROR ttl 60\n",
	    "            bulk.example\n",
	    "\ndns       A    bulk.example  NOERROR ttl 60\n",
	    "            192.0.2.66\n",
	    "\ndns       TXT  list.example  NOERROR ttl 60\n",
	};
	const char *text = pst_explain_text(arena, lab_send(session, &letter));

	(void)state;
	FOR_ROWS(i, want, want[i])
		if (strstr(text, want[i]) == NULL)
			fail_msg("no \"%s\" in:\n%s", want[i], text);
	for (; *text != '\0'; text++)
		assert_true(*text == '\n' || *text == '\t' ||
		    (*text >= ' ' && *text <= '~'));
}

/* What a policy is known from: the line, the text and the JSON say it. */
static void
test_remembered(void **state)
{
	static const struct {
		const char *label;
		enum pst_dmarc_knowledge knowledge;
		bool from_memory;
		int64_t age_s;
		const char *line, *text, *json;
	} rows[] = {
#define POLICY " policy=bank.example:p=reject"
	    {"learned", PST_DMARC_LEARNED, false, 0,
		POLICY " aligned=none action=", "; aligned: none\n",
		"\"knowledge\":\"learned\",\"policy_"},
	    {"seconds", PST_DMARC_REMEMBERED, true, 59,
		POLICY " remembered=59s aligned=none action=",
		"; remembered, last seen 59s ago\n",
		"\"knowledge\":\"remembered\",\"remembered_s\":59,"},
	    {"minutes", PST_DMARC_REMEMBERED, true, 3599,
		" remembered=59m aligned=none action=", " 59m ago\n",
		"\"remembered_s\":3599,"},
	    {"hours", PST_DMARC_REMEMBERED, true, 3 * 3600 + 1,
		" remembered=3h aligned=none action=", " 3h ago\n",
		"\"remembered_s\":10801,"},
	    {"days", PST_DMARC_REMEMBERED, true, 6 * 86400,
		" remembered=6d aligned=none action=", " 6d ago\n",
		"\"remembered_s\":518400,"},
	    {"inherited", PST_DMARC_INHERITED, false, 0,
		POLICY " inherited=yes aligned=none action=",
		"; inherited, since the policy of bank.example is unknown\n",
		"\"knowledge\":\"inherited\",\"policy_"},
	    {"inherited from the memory", PST_DMARC_INHERITED, true, 60,
		" remembered=1m inherited=yes aligned=none action=",
		"; remembered, last seen 1m ago; inherited, since",
		"\"knowledge\":\"inherited\",\"remembered_s\":60,"},
#undef POLICY
	};
	static const struct letter letter = {
	    "h", "<x@bulk.example>", false, BANK, NULL};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_message m = *lab_send(session, &letter);
		const char *got[3];
		const char *want[] = {rows[i].line, rows[i].text, rows[i].json};

		m.findings.dmarc.knowledge = rows[i].knowledge;
		m.findings.dmarc.from_memory = rows[i].from_memory;
		m.findings.dmarc.remembered_s = rows[i].age_s;
		got[0] = pst_explain_line(arena, &m);
		got[1] = pst_explain_text(arena, &m);
		got[2] = pst_explain_json(arena, &m, NULL, NULL);
		for (size_t k = 0; k < PST_COUNT(want); k++)
			if (strstr(got[k], want[k]) == NULL)
				fail_msg("no \"%s\" in:\n%s", want[k], got[k]);
	}
}

static void
test_arc(void **state)
{
	static const struct {
		const char *label, *line, *text;
		struct pst_arc arc;
	} rows[] = {
	    {"none", " arc=none:- dns=", "\narc       none\n",
		{.result = PST_RESULT_NONE}},
	    {"fail", " arc=fail:- dns=", "\narc       fail: seal 2: no key\n",
		{.result = PST_RESULT_FAIL,
		    .sets = 2,
		    .reason = "seal 2: no key"}},
	    {"pass", " arc=pass:lists.example dns=",
		"\narc       pass by lists.example, sets 3, oldest pass 2\n",
		{.result = PST_RESULT_PASS,
		    .sets = 3,
		    .oldest_pass = 2,
		    .sealer = "lists.example"}},
	};
	static const struct letter letter = {"h", "<>", false, BANK, NULL};
	struct pst_message m = *lab_send(session, &letter);

	(void)state;
	assert_null(strstr(pst_explain_line(arena, &m), " arc="));
	assert_null(strstr(pst_explain_text(arena, &m), "\narc "));
	m.findings.has_arc = true;
	FOR_ROWS(i, rows, rows[i].label) {
		m.findings.arc = rows[i].arc;
		if (strstr(pst_explain_line(arena, &m), rows[i].line) == NULL)
			fail_msg("%s", pst_explain_line(arena, &m));
		if (strstr(pst_explain_text(arena, &m), rows[i].text) == NULL)
			fail_msg("%s", pst_explain_text(arena, &m));
	}
}

static void
test_text_rows(void **state)
{
	static const struct {
		const char *label;
		struct letter letter;
		const char *want;
	} rows[] = {
	    {"exempt", {"h", "<>", true, BANK, NULL},
		"\nchecks    none: client is exempt (authenticated)\n"},
	    {"reply", {"h", "<>", false, BANK, NULL},
		"\nreply     550 5.7.26 Message refused by DMARC policy of "
		"bank.example\n"},
	    {"why malformed", {"h", "<>", false, "To: x\n", NULL},
		"\nfrom      malformed (no From field)\n"},
	    {"no usable policy",
		{"h", "<>", false, "From: a@odd.example\n", NULL},
		"\ndmarc     permerror: no usable policy at odd.example"},
	    {"t=y", {"h", "<>", false, "From: a@test.example\n", NULL},
		"t=y lowers it to quarantine"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const char *text =
		    pst_explain_text(arena, lab_send(session, &rows[i].letter));

		if (strstr(text, rows[i].want) == NULL)
			fail_msg("%s:\n%s", rows[i].label, text);
	}
}

/* UTF-8 in a value that could control a terminal is escaped. */
static void
test_text_of_hostile_field(void **state)
{
	static const struct letter letter = {"h", "<>", false, BANK, NULL};
	struct pst_edit edit = {.op = PST_EDIT_INSERT,
	    .name = "X",
	    .value = " a\n\tb=\"\xe2\x80\xae\""};
	struct pst_message m = *lab_send(session, &letter);

	(void)state;
	m.decision.edits = &edit;
	m.decision.edit_count = 1;
	assert_non_null(strstr(pst_explain_text(arena, &m),
	    "\ninsert    X: a\n\tb=\"\\xE2\\x80\\xAE\"\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_rows),
	    cmocka_unit_test(test_line_without_queue_id),
	    cmocka_unit_test(test_line_in_monitor_mode),
	    cmocka_unit_test(test_longest_line),
	    cmocka_unit_test(test_line_lists),
	    cmocka_unit_test(test_reply),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_remembered),
	    cmocka_unit_test(test_arc),
	    cmocka_unit_test(test_text_rows),
	    cmocka_unit_test(test_text_of_hostile_field),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}

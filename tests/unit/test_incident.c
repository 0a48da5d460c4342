/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "store/incident.h"
#include "store/redact.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define GOOD_IP "192.0.2.10"
#define BAD_IP "192.0.2.66"
#define SECRET "00112233445566778899aabbccddeeff"
#define ALL                                                                    \
	"reports { from = \"dmarc@gateway.example\" }\n"                       \
	"failure-reports { all-domains = yes }\n"
#define ONE(domain)                                                            \
	"reports { from = \"dmarc@gateway.example\" }\n"                       \
	"failure-reports { domains = {\"" domain "\"} }\n"
#define RUF "ruf=mailto:f@bank.example"
#define SPF(domain) domain " 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"

static const char zone[] = SPF("bank.example.") SPF("any.example.") SPF(
    "spf.example.") "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; " RUF
		    "\"\n"
		    "_dmarc.any.example. 60 IN TXT \"v=DMARC1; p=reject; fo=1; " RUF
		    "\"\n"
		    "_dmarc.spf.example. 60 IN TXT \"v=DMARC1; p=none; fo=s; " RUF
		    "\"\n"
		    "_dmarc.quiet.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
		    "_dmarc.tld.example. 60 IN TXT \"v=DMARC1; p=reject; psd=y; " RUF
		    "\"\n";

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

static void
free_outcome(void *outcome)
{
	pst_outcome_free(outcome);
}

/* Returns false if the message has no incident. */
static bool
make(const struct pst_message *message, struct pst_incident *out)
{
	const struct pst_outcome_use use = {
	    .incident = true, .quotes = pst_redact_quotes};
	struct pst_outcome *outcome;

	if (!pst_incident_is_due(message))
		return false;
	outcome = pst_outcome_copy(message, &use, LAB_NOW);
	pst_arena_defer(arena, free_outcome, outcome);
	return pst_incident_make(arena, outcome, SECRET, out);
}

/* R-FAIL-1 to -3, R-FAIL-13. */
static void
test_whether(void **state)
{
	static const char bank[] = "From: a@bank.example\n";
	static const struct {
		const char *label, *config, *ip, *mail_from, *header;
		bool want;
	} rows[] = {
	    {"it fails", ALL, BAD_IP, "<a@bank.example>", bank, true},
	    {"off by default", "reports { from = \"d@gateway.example\" }\n",
		BAD_IP, "<a@bank.example>", bank, false},
	    {"a domain that is named", ONE("bank.example"), BAD_IP,
		"<a@bank.example>", bank, true},
	    {"another is named", ONE("other.example"), BAD_IP,
		"<a@bank.example>", bank, false},
	    {"it passes", ALL, GOOD_IP, "<a@bank.example>", bank, false},
	    {"fo=1: one of two is enough", ALL, GOOD_IP, "<a@any.example>",
		"From: a@any.example\n", true},
	    {"fo=s: SPF fails", ALL, BAD_IP, "<a@spf.example>",
		"From: a@spf.example\n", true},
	    {"fo=s: it does not", ALL, GOOD_IP, "<a@spf.example>",
		"From: a@spf.example\n", false},
	    {"fo=s: a domain without a record", ALL, BAD_IP, "<a@o.example>",
		"From: a@spf.example\n", false},
	    {"nobody asks", ALL, BAD_IP, "<a@quiet.example>",
		"From: a@quiet.example\n", false},
	    {"a public suffix", ALL, BAD_IP, "<a@tld.example>",
		"From: a@tld.example\n", false},
	    {"a public suffix that is named", ONE("tld.example"), BAD_IP,
		"<a@tld.example>", "From: a@tld.example\n", true},
	    {"a null sender", ALL, BAD_IP, "<>", bank, false},
	    {"sent by a program", ALL, BAD_IP, "<a@bank.example>",
		"From: a@bank.example\nAuto-Submitted: auto-generated\n",
		false},
	    {"by a person that says so", ALL, BAD_IP, "<a@bank.example>",
		"From: a@bank.example\nAuto-Submitted: no\n", true},
	    {"a report", ALL, BAD_IP, "<a@bank.example>",
		"From: a@bank.example\nContent-Type: Multipart/Report; x=y\n",
		false},
	    {"deferred",
		"rule \"x\" { dmarc = {fail} action = tempfail }\n" ALL, BAD_IP,
		"<a@bank.example>", bank, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct letter letter = {.helo = "mx.bulk.example",
		    .mail_from = rows[i].mail_from,
		    .header = rows[i].header,
		    .body = "Hello.\r\n"};
		struct pst_incident incident;
		struct lab lab;

		lab_open(&lab,
		    pst_arena_printf(arena, "%s%s", LAB_CONFIG, rows[i].config),
		    zone);
		struct pst_session *session = lab_connect(&lab, rows[i].ip);
		const struct pst_message *m = lab_send(session, &letter);
		if (make(m, &incident) != rows[i].want)
			fail_msg("%s", rows[i].label);
		pst_session_close(session);
		lab_close(&lab);
	}
}

static void
test_content(void **state)
{
	static const struct letter letter = {.helo = "mx.bulk.example",
	    .mail_from = "<Carol@bank.example>",
	    .header = "From: Carol <carol@bank.example>\n"
		      "To: victim@gateway.example\nSubject: private\n",
	    .body = "Hello.\r\n"};
	const char *hash = pst_redact_local(arena, PST_STR("carol"), SECRET);
	struct pst_incident incident;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG ALL, zone);
	struct pst_session *session = lab_connect(&lab, BAD_IP);
	assert_true(make(lab_send(session, &letter), &incident));
	assert_string_equal(incident.domain, "bank.example");
	assert_string_equal(incident.ruf, "mailto:f@bank.example");
	assert_string_equal(incident.subject, "");
	assert_string_equal(incident.header,
	    pst_arena_printf(arena, "From: Carol <%s@bank.example>\n", hash));
	assert_string_equal(incident.fields,
	    pst_arena_printf(arena,
		"Auth-Failure: dmarc\n"
		"Authentication-Results: " LAB_ID ";\n"
		"\tdmarc=fail header.from=bank.example\n"
		"Identity-Alignment: dkim, spf\n"
		"Reported-Domain: bank.example\n"
		"Source-IP: " BAD_IP "\n"
		"Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\n"
		"Delivery-Result: reject\n"
		"Reporting-MTA: dns; " LAB_ID "\n"
		"Original-Envelope-Id: 4FA43A8A3F9\n"
		"Original-Mail-From: <%s@bank.example>\n"
		"SPF-DNS: txt : bank.example : "
		"\"v=spf1 ip4:192.0.2.10 -all\"\n",
		hash));
	pst_session_close(session);
	lab_close(&lab);
}

/* R-FAIL-5: incidents that differ only in persons are alike; R-FAIL-10. */
static void
test_alike(void **state)
{
	static const char *const senders[] = {
	    "<a@bank.example>", "<b@bank.example>", "<b@bulk.example>"};
	struct pst_incident incidents[PST_COUNT(senders)];
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG ALL, zone);
	FOR_ROWS(i, senders, senders[i]) {
		struct letter letter = {.mail_from = senders[i],
		    .header = "From: a@bank.example\n",
		    .body = "Hello.\r\n"};
		struct pst_session *session = lab_connect(&lab, BAD_IP);

		assert_true(make(lab_send(session, &letter), &incidents[i]));
		pst_session_close(session);
	}
	assert_string_equal(incidents[0].id, incidents[1].id);
	assert_string_not_equal(incidents[1].id, incidents[2].id);
	assert_null(strstr(incidents[2].fields, "SPF-DNS"));
	lab_close(&lab);
}

static void
test_signature(void **state)
{
	static const struct letter letter = {.mail_from = "<a@bank.example>",
	    .header = "From: a@bank.example\n",
	    .body = "Hello.\r\n"};
	struct pst_dkim_sig sigs[] = {
	    {.result = PST_RESULT_FAIL,
		.domain = "other.example",
		.selector = "o",
		.checked = true},
	    {.result = PST_RESULT_FAIL,
		.domain = "bank.example",
		.selector = "s",
		.identity = "ann@mail.bank.example",
		.body_failed = true,
		.checked = true,
		.aligned = true},
	};
	struct pst_incident incident;
	struct pst_message changed;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG ALL, zone);
	struct pst_session *session = lab_connect(&lab, BAD_IP);
	changed = *lab_send(session, &letter);
	changed.findings.dkim.sigs = sigs;
	changed.findings.dkim.count = PST_COUNT(sigs);
	assert_true(make(&changed, &incident));
	assert_non_null(strstr(incident.fields,
	    pst_arena_printf(arena,
		"DKIM-Domain: bank.example\n"
		"DKIM-Identity: %s@mail.bank.example\n"
		"DKIM-Selector: s\n",
		pst_redact_local(arena, PST_STR("ann"), SECRET))));
	/* fo=d: the message passes, but a signature does not. */
	changed.findings.dmarc.record.fo = "d";
	changed.findings.dmarc.dkim_aligned = true;
	assert_true(make(&changed, &incident));
	assert_non_null(strstr(incident.fields, "Auth-Failure: signature\n"));
	assert_non_null(strstr(incident.fields, "Identity-Alignment: spf\n"));
	assert_non_null(
	    strstr(incident.fields, "DKIM-Domain: other.example\n"));
	pst_session_close(session);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whether),
	    cmocka_unit_test(test_content),
	    cmocka_unit_test(test_alike),
	    cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}

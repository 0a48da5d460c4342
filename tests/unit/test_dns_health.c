/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/temperror.h"
#include "core/dns_health.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

/* The history of a resolver, message by message; the cap is 600 ms. */
static void
test_steps(void **state)
{
	static const struct {
		const char *label;
		enum pst_dns_observation health;
		int64_t at_ms;
		enum pst_dns_health_change want;
		bool capped;
	} steps[] = {
	    {"all is well", PST_DNS_OBSERVED_ANSWERS, 0, PST_DNS_HEALTH_SAME,
		false},
	    {"the first failure", PST_DNS_OBSERVED_FAILURE, 1000,
		PST_DNS_HEALTH_SAME, false},
	    {"not long enough", PST_DNS_OBSERVED_FAILURE, 1599,
		PST_DNS_HEALTH_SAME, false},
	    {"an answer", PST_DNS_OBSERVED_ANSWERS, 1599, PST_DNS_HEALTH_SAME,
		false},
	    {"from the beginning", PST_DNS_OBSERVED_FAILURE, 1600,
		PST_DNS_HEALTH_SAME, false},
	    {"not long enough again", PST_DNS_OBSERVED_FAILURE, 2199,
		PST_DNS_HEALTH_SAME, false},
	    {"time alone does nothing", PST_DNS_OBSERVED_NOTHING, 2300,
		PST_DNS_HEALTH_SAME, false},
	    {"long enough", PST_DNS_OBSERVED_FAILURE, 2301,
		PST_DNS_HEALTH_CAPPED, true},
	    {"said once", PST_DNS_OBSERVED_FAILURE, 2302, PST_DNS_HEALTH_SAME,
		true},
	    {"silence ends nothing", PST_DNS_OBSERVED_NOTHING, 9000,
		PST_DNS_HEALTH_SAME, true},
	    {"an answer does", PST_DNS_OBSERVED_ANSWERS, 9001,
		PST_DNS_HEALTH_RECOVERED, false},
	    {"said once, too", PST_DNS_OBSERVED_ANSWERS, 9002,
		PST_DNS_HEALTH_SAME, false},
	    {"a new failure", PST_DNS_OBSERVED_FAILURE, 9003,
		PST_DNS_HEALTH_SAME, false},
	    {"exactly the cap", PST_DNS_OBSERVED_FAILURE, 9603,
		PST_DNS_HEALTH_CAPPED, true},
	};
	struct pst_dns_health health = {.failing = false};

	(void)state;
	FOR_ROWS(i, steps, steps[i].label) {
		enum pst_dns_health_change got = pst_dns_health_update(
		    &health, steps[i].health, steps[i].at_ms, 600);

		if (got != steps[i].want || health.capped != steps[i].capped)
			fail_msg("%d, capped %d", (int)got, health.capped);
	}
	/* A reload that removes the cap ends the failure. */
	assert_int_equal(
	    pst_dns_health_update(&health, PST_DNS_OBSERVED_FAILURE, 9700, 0),
	    PST_DNS_HEALTH_RECOVERED);
	assert_false(health.failing);
}

#define POLICY "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
#define FROM "From: ceo@bank.example\n"
#define DEFER "on-temperror = tempfail\n" LAB_CONFIG

#define SPF_DEFERS "on-spf-temperror = tempfail\n"
#define NOBODY "From: root@[192.0.2.1]\n"
/* With "_dmarc." in front, this domain is too long to be a legal name. */
#define L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOO_LONG "From: a@" L60 "." L60 "." L60 "." L60 ".example\n"
#define CLIENT_FAILS ";! servfail 66.2.0.192.in-addr.arpa\n"

static const struct pst_message *
send_from(struct pst_session *session, const char *header)
{
	return lab_send(
	    session, &(struct letter){.mail_from = "<>", .header = header});
}

static void
test_health(void **state)
{
	static const struct {
		const char *label, *zone, *header;
		enum pst_dns_observation want;
		const char *mail_from;
	} rows[] = {
	    {"a policy", POLICY, FROM, PST_DNS_OBSERVED_ANSWERS, "<>"},
	    {"there is none", "", FROM, PST_DNS_OBSERVED_ANSWERS, "<>"},
	    {"nothing answers",
		";! timeout _dmarc.bank.example\n;! timeout _dmarc.example\n",
		FROM, PST_DNS_OBSERVED_FAILURE, "<>"},
	    {"SERVFAIL is not an answer",
		";! servfail _dmarc.bank.example\n;! servfail "
		"_dmarc.example\n",
		FROM, PST_DNS_OBSERVED_FAILURE, "<>"},
	    {"a sender's broken DNS", ";! servfail _dmarc.bank.example\n", FROM,
		PST_DNS_OBSERVED_NOTHING, "<>"},
	    {"a parent's", POLICY ";! timeout _dmarc.example\n", FROM,
		PST_DNS_OBSERVED_ANSWERS, "<>"},
	    {"SPF of ours", POLICY ";! timeout bank.example\n", FROM,
		PST_DNS_OBSERVED_NOTHING, "<a@bank.example>"},
	    {"SPF of a stranger", POLICY ";! timeout other.example\n", FROM,
		PST_DNS_OBSERVED_ANSWERS, "<a@other.example>"},
	    {"SPF, no policy", ";! timeout other.example\n", FROM,
		PST_DNS_OBSERVED_NOTHING, "<a@other.example>"},
	    {"iprev, which has no effect", CLIENT_FAILS, FROM,
		PST_DNS_OBSERVED_ANSWERS, "<>"},
	    {"no question for a policy", "", NOBODY, PST_DNS_OBSERVED_NOTHING,
		"<a@other.example>"},
	    {"a name that cannot be asked", "", TOO_LONG,
		PST_DNS_OBSERVED_ANSWERS, "<>"},
	    {"nor an answer to another",
		";! timeout other.example\n" CLIENT_FAILS, NOBODY,
		PST_DNS_OBSERVED_NOTHING, "<a@other.example>"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct letter letter = {
		    .mail_from = rows[i].mail_from, .header = rows[i].header};
		struct lab lab;
		struct pst_session *session;
		struct pst_config *config;
		const struct pst_message *m;

		lab_open(&lab, DEFER SPF_DEFERS, rows[i].zone);
		session = lab_connect(&lab, "192.0.2.66");
		config = pst_service_config(lab.service);
		m = lab_send(session, &letter);
		enum pst_dns_observation got = pst_dns_health_observe(
		    m->dns, pst_temperror_is_felt(config, &m->findings));
		pst_config_unref(config);
		if (got != rows[i].want)
			fail_msg("%d", (int)got);
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* The same message before and after the cap, and after recovery. */
static void
test_cap(void **state)
{
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;

	(void)state;
	lab_open(&lab, DEFER "temperror-cap = 1h\n",
	    ";! servfail _dmarc.bank.example\n;! servfail _dmarc.example\n"
	    "_dmarc.good.test. 60 IN TXT \"v=DMARC1; p=none\"\n");
	session = lab_connect(&lab, "192.0.2.66");
	m = send_from(session, FROM);
	assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_SAME);

	pst_clock_advance(&lab.clock, 3600000);
	m = send_from(session, FROM);
	assert_int_equal(m->decision.action, PST_ACTION_TAG);
	assert_string_equal(m->decision.rule, "dmarc-temperror-capped");
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_CAPPED);
	m = send_from(session, FROM);
	assert_int_equal(m->decision.action, PST_ACTION_TAG);
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_SAME);

	m = send_from(session, "From: a@good.test\n");
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_RECOVERED);
	m = send_from(session, FROM);
	assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
	pst_session_close(session);
	lab_close(&lab);
}

/*
 * Only an SPF failure defers, and only if no DMARC policy decides. Messages
 * that are not deferred still count towards the cap.
 */
static void
test_cap_of_one_key(void **state)
{
	const struct letter waits = {
	    .mail_from = "<a@other.example>", .header = NOBODY};
	const struct pst_message *m;
	struct pst_session *session;
	struct lab lab;

	(void)state;
	lab_open(&lab,
	    LAB_CONFIG "on-temperror = accept\n" SPF_DEFERS
		       "on-no-author-domain = accept\ntemperror-cap = 1h\n",
	    ";! servfail _dmarc.bank.example\n;! servfail _dmarc.example\n"
	    ";! servfail other.example\n" CLIENT_FAILS);
	session = lab_connect(&lab, "192.0.2.66");
	m = lab_send(session, &waits);
	assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
	assert_string_equal(m->decision.rule, "spf-temperror");
	m = send_from(session, FROM);
	assert_int_equal(m->decision.action, PST_ACTION_ACCEPT);
	pst_clock_advance(&lab.clock, 3600000);
	m = lab_send(session, &waits);
	assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
	m = send_from(session, FROM);
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_CAPPED);
	m = lab_send(session, &waits);
	assert_int_equal(m->decision.action, PST_ACTION_TAG);
	assert_string_equal(m->decision.rule, "spf-temperror-capped");
	m = send_from(session, "From: a@good.test\n");
	assert_int_equal(m->dns_change, PST_DNS_HEALTH_RECOVERED);
	m = lab_send(session, &waits);
	assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
	pst_session_close(session);
	lab_close(&lab);
}

/* Without a cap, or if no option defers mail, nothing changes. */
static void
test_no_cap(void **state)
{
	static const struct {
		const char *config;
		enum pst_action want;
	} rows[] = {
	    {DEFER "temperror-cap = 0s\n", PST_ACTION_TEMPFAIL},
	    {LAB_CONFIG "on-temperror = accept\n", PST_ACTION_ACCEPT},
	    {DEFER "on-policy-temperror = accept\non-spf-temperror = tag\n"
		   "on-dkim-temperror = accept\n",
		PST_ACTION_ACCEPT},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].config) {
		struct lab lab;
		struct pst_session *session;

		lab_open(&lab, rows[i].config,
		    ";! servfail _dmarc.bank.example\n"
		    ";! servfail _dmarc.example\n");
		session = lab_connect(&lab, "192.0.2.66");
		for (size_t n = 0; n < 3; n++) {
			const struct pst_message *m = send_from(session, FROM);

			assert_int_equal(m->decision.action, rows[i].want);
			assert_int_equal(m->dns_change, PST_DNS_HEALTH_SAME);
			pst_clock_advance(&lab.clock, 86400000);
		}
		pst_session_close(session);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_health),
	    cmocka_unit_test(test_cap),
	    cmocka_unit_test(test_cap_of_one_key),
	    cmocka_unit_test(test_no_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

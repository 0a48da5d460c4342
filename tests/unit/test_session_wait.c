/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define BANK "From: ceo@bank.example\n"
#define POLICY "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
#define SPF "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"

static void
count_call(void *arg)
{
	unsigned *calls = arg;

	(*calls)++;
}

struct trial {
	const char *config, *zone;
	unsigned progress; /* calls of the progress hook */
	const char *helo;  /* NULL: none */
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *message;
};

/*
 * Plays a message of <ceo@bank.example> from 192.0.2.66. trial->config may set
 * any option outside of the section dmarc.
 */
static void
run(struct trial *trial)
{
	const struct pst_progress progress = {count_call, &trial->progress};
	struct pst_arena *arena = pst_arena_new();

	lab_open(&trial->lab,
	    pst_arena_printf(
		arena, LAB_CONFIG "%s", trial->config ? trial->config : ""),
	    trial->zone);
	pst_arena_free(arena);
	trial->session = lab_connect(&trial->lab, "192.0.2.66");
	if (trial->helo != NULL)
		pst_session_helo(trial->session, pst_str(trial->helo));
	pst_session_mail(
	    trial->session, PST_STR("<ceo@bank.example>"), PST_STR(""), false);
	lab_header(trial->session, BANK);
	pst_session_eoh(trial->session);
	(void)pst_session_body(trial->session, "x\r\n", 3);
	/* R-MTA-8: no event before the end of the message waits. */
	assert_int_equal(pst_clock_ms(&trial->lab.clock), 0);
	trial->message =
	    pst_session_end(trial->session, PST_STR("Q"), &progress);
	assert_int_equal(
	    trial->message->elapsed_ms, pst_clock_ms(&trial->lab.clock));
}

static void
done(struct trial *trial)
{
	pst_session_close(trial->session);
	lab_close(&trial->lab);
}

/* R-POL-30: a message waits for the HELO name only if something depends on it. */
static void
test_helo(void **state)
{
#define CHECK "spf { check-helo = yes }\n"
#define SLOW                                                                   \
	SPF POLICY "h.example. 60 IN TXT \"v=spf1 -all\"\n"                    \
		   ";! delay h.example 300ms\n"
	static const struct {
		const char *label, *config, *zone;
		bool has_helo;
		enum pst_action action;
		unsigned ms;
	} rows[] = {
	    {"only shown", CHECK, SLOW, false, PST_ACTION_ACCEPT, 0},
	    {"shown, as all else is slower", CHECK,
		SLOW ";! delay bank.example 500ms\n", true, PST_ACTION_ACCEPT,
		500},
	    {"an action", CHECK "on-helo-fail = tag\n", SLOW, true,
		PST_ACTION_TAG, 300},
	    {"a rule", CHECK "rule x {\nspf-helo = {fail}\naction = tag\n}\n",
		SLOW, true, PST_ACTION_TAG, 300},
	    {"an action, and no answer", CHECK "on-helo-fail = reject\n",
		SPF POLICY ";! timeout h.example\n", true, PST_ACTION_ACCEPT,
		5000},
	    {"off", "on-helo-fail = reject\n", SLOW, false, PST_ACTION_ACCEPT,
		0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct trial trial = {.config = rows[i].config,
		    .zone = rows[i].zone,
		    .helo = "h.example"};

		run(&trial);
		if (trial.message->findings.has_helo != rows[i].has_helo ||
		    trial.message->decision.action != rows[i].action ||
		    trial.message->elapsed_ms != rows[i].ms)
			fail_msg("%d, %s after %u ms",
			    trial.message->findings.has_helo,
			    pst_action_word(trial.message->decision.action),
			    trial.message->elapsed_ms);
		done(&trial);
	}
#undef CHECK
#undef SLOW
}

/* How long slow or dead DNS takes, and which result it has. */
static void
test_rows(void **state)
{
	static const struct {
		const char *label, *config, *zone;
		enum pst_result spf, dmarc;
		enum pst_action action;
		unsigned ms, progress;
	} rows[] = {
	    {"at once", "", SPF POLICY, PST_RESULT_PASS, PST_RESULT_PASS,
		PST_ACTION_ACCEPT, 0, 0},
	    {"both late by the same", "",
		SPF POLICY ";! delay bank.example 40ms\n"
			   ";! delay _dmarc.bank.example 40ms\n",
		PST_RESULT_PASS, PST_RESULT_PASS, PST_ACTION_ACCEPT, 40, 0},
	    {"just in time", "", SPF POLICY ";! delay bank.example 4900ms\n",
		PST_RESULT_PASS, PST_RESULT_PASS, PST_ACTION_ACCEPT, 4900, 1},
	    {"no SPF record arrives", "",
		SPF POLICY ";! timeout bank.example\n", PST_RESULT_TEMPERROR,
		PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL, 5000, 1},
	    {"the same, accepted", "on-temperror = accept\n",
		SPF POLICY ";! timeout bank.example\n", PST_RESULT_TEMPERROR,
		PST_RESULT_TEMPERROR, PST_ACTION_ACCEPT, 5000, 1},
	    {"no policy arrives", "",
		SPF POLICY ";! timeout _dmarc.bank.example\n", PST_RESULT_PASS,
		PST_RESULT_PASS, PST_ACTION_ACCEPT, 5000, 1},
	    {"no PTR arrives", "",
		SPF POLICY ";! timeout 66.2.0.192.in-addr.arpa\n",
		PST_RESULT_PASS, PST_RESULT_PASS, PST_ACTION_ACCEPT, 5000, 1},
	    {"all are dead", "",
		";! timeout bank.example\n;! timeout _dmarc.bank.example\n"
		";! timeout 66.2.0.192.in-addr.arpa\n",
		PST_RESULT_TEMPERROR, PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL,
		5000, 1},
	    {"deadline first", "deadline = 1s\n",
		SPF POLICY ";! timeout bank.example\n", PST_RESULT_TEMPERROR,
		PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL, 1000, 0},
	    {"one after the other", "deadline = 12s\n",
		"bank.example. 60 IN TXT \"v=spf1 mx:a.example mx:b.example "
		"-all\"\n"
		"a.example. 60 IN MX 1 x.example.\n"
		"b.example. 60 IN MX 1 y.example.\n"
		"x.example. 60 IN A 192.0.2.1\ny.example. 60 IN A 192.0.2.66\n"
		";! delay bank.example 4000ms\n;! delay a.example 4000ms\n"
		";! delay x.example 4500ms\n;! delay b.example 4000ms\n" POLICY,
		PST_RESULT_TEMPERROR, PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL,
		12000, 3},
	    {"shorter time for a query", "dns { query-timeout = 500ms }\n",
		SPF POLICY ";! timeout bank.example\n", PST_RESULT_TEMPERROR,
		PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL, 500, 0},
	    {"servfail does not wait", "", POLICY ";! servfail bank.example\n",
		PST_RESULT_TEMPERROR, PST_RESULT_TEMPERROR, PST_ACTION_TEMPFAIL,
		0, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct trial trial = {
		    .config = rows[i].config, .zone = rows[i].zone};

		run(&trial);
		const struct pst_message *m = trial.message;
		if (m->findings.spf.result != rows[i].spf ||
		    m->findings.dmarc.result != rows[i].dmarc ||
		    m->decision.action != rows[i].action ||
		    m->elapsed_ms != rows[i].ms ||
		    trial.progress != rows[i].progress)
			fail_msg("spf=%s dmarc=%s %s %u ms, %u calls",
			    pst_result_word(m->findings.spf.result),
			    pst_result_word(m->findings.dmarc.result),
			    pst_action_word(m->decision.action), m->elapsed_ms,
			    trial.progress);
		done(&trial);
	}
}

/* Progress calls come far more often than the MTA's time-out (10 s). */
static void
test_long_wait(void **state)
{
	struct trial trial = {
	    .config = "deadline = 60s\ndns { query-timeout = 60s }\n",
	    .zone = POLICY ";! timeout bank.example\n"};

	(void)state;
	run(&trial);
	assert_int_equal(trial.message->elapsed_ms, 60000);
	assert_in_range(trial.progress, 19, 20);
	assert_int_equal(
	    trial.message->findings.dmarc.result, PST_RESULT_TEMPERROR);
	done(&trial);
}

/* The deadline starts at the end of the message, however slow the client. */
static void
test_slow_client(void **state)
{
	struct trial trial = {0};

	(void)state;
	lab_open(&trial.lab, LAB_CONFIG,
	    SPF POLICY ";! delay bank.example 4000ms\n;! delay "
		       "_dmarc.bank.example 3000ms\n");
	trial.session = lab_connect(&trial.lab, "192.0.2.66");
	pst_session_mail(
	    trial.session, PST_STR("<ceo@bank.example>"), PST_STR(""), false);
	pst_session_rcpt(trial.session, PST_STR("<ann@home.example>"));
	pst_clock_advance(&trial.lab.clock, 600000);
	lab_header(trial.session, BANK);
	pst_session_eoh(trial.session);
	trial.message = pst_session_end(trial.session, PST_STR("Q"), NULL);
	assert_int_equal(trial.message->findings.spf.result, PST_RESULT_PASS);
	assert_int_equal(trial.message->findings.dmarc.result, PST_RESULT_PASS);
	assert_int_equal(trial.message->elapsed_ms, 3000);
	done(&trial);
}

#define HOSTS(mx)                                                              \
	"m" mx ".bank.example. 60 IN MX 1 a" mx ".bank.example.\n"             \
	"m" mx ".bank.example. 60 IN MX 1 b" mx ".bank.example.\n"             \
	"m" mx ".bank.example. 60 IN MX 1 c" mx ".bank.example.\n"             \
	"m" mx ".bank.example. 60 IN MX 1 d" mx ".bank.example.\n"

/*
 * When the query budget is used up, the check is undecided and the work is
 * bounded. The policy has queries of its own in reserve.
 */
static void
test_budget(void **state)
{
	struct trial trial = {.config = "dns { max-queries = 50 }\n",
	    .zone = POLICY
	    "bank.example. 60 IN TXT \"v=spf1 mx:m1.bank.example "
	    "mx:m2.bank.example mx:m3.bank.example mx:m4.bank.example "
	    "mx:m5.bank.example mx:m6.bank.example mx:m7.bank.example "
	    "mx:m8.bank.example -all\"\n" HOSTS("1") HOSTS("2") HOSTS("3")
		HOSTS("4") HOSTS("5") HOSTS("6") HOSTS("7")
		    HOSTS("8") "*.bank.example. 60 IN A 192.0.2.1\n"};
	/* 10 are for keys and 9 for the policy, whose walk uses two. */
	const size_t want = 50 - 19 + 2;
	size_t asked = 0;

	(void)state;
	run(&trial);
	for (size_t i = 0; i < pst_dns_count(trial.message->dns); i++) {
		const struct pst_dns_entry *entry =
		    pst_dns_at(trial.message->dns, i);

		assert_non_null(entry->answer);
		asked += entry->answer->status != PST_DNS_BUDGET;
	}
	assert_int_equal(asked, want);
	assert_int_equal(
	    trial.message->findings.spf.result, PST_RESULT_TEMPERROR);
	assert_string_equal(
	    trial.message->findings.dmarc.policy_domain, "bank.example");
	assert_int_equal(
	    trial.message->findings.dmarc.result, PST_RESULT_TEMPERROR);
	done(&trial);
}

/* Several Author Domains are refused without a query about any of them. */
static void
test_no_query_for_many_domains(void **state)
{
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;

	(void)state;
	lab_open(&lab, LAB_CONFIG, POLICY);
	session = lab_connect(&lab, "192.0.2.66");
	m = lab_send(session,
	    &(struct letter){.mail_from = "<x@bulk.example>",
		.header = "From: a@a.example, b@b.example, c@c.example\n"});
	assert_string_equal(m->decision.rule, "from-multiple");
	for (size_t i = 0; i < pst_dns_count(m->dns); i++)
		assert_false(pst_str_starts(
		    pst_str(pst_dns_at(m->dns, i)->name), PST_STR("_dmarc")));
	pst_session_close(session);
	lab_close(&lab);
}

/* A message keeps the configuration with which it began. */
static void
test_replaced_config(void **state)
{
	static const struct letter next = {
	    .mail_from = "<x@bulk.example>", .header = BANK};
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;

	(void)state;
	lab_open(&lab, LAB_CONFIG, POLICY);
	session = lab_connect(&lab, "192.0.2.66");
	pst_session_mail(
	    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
	lab_header(session, BANK);
	pst_service_replace(lab.service,
	    lab_config("authserv-id = other.example\n"
		       "trusted-networks = {}\nmode = monitor\n"
		       "tag-header = X-Other\n"
		       "dmarc { " LAB_NO_LIST " }\n"));
	pst_session_eoh(session);
	m = pst_session_end(session, PST_STR("Q"), NULL);
	assert_int_equal(m->decision.action, PST_ACTION_REJECT);
	assert_string_equal(m->authserv_id, LAB_ID);

	/* Its texts survive even another replacement. */
	pst_service_replace(lab.service, lab_config(LAB_CONFIG));
	pst_service_replace(lab.service,
	    lab_config("authserv-id = third.example\n"
		       "trusted-networks = {}\nmode = monitor\n"
		       "dmarc { " LAB_NO_LIST " }\n"));
	assert_string_equal(m->decision.text,
	    "Message refused by DMARC policy of bank.example");
	assert_string_equal(m->authserv_id, LAB_ID);
	m = lab_send(session, &next);
	assert_int_equal(m->decision.action, PST_ACTION_ACCEPT);
	assert_int_equal(m->decision.would, PST_ACTION_REJECT);
	assert_string_equal(m->authserv_id, "third.example");
	pst_session_close(session);
	lab_close(&lab);
}

/* A From or result field beyond a limit is still noticed. */
static void
test_truncated_header(void **state)
{
	static const struct {
		const char *label, *last, *rule;
	} rows[] = {
	    {"From first", "X-A: b\n", "dmarc-reject"},
	    {"second From", "From: a@other.example\n", "from-several-fields"},
	    {"result", "Authentication-Results: " LAB_ID "; dmarc=pass\n",
		"dmarc-reject"},
	};
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG "header { max-fields = 50 }\n", POLICY);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session = lab_connect(&lab, "192.0.2.66");
		const struct pst_message *m;

		pst_session_mail(
		    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
		lab_header(session, BANK);
		for (unsigned n = 0; n < 100; n++)
			lab_header(session, "X-Flood: x\n");
		lab_header(session, rows[i].last);
		m = pst_session_end(session, PST_STR("Q"), NULL);
		assert_true(m->header->truncated);
		assert_int_equal(m->header->count, 50);
		if (strcmp(m->decision.rule, rows[i].rule) != 0)
			fail_msg("%s", m->decision.rule);
		pst_session_close(session);
	}
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_helo),
	    cmocka_unit_test(test_long_wait),
	    cmocka_unit_test(test_slow_client),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_no_query_for_many_domains),
	    cmocka_unit_test(test_replaced_config),
	    cmocka_unit_test(test_truncated_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

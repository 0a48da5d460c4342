/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/outcome.h"
#include "tests/unit/core_fixture.h"

#define BAD_IP "192.0.2.66"
#define BIG 8000

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 include:more.example -all\"\n"
    "more.example. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; fo=1; "
    "rua=mailto:a@bank.example,mailto:b@bank.example; "
    "ruf=mailto:f@bank.example\"\n";

static const char reports[] =
    LAB_CONFIG "reports { from = \"dmarc@gateway.example\""
	       " recipient-domains = yes }\n";

static bool
quotes_some(const struct pst_config *config, struct pst_str name)
{
	assert_non_null(config);
	return pst_str_ieq(name, PST_STR("From")) ||
	    pst_str_ieq(name, PST_STR("X-Big"));
}

static const struct pst_outcome_use rows_only = {.rows = true};
static const struct pst_outcome_use both = {
    .rows = true, .incident = true, .quotes = quotes_some};

/* Plays a forged message with that header to some recipients. */
static const struct pst_message *
play(struct pst_session *session, const char *header)
{
	static const char *const rcpts[] = {"<a@one.example>",
	    "<b@two.example>", "<c@one.example>", "<d@One.Example>"};

	pst_session_helo(session, PST_STR("mx.bulk.example"));
	pst_session_mail(
	    session, PST_STR("<ann@bank.example>"), PST_STR(""), false);
	for (size_t i = 0; i < PST_COUNT(rcpts); i++)
		pst_session_rcpt(session, pst_str(rcpts[i]));
	lab_header(session, header);
	pst_session_eoh(session);
	return pst_session_end(session, PST_STR("Q1"), NULL);
}

static void
assert_str(struct pst_str s, const char *wanted)
{
	assert_true(pst_str_eq(s, pst_str(wanted)));
}

/* The copy can be read when the message, its session and a reload are gone. */
static void
test_outlives(void **state)
{
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;
	struct pst_outcome *outcome;

	(void)state;
	lab_open(&lab, reports, zone);
	session = lab_connect(&lab, BAD_IP);
	m = play(
	    session, "From: ann@bank.example\nX-Secret: no\nSubject: no\n");
	outcome = pst_outcome_copy(m, &both, LAB_NOW);
	pst_session_close(session);
	pst_service_replace(lab.service, lab_config(LAB_CONFIG));
	lab_close(&lab);

	m = &outcome->message;
	assert_int_equal(outcome->seen_s, LAB_NOW);
	assert_int_equal(outcome->rows, 2);
	assert_true(outcome->incident);
	assert_string_equal(m->config->reports.from, "dmarc@gateway.example");
	assert_string_equal(m->queue_id, "Q1");
	assert_string_equal(m->authserv_id, LAB_ID);
	assert_str(m->mail_from, "<ann@bank.example>");
	assert_string_equal(m->findings.mail_from, "bank.example");
	assert_string_equal(m->findings.spf.domain, "bank.example");
	assert_int_equal(m->findings.spf.result, PST_RESULT_FAIL);
	assert_string_equal(m->findings.rcpts.domains[0], "one.example");
	assert_string_equal(m->findings.rcpts.domains[1], "two.example");
	assert_int_equal(m->findings.rcpts.count, 2);
	assert_int_equal(m->findings.dmarc.result, PST_RESULT_FAIL);
	assert_int_equal(m->findings.dmarc.judged, PST_RESULT_FAIL);
	assert_string_equal(m->findings.dmarc.policy_domain, "bank.example");
	assert_string_equal(m->findings.dmarc.record.fo, "1");
	assert_int_equal(m->findings.dmarc.record.rua_count, 2);
	assert_string_equal(
	    m->findings.dmarc.record.rua[1], "mailto:b@bank.example");
	assert_int_equal(m->findings.dmarc.record.ruf_count, 1);
	assert_string_equal(
	    m->findings.dmarc.record.ruf[0], "mailto:f@bank.example");
	assert_string_equal(m->decision.rule, "dmarc-reject");
	assert_int_equal(m->done.action, PST_ACTION_REJECT);
	assert_int_equal(m->done.code, 550);
	assert_true(m->done.edited);
	assert_null(m->done.failed);
	assert_int_equal(m->header->count, 1);
	assert_str(m->header->fields[0].name, "From");
	assert_str(m->header->fields[0].value, " ann@bank.example");
	assert_int_equal(outcome->spf_count, 2);
	assert_str(outcome->spf[1].domain, "more.example");
	assert_str(outcome->spf[1].text, "v=spf1 ip4:192.0.2.1 -all");
	pst_outcome_free(outcome);
}

/* What only incidents need is not copied for a row. */
static void
test_rows_only(void **state)
{
	struct lab lab;
	struct pst_session *session;
	struct pst_outcome *outcome;

	(void)state;
	lab_open(&lab, reports, zone);
	session = lab_connect(&lab, BAD_IP);
	outcome = pst_outcome_copy(
	    play(session, "From: ann@bank.example\n"), &rows_only, LAB_NOW);
	assert_int_equal(outcome->rows, 2);
	assert_false(outcome->incident);
	assert_int_equal(outcome->message.header->count, 0);
	assert_int_equal(outcome->message.mail_from.len, 0);
	assert_int_equal(outcome->spf_count, 0);
	assert_int_equal(outcome->message.findings.dmarc.record.ruf_count, 0);
	pst_outcome_free(outcome);
	pst_session_close(session);
	lab_close(&lab);
}

/* However large a header is, the copy of it is bounded. */
static void
test_large_header(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char *big = pst_arena_alloc(arena, 3 * BIG + 1);
	const char *header;
	struct lab lab;
	struct pst_session *session;
	struct pst_outcome *outcome;
	const struct pst_header *kept;
	size_t total = 0;

	(void)state;
	memset(big, 'x', 3 * BIG);
	header = pst_arena_printf(arena,
	    "From: ann@bank.example\nX-Big: %s\nX-Other: %s\nX-Big: %.*s\n"
	    "X-Big: %.*s\nX-Big: %.*s\nX-Big: %.*s\n",
	    big, big, BIG, big, BIG, big, BIG, big, BIG, big);
	lab_open(&lab, reports, zone);
	session = lab_connect(&lab, BAD_IP);
	outcome = pst_outcome_copy(play(session, header), &both, LAB_NOW);
	kept = outcome->message.header;
	for (size_t i = 0; i < kept->count; i++) {
		assert_false(
		    pst_str_ieq(kept->fields[i].name, PST_STR("X-Other")));
		assert_true(kept->fields[i].value.len <= PST_OUTCOME_MAX_FIELD);
		total += kept->fields[i].name.len + kept->fields[i].value.len;
	}
	assert_int_equal(kept->count, 5);
	assert_true(total <= PST_OUTCOME_MAX_HEADER);
	pst_outcome_free(outcome);
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

/* Signatures count if they were checked; an identity may be too long. */
static void
test_signatures(void **state)
{
	char lengthy[PST_OUTCOME_MAX_IDENTITY + 2];
	struct pst_dkim_sig sigs[] = {
	    {.checked = true, .domain = "a.example"},
	    {.domain = "b.example", .selector = "s"},
	    {.checked = true,
		.domain = "c.example",
		.selector = "s",
		.identity = lengthy},
	    {.checked = true,
		.domain = "d.example",
		.selector = "s",
		.identity = lengthy + 1},
	};
	struct lab lab;
	struct pst_session *session;
	struct pst_message m;
	struct pst_outcome *outcome;
	const struct pst_dkim *dkim;

	(void)state;
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	lab_open(&lab, reports, zone);
	session = lab_connect(&lab, BAD_IP);
	m = *play(session, "From: ann@bank.example\n");
	m.findings.dkim.sigs = sigs;
	m.findings.dkim.count = PST_COUNT(sigs);
	outcome = pst_outcome_copy(&m, &both, LAB_NOW);
	dkim = &outcome->message.findings.dkim;
	assert_int_equal(dkim->count, 2);
	assert_string_equal(dkim->sigs[0].domain, "c.example");
	assert_null(dkim->sigs[0].identity);
	assert_string_equal(dkim->sigs[1].domain, "d.example");
	assert_string_equal(dkim->sigs[1].identity, lengthy + 1);
	pst_outcome_free(outcome);
	pst_session_close(session);
	lab_close(&lab);
}

/* A list is freed as a whole; without one nothing happens. */
static void
test_list(void **state)
{
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;
	struct pst_outcome *list;

	(void)state;
	lab_open(&lab, reports, zone);
	session = lab_connect(&lab, BAD_IP);
	m = play(session, "From: ann@bank.example\n");
	list = pst_outcome_copy(m, &both, LAB_NOW);
	list->next = pst_outcome_copy(m, &rows_only, LAB_NOW);
	pst_session_close(session);
	lab_close(&lab);
	pst_outcome_free(list);
	pst_outcome_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outlives),
	    cmocka_unit_test(test_rows_only),
	    cmocka_unit_test(test_large_header),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

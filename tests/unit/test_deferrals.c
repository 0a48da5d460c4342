/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/thread.h"
#include "core/deferrals.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define HOUR_MS INT64_C(3600000)
#define CAP_MS ((unsigned)(4 * HOUR_MS))

static const struct pst_deferral_key victim = {
    PST_DEFERRAL_KEY, "bank.example", "bank.example", "sel"};

/* Keys that differ in one member have entries of their own. */
static void
test_keys(void **state)
{
	static const struct {
		const char *label;
		struct pst_deferral_key key;
	} rows[] = {
	    {"policy", {PST_DEFERRAL_POLICY, "a.test", "a.test", NULL}},
	    {"SPF", {PST_DEFERRAL_SPF, "a.test", "a.test", NULL}},
	    {"key", {PST_DEFERRAL_KEY, "a.test", "a.test", "s"}},
	    {"selector", {PST_DEFERRAL_KEY, "a.test", "a.test", "t"}},
	    {"name", {PST_DEFERRAL_KEY, "a.test", "lame.a.test", "s"}},
	    {"author", {PST_DEFERRAL_KEY, "b.test", "a.test", "s"}},
	    {"shifted", {PST_DEFERRAL_KEY, "a.test", "a.tes", "ts"}},
	};
	struct pst_deferrals *table = pst_deferrals_new(PST_COUNT(rows));

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		assert_int_equal(
		    pst_deferrals_fail(table, &rows[i].key, (int64_t)i), 0);
	}
	FOR_ROWS(i, rows, rows[i].label) {
		assert_int_equal(pst_deferrals_fail(table, &rows[i].key, 100),
		    100 - (int64_t)i);
	}
	FOR_ROWS(i, rows, rows[i].label) {
		assert_int_equal(
		    pst_deferrals_count(table), PST_COUNT(rows) - i);
		pst_deferrals_answer(table, &rows[i].key);
		pst_deferrals_answer(table, &rows[i].key);
	}
	assert_int_equal(pst_deferrals_count(table), 0);
	assert_int_equal(pst_deferrals_fail(table, &rows[0].key, 200), 0);
	pst_deferrals_free(table);
}

static void
test_forgotten(void **state)
{
	struct pst_deferrals *table = pst_deferrals_new(4);
	int64_t now = 5;

	(void)state;
	assert_int_equal(pst_deferrals_fail(table, &victim, now), 0);
	now += PST_DEFERRALS_FORGET_MS - 1;
	assert_int_equal(pst_deferrals_fail(table, &victim, now), now - 5);
	now += PST_DEFERRALS_FORGET_MS;
	assert_int_equal(pst_deferrals_fail(table, &victim, now), 0);
	assert_int_equal(pst_deferrals_count(table), 1);
	pst_deferrals_free(table);
}

static int64_t
fail_numbered(struct pst_deferrals *table, size_t number, int64_t now_ms)
{
	char name[32];
	const struct pst_deferral_key key = {
	    PST_DEFERRAL_POLICY, name, name, NULL};

	(void)snprintf(name, sizeof(name), "d%zu.example", number);
	return pst_deferrals_fail(table, &key, now_ms);
}

/* When the table is full, what has not been seen for longest goes. */
static void
test_full(void **state)
{
	struct pst_deferrals *table = pst_deferrals_new(100);

	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(fail_numbered(table, i, 1), 0);
	assert_int_equal(fail_numbered(table, 0, 2), 1);
	for (size_t i = 100; i < 199; i++)
		assert_int_equal(fail_numbered(table, i, 3), 0);
	assert_int_equal(pst_deferrals_count(table), 100);
	assert_int_equal(fail_numbered(table, 0, 4), 3);
	assert_int_equal(fail_numbered(table, 150, 5), 2);
	assert_int_equal(fail_numbered(table, 1, 6), 0);
	/* A flood of any length leaves it at its size. */
	for (size_t i = 1000; i < 11000; i++)
		assert_int_equal(fail_numbered(table, i, 7), 0);
	assert_int_equal(pst_deferrals_count(table), 100);
	assert_int_equal(fail_numbered(table, 10999, 9), 2);
	pst_deferrals_free(table);
}

static void *
flood(void *arg)
{
	struct pst_deferrals *table = arg;

	for (size_t i = 0; i < 5000; i++) {
		(void)fail_numbered(table, i % 300, 1);
		if (i % 3 == 0)
			pst_deferrals_answer(table, &victim);
		else
			(void)pst_deferrals_fail(table, &victim, 1);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct pst_deferrals *table = pst_deferrals_new(200);
	pthread_t threads[3];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_true(pst_thread_start(&threads[i], flood, table));
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		pst_thread_join(threads[i]);
	assert_in_range(pst_deferrals_count(table), 199, 200);
	pst_deferrals_free(table);
}

/* ---- whole messages ---- */

#define POLICY "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
#define OLD_POLICY                                                             \
	"_dmarc.example. 60 IN TXT \"v=DMARC1; p=reject; psd=y; sp=reject\"\n"
#define FROM "From: ceo@bank.example\n"
#define SIG(domain)                                                            \
	"DKIM-Signature: v=1; a=rsa-sha256; d=" domain                         \
	"; s=k; c=relaxed/relaxed; h=from; "                                   \
	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "                    \
	"b=AAAA\n"
#define DEAD_SPF ";! servfail bank.example\n"
#define DEAD_POLICY ";! servfail _dmarc.bank.example\n"
#define DEAD_KEY ";! servfail k._domainkey.lame.bank.example\n"
#define DEAD_WALK ";! servfail _dmarc.lame.bank.example\n"

/*
 * The first message, and what happens to the same one after each of two
 * pauses. It has an empty body.
 */
static const struct {
	const char *label, *zone, *header, *mail_from, *config;
	int64_t pause_ms[2];
	const char *want[3]; /* rules */
	enum pst_action last;
} life_rows[] = {
#define WAITS "dmarc-temperror"
    {"SPF", POLICY DEAD_SPF, FROM, "<a@bank.example>", "", {4 * HOUR_MS - 1, 1},
	{WAITS, WAITS, "dmarc-reject"}, PST_ACTION_REJECT},
    {"a key", POLICY DEAD_KEY, SIG("lame.bank.example") FROM, "<>", "",
	{4 * HOUR_MS - 1, 1}, {WAITS, WAITS, "dmarc-reject"},
	PST_ACTION_REJECT},
    {"a walk", POLICY DEAD_KEY DEAD_WALK, SIG("lame.bank.example") FROM, "<>",
	"", {4 * HOUR_MS - 1, 1}, {WAITS, WAITS, "dmarc-reject"},
	PST_ACTION_REJECT},
    {"the policy", DEAD_POLICY, FROM, "<>", "", {4 * HOUR_MS - 1, 1},
	{WAITS, WAITS, "dmarc-temperror-capped"}, PST_ACTION_TAG},
    {"an inherited policy", DEAD_POLICY OLD_POLICY, FROM, "<>", "",
	{4 * HOUR_MS - 1, 1}, {WAITS, WAITS, "dmarc-reject"},
	PST_ACTION_REJECT},
    {"the policy and SPF", DEAD_POLICY DEAD_SPF, FROM, "<a@bank.example>", "",
	{HOUR_MS, 4 * HOUR_MS}, {WAITS, WAITS, "dmarc-temperror-capped"},
	PST_ACTION_TAG},
    {"not seen for a day", POLICY DEAD_SPF, FROM, "<a@bank.example>", "",
	{24 * HOUR_MS, HOUR_MS}, {WAITS, WAITS, WAITS}, PST_ACTION_TEMPFAIL},
    {"a cap of one hour", POLICY DEAD_SPF, FROM, "<a@bank.example>",
	"temperror-domain-cap = 1h\n", {HOUR_MS - 1, 1},
	{WAITS, WAITS, "dmarc-reject"}, PST_ACTION_REJECT},
    {"no cap", POLICY DEAD_SPF, FROM, "<a@bank.example>",
	"temperror-domain-cap = 0s\n", {20 * HOUR_MS, 20 * HOUR_MS},
	{WAITS, WAITS, WAITS}, PST_ACTION_TEMPFAIL},
    {"on-temperror = accept", POLICY DEAD_SPF, FROM, "<a@bank.example>",
	"on-temperror = accept\n", {4 * HOUR_MS, 1}, {WAITS, WAITS, WAITS},
	PST_ACTION_ACCEPT},
    {"a quarantine",
	"_dmarc.bank.example. TXT \"v=DMARC1; p=quarantine\"\n" DEAD_SPF, FROM,
	"<a@bank.example>", "", {HOUR_MS, 4 * HOUR_MS},
	{WAITS, WAITS, "dmarc-quarantine"}, PST_ACTION_TAG},
    {"p=none never waits",
	"_dmarc.bank.example. TXT \"v=DMARC1; p=none\"\n" DEAD_SPF, FROM,
	"<a@bank.example>", "", {HOUR_MS, 4 * HOUR_MS},
	{"dmarc-none", "dmarc-none", "dmarc-none"}, PST_ACTION_ACCEPT},
    {"the resolver is dead: that starts no clock",
	DEAD_POLICY DEAD_SPF ";! servfail _dmarc.example\n", FROM,
	"<a@bank.example>", "temperror-cap = 0s\n", {HOUR_MS, 5 * HOUR_MS},
	{WAITS, WAITS, WAITS}, PST_ACTION_TEMPFAIL},
#undef WAITS
};

/*
 * R-TEST-1: a test gets the verdict that the next message gets, and the table
 * stays as it is.
 */
static void
play_test(struct lab *lab, const struct letter *letter, const char *want)
{
	struct pst_deferrals *table = pst_service_deferrals(lab->service);
	size_t before = pst_deferrals_count(table);
	struct pst_session *session;

	lab->sends_tests = true;
	session = lab_connect(lab, "192.0.2.66");
	lab->sends_tests = false;
	assert_string_equal(lab_send(session, letter)->decision.rule, want);
	assert_int_equal(pst_deferrals_count(table), before);
	pst_session_close(session);
}

static void
test_life(void **state)
{
	(void)state;
	FOR_ROWS(i, life_rows, life_rows[i].label) {
		const struct letter letter = {
		    .mail_from = life_rows[i].mail_from,
		    .header = life_rows[i].header};
		char config[512];
		struct pst_session *session;
		struct lab lab;

		(void)snprintf(config, sizeof(config), "%s%s", LAB_CONFIG,
		    life_rows[i].config);
		lab_open(&lab, config, life_rows[i].zone);
		session = lab_connect(&lab, "192.0.2.66");
		for (size_t n = 0; n < 3; n++) {
			const struct pst_message *m;

			play_test(&lab, &letter, life_rows[i].want[n]);
			m = lab_send(session, &letter);
			if (strcmp(m->decision.rule, life_rows[i].want[n]) != 0)
				fail_msg("message %zu: %s by %s", n,
				    pst_action_word(m->decision.action),
				    m->decision.rule);
			if (n == 2)
				assert_int_equal(
				    m->decision.action, life_rows[i].last);
			else
				pst_clock_advance(
				    &lab.clock, life_rows[i].pause_ms[n]);
		}
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* A zone behind a full pool: one name is not asked for. */
struct full_pool {
	struct pst_resolver resolver; /* must be first */
	struct pst_resolver *zone;
};

static void
ask_pool(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct full_pool *pool = (struct full_pool *)resolver;

	if (pst_str_eq(pst_dns_job_name(job), PST_STR("bank.example")))
		pst_dns_job_complete(
		    job, pst_dns_answer_new(PST_DNS_CROWDED, 0, 0, 0), 0);
	else
		pool->zone->ask(pool->zone, job);
}

static void
free_pool(struct pst_resolver *resolver)
{
	struct full_pool *pool = (struct full_pool *)resolver;

	pst_resolver_free(pool->zone);
}

/* A failure of ours starts no clock. */
static void
test_own_failure(void **state)
{
	const struct letter letter = {
	    .mail_from = "<a@bank.example>", .header = FROM};
	struct full_pool pool = {{.ask = ask_pool, .free = free_pool},
	    lab_zone(POLICY "bank.example. TXT \"v=spf1 -all\"\n")};
	struct lab lab = {.clock = pst_clock_manual(LAB_NOW)};
	struct pst_session *session;

	(void)state;
	lab.service = pst_service_start_with(
	    lab_config(LAB_CONFIG), &pool.resolver, &lab.clock);
	session = lab_connect(&lab, "192.0.2.66");
	for (size_t n = 0; n < 3; n++) {
		const struct pst_message *m = lab_send(session, &letter);

		assert_true(m->findings.crowded);
		assert_int_equal(m->findings.spf.result, PST_RESULT_TEMPERROR);
		assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
		pst_clock_advance(&lab.clock, 5 * HOUR_MS);
	}
	assert_int_equal(
	    pst_deferrals_count(pst_service_deferrals(lab.service)), 0);
	pst_session_close(session);
	lab_close(&lab);
}

/* The budget of a message is spent by its sender, so the clock runs. */
static void
test_own_budget(void **state)
{
	static const unsigned codes[] = {451, 550};
	const struct letter letter = {
	    .mail_from = "<a@bank.example>", .header = FROM};
	struct pst_arena *arena = pst_arena_new();
	struct pst_session *session;
	struct pst_buf zone;
	struct lab lab;

	(void)state;
	pst_buf_init(&zone, arena, 65536);
	pst_buf_add_text(&zone, POLICY "bank.example. TXT \"v=spf1");
	for (size_t i = 0; i < 10; i++)
		pst_buf_printf(&zone, " mx:m%zu.example", i);
	pst_buf_add_text(&zone, " -all\"\n");
	for (size_t i = 0; i < 100; i++)
		pst_buf_printf(&zone,
		    "m%zu.example. MX 1 h%zu.example.\n"
		    "h%zu.example. A 192.0.2.1\n",
		    i / 10, i, i);
	lab_open(
	    &lab, LAB_CONFIG "dns { max-queries = 50 }\n", pst_buf_str(&zone));
	session = lab_connect(&lab, "192.0.2.66");
	for (size_t n = 0; n < PST_COUNT(codes); n++) {
		const struct pst_message *m = lab_send(session, &letter);

		assert_false(m->findings.crowded);
		assert_int_equal(m->findings.spf.result, PST_RESULT_TEMPERROR);
		assert_int_equal(m->decision.code, codes[n]);
		pst_clock_advance(&lab.clock, 5 * HOUR_MS);
	}
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

/*
 * A forger names a dead sub-domain for hours. That ends the waiting for his own
 * mail only.
 */
static void
test_clock_of_another(void **state)
{
	const struct letter forged = {
	    .mail_from = "<>", .header = SIG("lame.bank.example") FROM};
	const struct letter genuine = {
	    .mail_from = "<a@bank.example>", .header = FROM};
	const struct letter both = {.mail_from = "<a@bank.example>",
	    .header = SIG("lame.bank.example") FROM};
	struct pst_session *session;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG, POLICY DEAD_KEY DEAD_SPF);
	session = lab_connect(&lab, "192.0.2.66");
	assert_int_equal(lab_send(session, &forged)->decision.code, 451);
	pst_clock_advance(&lab.clock, 4 * HOUR_MS);
	assert_int_equal(lab_send(session, &forged)->decision.code, 550);
	assert_int_equal(lab_send(session, &genuine)->decision.code, 451);
	/* The key no longer counts, the SPF record is still waited for. */
	const struct pst_message *m = lab_send(session, &both);
	assert_int_equal(m->decision.code, 451);
	assert_string_equal(m->decision.xcode, "4.7.24");
	pst_session_close(session);
	lab_close(&lab);
}

/* What an answer ends, seen by the table. */
static void
test_answers(void **state)
{
	static const struct {
		const char *label;
		enum pst_dmarc_knowledge knowledge;
		enum pst_result spf;
		unsigned bits;
		size_t left;
	} rows[] = {
	    {"nothing", PST_DMARC_REMEMBERED, PST_RESULT_TEMPERROR, 0, 3},
	    {"a policy", PST_DMARC_LEARNED, PST_RESULT_TEMPERROR, 0, 2},
	    {"no record", PST_DMARC_ABSENT, PST_RESULT_TEMPERROR, 0, 2},
	    {"SPF, although it fails", PST_DMARC_REMEMBERED, PST_RESULT_FAIL, 0,
		2},
	    {"the key, although the signature fails", PST_DMARC_REMEMBERED,
		PST_RESULT_TEMPERROR, 2048, 2},
	    {"all", PST_DMARC_LEARNED, PST_RESULT_PASS, 2048, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_deferrals *table = pst_deferrals_new(9);
		struct pst_dkim_sig sig = {.domain = "bank.example",
		    .selector = "sel",
		    .checked = true,
		    .aligned = true,
		    .result = PST_RESULT_TEMPERROR};
		struct pst_findings findings = {
		    .dmarc = {.author_domain = "bank.example",
			.knowledge = PST_DMARC_UNKNOWN,
			.spf_undecided = true},
		    .spf = {.result = PST_RESULT_TEMPERROR,
			.domain = "bank.example"},
		    .dkim = {.sigs = &sig, .count = 1},
		};

		pst_deferrals_judge(table, 0, CAP_MS, false, &findings);
		assert_int_equal(pst_deferrals_count(table), 3);
		assert_false(sig.overdue || findings.spf_overdue ||
		    findings.policy_overdue);
		pst_deferrals_judge(table, CAP_MS, CAP_MS, true, &findings);
		assert_false(sig.overdue || findings.spf_overdue ||
		    findings.policy_overdue);
		pst_deferrals_judge(table, CAP_MS, CAP_MS, false, &findings);
		assert_true(sig.overdue && findings.spf_overdue &&
		    findings.policy_overdue);
		sig.bits = rows[i].bits;
		sig.result =
		    sig.bits > 0 ? PST_RESULT_FAIL : PST_RESULT_NEUTRAL;
		findings.dmarc.knowledge = rows[i].knowledge;
		findings.dmarc.spf_undecided = false;
		findings.spf.result = rows[i].spf;
		pst_deferrals_judge(table, CAP_MS, CAP_MS, false, &findings);
		assert_int_equal(pst_deferrals_count(table), rows[i].left);
		pst_deferrals_free(table);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_forgotten),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_own_failure),
	    cmocka_unit_test(test_own_budget),
	    cmocka_unit_test(test_clock_of_another),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

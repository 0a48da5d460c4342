/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>

#include "base/macros.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"

/*
 * Many connections at once while the configuration is replaced. Any build
 * detects wrong verdicts; one with ThreadSanitizer also detects races.
 */

#define THREADS 8
#define MESSAGES 200
static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 include:spf.bank.example -all\"\n"
    "spf.bank.example. 60 IN TXT \"v=spf1 mx ip4:192.0.2.66 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine\"\n"
    ";! delay slow.example 1ms\n"
    "slow.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"
    "k._domainkey.bank.example. 60 IN TXT \"v=DKIM1; k=ed25519; "
    "p=uwSbcF8l6+qRwVjVStWWKhwHBp5tXG8t5i09LAqyMMs=\"\n"
    ";! servfail dead.example\n";

#define BAD_SIGNATURE                                                          \
	"DKIM-Signature: v=1; a=ed25519-sha256; d=bank.example; s=k; h=from; " \
	"c=relaxed/relaxed; "                                                  \
	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n"

static const struct row {
	const char *label;
	struct letter letter;
	const char *rule;
	enum pst_result spf, dmarc;
} rows[] = {
    {"pass",
	{"h.example", "<a@bank.example>", false, "From: a@bank.example\n",
	    "x\r\n"},
	"default", PST_RESULT_PASS, PST_RESULT_PASS},
    {"spoof with a bad signature",
	{"h.example", "<a@slow.example>", false,
	    BAD_SIGNATURE "From: a@bank.example\n", "x\r\n"},
	"dmarc-reject", PST_RESULT_PASS, PST_RESULT_FAIL},
    {"list",
	{"h.example", "<x@slow.example>", false,
	    "From: a@bank.example\nList-Id: <x>\n", "x\r\n"},
	"dmarc-reject-indirect", PST_RESULT_PASS, PST_RESULT_FAIL},
    {"quarantine",
	{"h.example", "<a@dead.example>", false, "From: a@soft.example\n",
	    "x\r\n"},
	"dmarc-quarantine", PST_RESULT_TEMPERROR, PST_RESULT_FAIL},
    {"two From domains",
	{"h.example", "<a@bank.example>", false,
	    "From: a@bank.example, b@soft.example\n", "x\r\n"},
	"from-multiple", PST_RESULT_PASS, PST_RESULT_PERMERROR},
};

#define CONFIG LAB_CONFIG "indirect-known-days = 0\n"

static struct lab lab;
static atomic_uint wrong;
static atomic_uint running;

static bool
as_expected(const struct row *row, const struct pst_message *m)
{
	struct pst_arena *arena = pst_arena_new();
	const char *line = pst_explain_line(arena, m);
	const char *json = pst_explain_json(arena, m, NULL, NULL);
	bool good = strcmp(m->decision.rule, row->rule) == 0 &&
	    m->findings.spf.result == row->spf &&
	    m->findings.dmarc.result == row->dmarc &&
	    strstr(line, row->rule) != NULL && strstr(json, row->rule) != NULL;

	pst_arena_free(arena);
	return good;
}

static void *
client(void *arg)
{
	size_t n = *(const size_t *)arg;
	struct pst_session *session = lab_connect(&lab, "192.0.2.66");

	for (size_t i = 0; i < MESSAGES; i++) {
		const struct row *row = &rows[(n + i) % PST_COUNT(rows)];

		if (!as_expected(row, lab_send(session, &row->letter)))
			atomic_fetch_add(&wrong, 1);
		if (i % 50 == 49) {
			pst_session_close(session);
			session = lab_connect(&lab, "192.0.2.66");
		}
	}
	pst_session_close(session);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];
	size_t numbers[THREADS];

	(void)state;
	lab_open(&lab, CONFIG, zone);
	/* The memory was begun by another clock, so it is not young. */
	lab.clock = pst_clock_system;
	atomic_store(&running, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(
		    pthread_create(&threads[i], NULL, client, &numbers[i]), 0);
	}
	while (atomic_load(&running) > 0) {
		pst_service_replace(lab.service, lab_config(CONFIG));
		(void)sched_yield();
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	lab_close(&lab);
	assert_int_equal(atomic_load(&wrong), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of `postern send`: judged as mail, and remembered nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/canary.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define IP "192.0.2.10"

static const char zone[] =
    "pass.example. 60 IN TXT \"v=spf1 ip4:" IP " -all\"\n"
    "_dmarc.pass.example. 60 IN TXT \"v=DMARC1; p=reject\"\n";

/* Plays a message in a session of its own, which the caller closes. */
static const struct pst_message *
play(struct lab *lab, bool is_test, const char *domain,
    struct pst_session **session)
{
	struct pst_arena *arena = pst_arena_new();
	const struct letter letter = {
	    .mail_from = pst_arena_printf(arena, "<a@%s>", domain),
	    .header = pst_arena_printf(arena, "From: a@%s\n", domain),
	};
	const struct pst_message *message;

	lab->sends_tests = is_test;
	*session = lab_connect(lab, IP);
	message = lab_send(*session, &letter);
	pst_arena_free(arena);
	return message;
}

static bool
is_remembered(struct lab *lab, const char *domain)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_recalled recalled = {.arena = arena};
	struct pst_memory *memory = pst_service_memory(lab->service);
	bool found = pst_memory_recall(
	    memory, domain, LAB_NOW + 86400, 7 * 86400, &recalled);

	pst_arena_free(arena);
	return found ||
	    pst_memory_earlier_days(memory, domain, LAB_NOW + 86400) > 0;
}

static void
test_memory(void **state)
{
	static const struct {
		const char *label;
		bool is_test, remembered;
	} rows[] = {
	    {"a test", true, false},
	    {"mail", false, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session;
		const struct pst_message *m;
		struct lab lab = {.sends_tests = false};

		lab_open(&lab, LAB_CONFIG, zone);
		m = play(&lab, rows[i].is_test, "pass.example", &session);
		assert_int_equal(m->is_test, rows[i].is_test);
		assert_int_equal(m->findings.dmarc.result, PST_RESULT_PASS);
		assert_int_equal(
		    is_remembered(&lab, "pass.example"), rows[i].remembered);
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* The canary's zone answers tests only; every other message asks the DNS. */
static void
test_canary_names(void **state)
{
	static const struct {
		const char *label;
		bool is_test;
		const char *domain;
		enum pst_result want;
	} rows[] = {
	    {"forged, test", true, PST_CANARY_FORGED, PST_RESULT_FAIL},
	    {"forged, mail", false, PST_CANARY_FORGED, PST_RESULT_NONE},
	    {"genuine, test", true, PST_CANARY_GENUINE, PST_RESULT_FAIL},
	    {"genuine, mail", false, PST_CANARY_GENUINE, PST_RESULT_NONE},
	    {"below it, test", true, "x." PST_CANARY_FORGED, PST_RESULT_FAIL},
	    {"beside it, test", true, "x" PST_CANARY_FORGED, PST_RESULT_NONE},
	    {"another name, test", true, "pass.example", PST_RESULT_PASS},
	    {"another .invalid, test", true, "a.xpostern-canary.invalid",
		PST_RESULT_NONE},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session;
		const struct pst_message *m;
		struct lab lab = {.sends_tests = false};

		lab_open(&lab, LAB_CONFIG, zone);
		m = play(&lab, rows[i].is_test, rows[i].domain, &session);
		assert_int_equal(m->findings.dmarc.result, rows[i].want);
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* A test sees a dead DNS as mail does, and does not count for temperror-cap. */
static void
test_dns_health(void **state)
{
	static const char dead[] = ";! servfail _dmarc.pass.example\n"
				   ";! servfail _dmarc.example\n"
				   ";! servfail pass.example\n";
	struct lab lab = {.sends_tests = false};
	struct pst_session *session;

	(void)state;
	lab_open(&lab, LAB_CONFIG "temperror-cap = 1h\n", dead);
	for (unsigned i = 0; i < 3; i++) {
		const struct pst_message *m =
		    play(&lab, true, "pass.example", &session);

		assert_int_equal(m->decision.action, PST_ACTION_TEMPFAIL);
		assert_int_equal(m->dns_change, PST_DNS_HEALTH_SAME);
		pst_session_close(session);
		pst_clock_advance(&lab.clock, 3600000);
	}
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_canary_names),
	    cmocka_unit_test(test_dns_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

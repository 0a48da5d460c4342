/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/failure_send.h"
#include "store/expiry.h"
#include "tests/unit/send_fixture.h"

#define ZONE                                                                   \
	"a.example._report._dmarc.reader.test. TXT \"v=DMARC1;"                \
	" ruf=mailto:ruf@reader.test\"\n"

static void
add(struct send_bench *bench, const char *id, const char *domain,
    const char *ruf, int64_t n)
{
	const struct pst_incident incident = {
	    .id = id,
	    .seen_s = SEND_NOW - 100,
	    .domain = domain,
	    .ruf = ruf,
	    .fields = "Auth-Failure: dmarc\nReported-Domain: a.example\n"
		      "Source-IP: 192.0.2.66\n",
	    .header = "From: <x@a.example>\nSubject: hello\n",
	    .subject = "hello",
	};
	struct pst_err err;

	if (!pst_db_begin(bench->db, &err) ||
	    !pst_store_add_incident(bench->db, &incident, n, &err) ||
	    !pst_db_commit(bench->db, &err))
		fail_msg("%s", err.text);
}

static void
test_sent(void **state)
{
	struct pst_expired gone;
	struct send_bench bench;
	const char *text;

	(void)state;
	send_open(&bench, ZONE);
	bench.config->failures.all_domains = true;
	add(&bench, "one", "a.example",
	    "mailto:x@a.example mailto:y@reader.test mailto:z@stranger.test",
	    3);
	add(&bench, "one", "a.example", "mailto:x@a.example", 1);
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 2);
	assert_int_equal(bench.counts.refused, 1);
	assert_int_equal(send_got(&bench, "x@a.example"), 1);
	assert_int_equal(send_got(&bench, "ruf@reader.test"), 1);
	text = bench.server->mails[0].text;
	assert_non_null(strstr(text, "Incidents: 4\r\n"));
	assert_non_null(strstr(text, "Subject: FW: hello\r\n"));
	assert_non_null(strstr(text, "report-type=feedback-report"));
	assert_non_null(strstr(text, "Source-IP: 192.0.2.66\r\n"));
	assert_true(send_run(&bench));
	assert_int_equal(bench.server->count, 2);
	/* Expiry deletes it. */
	assert_true(pst_expire_some(
	    bench.db, bench.config, SEND_NOW + 86400 * 90, &gone, &bench.err));
	assert_int_equal(
	    store_number(bench.db, "SELECT COUNT(*) FROM delivery"), 0);
	send_close(&bench);
}

/* R-FAIL-1: nothing is sent or queued without the operator's consent. */
static void
test_off(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, ZONE);
	add(&bench, "one", "a.example", "mailto:x@a.example", 1);
	assert_true(send_run(&bench));
	assert_int_equal(bench.server->count, 0);
	assert_int_equal(
	    store_number(bench.db, "SELECT COUNT(*) FROM delivery"), 0);
	send_close(&bench);
}

/* R-FAIL-5. */
static void
test_limits(void **state)
{
	struct send_bench bench;
	int64_t waiting;

	(void)state;
	send_open(&bench, ZONE);
	bench.config->failures.all_domains = true;
	bench.config->failures.max_per_hour = 5;
	bench.config->failures.max_per_domain = 2;
	bench.config->failures.max_per_destination = 10;
	for (unsigned i = 0; i < 30; i++) {
		char id[16], domain[32], ruf[64];

		(void)snprintf(id, sizeof(id), "i%u", i);
		(void)snprintf(domain, sizeof(domain), "d%u.example", i % 6);
		(void)snprintf(ruf, sizeof(ruf), "mailto:x@%s", domain);
		add(&bench, id, domain, ruf, 1);
	}
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 5);
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 0);
	assert_true(pst_failure_waiting(bench.db, &waiting, NULL));
	assert_int_equal(waiting, 25);
	for (unsigned i = 0; i < 6; i++) {
		char address[32];

		(void)snprintf(address, sizeof(address), "x@d%u.example", i);
		assert_in_range(send_got(&bench, address), 0, 2);
	}
	/* A second incident of the same kind is merged with the first. */
	add(&bench, "i29", "d5.example", "mailto:x@d5.example", 1);
	bench.config->failures.max_per_hour = 100;
	for (int i = 0; i < 10; i++) {
		bench.clock.now_epoch += 3601;
		assert_true(send_run(&bench));
	}
	assert_int_equal(bench.server->count, 30);
	send_close(&bench);
}

static void
test_limit_of_address(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, ZONE);
	bench.config->failures.all_domains = true;
	bench.config->failures.max_per_destination = 1;
	add(&bench, "one", "a.example", "mailto:x@a.example", 1);
	add(&bench, "two", "a.example", "mailto:x@a.example", 1);
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	assert_int_equal(bench.counts.dropped, 1);
	assert_int_equal(send_got(&bench, "x@a.example"), 1);
	send_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sent),
	    cmocka_unit_test(test_off),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_limit_of_address),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}

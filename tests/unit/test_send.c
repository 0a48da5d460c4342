/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/day_limits.h"
#include "report/lease.h"
#include "tests/unit/rows.h"
#include "tests/unit/send_fixture.h"

#define EMPTY "x.invalid. A 192.0.2.1\n"

static void
same_sum(const struct send_bench *bench, const char *wanted)
{
	assert_string_equal(send_sum(bench), wanted);
}

static void
test_once(void **state)
{
	struct send_bench bench;
	const char *text;

	(void)state;
	send_open(
	    &bench, "a.example._report._dmarc.reader.test. TXT \"v=DMARC1\"\n");
	send_row(&bench,
	    (struct send_row){STORE_DAY, "a.example",
		"mailto:x@a.example mailto:y@reader.test", 1, 3});
	send_row(&bench,
	    (struct send_row){STORE_DAY, "a.example",
		"mailto:x@a.example mailto:y@reader.test", 2, 1});
	send_row(&bench,
	    (struct send_row){STORE_DAY, "b.example",
		"mailto:x@b.example mailto:y@reader.test", 1, 1});
	/* This row is from today, which is not over. */
	send_row(&bench,
	    (struct send_row){
		STORE_DAY + 1, "c.example", "mailto:x@c.example", 1, 1});
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 2+0 sent 3 again 0 dropped 0 refused 1 suppressed 0 "
	    "uncertain 0");
	assert_string_equal(bench.notes, "y@reader.test refused;");
	for (int i = 0; i < 3; i++) {
		bench.clock.now_epoch += 3600;
		assert_true(send_run(&bench));
		same_sum(&bench,
		    "made 0+0 sent 0 again 0 dropped 0 refused 0 suppressed 0 "
		    "uncertain 0");
	}
	assert_int_equal(send_got(&bench, "x@a.example"), 1);
	assert_int_equal(send_got(&bench, "y@reader.test"), 1);
	assert_int_equal(send_got(&bench, "x@b.example"), 1);
	assert_int_equal(bench.server->count, 3);
	assert_string_equal(bench.server->mails[0].from, "<dmarc@gw.example>");
	text = bench.server->mails[0].text;
	assert_non_null(strstr(text, "From: <dmarc@gw.example>\r\n"));
	assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
	/* The next day. */
	bench.clock.now_epoch = SEND_NOW + 86400;
	assert_true(send_run(&bench));
	assert_int_equal(send_got(&bench, "x@c.example"), 1);
	send_close(&bench);
}

/* R-SEC-15. */
static void
test_flood(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	for (unsigned i = 0; i < 1000; i++) {
		char domain[32];

		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		send_row(&bench,
		    (struct send_row){
			STORE_DAY, domain, "mailto:victim@victim.test", 1, 1});
	}
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 1000+0 sent 0 again 0 dropped 0 refused 1000 suppressed 0 "
	    "uncertain 0");
	assert_int_equal(bench.server->connections, 0);
	send_close(&bench);
}

static void
test_temporary(void **state)
{
	struct send_bench bench;
	unsigned tries = 0;

	(void)state;
	bench_server.rcpt = "450 4.2.0 greylisted";
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 1+0 sent 0 again 1 dropped 0 refused 0 suppressed 0 "
	    "uncertain 0");
	/* It is not tried again before 15 minutes have passed. */
	bench.clock.now_epoch += 899;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.again, 0);
	bench.clock.now_epoch += 1;
	bench.server->rcpt = NULL;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	/* The sender gives up after a little more than two days. */
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	bench.server->rcpt = "450 4.2.0 never";
	while (bench.counts.dropped == 0 && tries++ < 300) {
		assert_true(send_run(&bench));
		bench.clock.now_epoch += 900;
	}
	assert_in_range(tries, 192, 220);
	assert_int_equal(send_got(&bench, "x@b.example"), 0);
	bench.server->rcpt = NULL;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 0);
	send_close(&bench);
}

static void
test_permanent(void **state)
{
	struct send_bench bench;

	(void)state;
	bench_server.odd_one = "x@a.example";
	bench_server.odd_rcpt = "550 5.1.1 nobody";
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 2+0 sent 1 again 0 dropped 1 refused 0 suppressed 0 "
	    "uncertain 0");
	assert_string_equal(bench.notes, "x@a.example dropped;");
	send_close(&bench);
}

/* If the relay cannot be reached, no delivery loses a try. */
static void
test_no_relay(void **state)
{
	struct send_bench bench;

	(void)state;
	bench_server.greeting = "554 no";
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_false(send_run(&bench));
	assert_true(bench.counts.begun);
	assert_non_null(strstr(bench.err.text, "cannot be used"));
	bench.server->greeting = NULL;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	assert_int_equal(
	    store_number(bench.db, "SELECT tries FROM delivery"), 0);
	send_close(&bench);
}

/* If we are killed or cut off after the final dot, at most one is sent. */
static void
test_uncertain(void **state)
{
	struct send_bench bench;

	(void)state;
	bench_server.end = "";
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 1+0 sent 1 again 0 dropped 0 refused 0 suppressed 0 "
	    "uncertain 1");
	bench.server->end = NULL;
	assert_true(pst_db_run(bench.db,
	    "UPDATE delivery SET state = 'handing'", NULL, 0, NULL, NULL));
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 0+0 sent 0 again 0 dropped 0 refused 0 suppressed 0 "
	    "uncertain 1");
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.uncertain, 0);
	assert_int_equal(bench.server->count, 1);
	send_close(&bench);
}

/* The two messages are the same, except for the date. */
static void
test_resend(void **state)
{
	struct send_bench bench;
	const char *one, *two;

	(void)state;
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	assert_true(send_run(&bench));
	bench.clock.now_epoch += 7000;
	assert_true(send_run_with(&bench, STORE_DAY, "a.example", true));
	same_sum(&bench,
	    "made 0+0 sent 1 again 0 dropped 0 refused 0 suppressed 0 "
	    "uncertain 0");
	assert_int_equal(send_got(&bench, "x@a.example"), 2);
	assert_int_equal(bench.server->count, 3);
	one = bench.server->mails[0].text;
	if (strstr(one, "Domain: a.example") == NULL)
		one = bench.server->mails[1].text;
	two = bench.server->mails[2].text;
	assert_string_equal(
	    strstr(one, "Message-ID:"), strstr(two, "Message-ID:"));
	send_close(&bench);
}

/* Late rows make a report of their own. */
static void
test_late_rows(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_true(send_run(&bench));
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 5});
	assert_true(send_run(&bench));
	assert_int_equal(send_got(&bench, "x@a.example"), 2);
	assert_int_equal(
	    store_number(bench.db, "SELECT COUNT(DISTINCT id) FROM report"), 2);
	assert_int_equal(
	    store_number(bench.db, "SELECT SUM(n) FROM record"), 6);
	send_close(&bench);
}

/* R-AGG-30: every row is in exactly one report, and none is too large. */
static void
test_split(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	bench.config->reports.max_bytes = 4096;
	for (unsigned i = 0; i < 1000; i++)
		send_row(&bench,
		    (struct send_row){STORE_DAY, "a.example",
			"mailto:x@a.example", i * 7919, 1});
	assert_true(send_run(&bench));
	assert_in_range(bench.counts.made, 3, 20);
	assert_int_equal(bench.counts.sent, bench.counts.made);
	assert_int_equal(store_number(bench.db,
			     "SELECT COUNT(*) FROM record WHERE owner = ''"),
	    0);
	assert_int_equal(store_number(bench.db,
			     "SELECT COUNT(*) FROM policy WHERE owner = ''"),
	    0);
	assert_string_equal(store_sum(bench.db), "1000 rows, 1000 messages");
	for (unsigned i = 0; i < bench.server->count; i++)
		assert_in_range(strlen(bench.server->mails[i].text), 1,
		    4096 * 4 / 3 + 2500);
	send_close(&bench);
}

static void
test_limit_a_day(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, "_dmarc.one.example. TXT \"v=DMARC1; p=none\"\n");
	bench.config->reports.max_per_day = 2;
	for (unsigned i = 0; i < 5; i++) {
		char domain[32];

		(void)snprintf(domain, sizeof(domain), "d%u.one.example", i);
		send_row(&bench,
		    (struct send_row){
			STORE_DAY, domain, "mailto:x@one.example", 1, 1});
	}
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 5+0 sent 2 again 3 dropped 0 refused 0 suppressed 0 "
	    "uncertain 0");
	bench.clock.now_epoch += 3600;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 0);
	bench.clock.now_epoch = SEND_NOW - 900 + 86400;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 2);
	bench.clock.now_epoch += 86400;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	send_close(&bench);
}

/* The owner of a domain, if there is no public suffix list. */
static void
test_owner(void **state)
{
	static const struct {
		const char *domain, *want;
	} rows[] = {
	    {"example", "example"},
	    {"a.example", "a.example"},
	    {"c.b.a.example", "a.example"},
	    {"c.b.co.uk", "b.co.uk"},
	    {"co.uk", "co.uk"},
	    {"b.com.au", "b.com.au"},
	    {"c.b.info.uk", "info.uk"},
	    {"c.b.co.com", "co.com"},
	    {"c.b.example.de", "example.de"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].domain) {
		assert_string_equal(
		    pst_day_limits_owner(NULL, rows[i].domain), rows[i].want);
	}
}

/* Sub-domains do not get around the limits of their owner. */
static void
test_limits_of_owners(void **state)
{
	static const struct {
		const char *label;
		unsigned per_day, per_policy, total;
		const char *parent; /* of the policy domains, and addresses */
		unsigned sent;
	} rows[] = {
	    {"no limit", 9, 9, 9, "one.example", 5},
	    {"addresses below one domain", 2, 9, 9, "one.example", 2},
	    {"addresses of several owners", 2, 9, 9, "example", 5},
	    {"policy domains below one domain", 9, 3, 9, "one.example", 3},
	    {"in all", 9, 9, 4, "example", 4},
	};

	(void)state;
	FOR_ROWS(n, rows, rows[n].label) {
		struct send_bench bench;

		send_open(&bench, EMPTY);
		bench.config->reports.max_per_day = rows[n].per_day;
		bench.config->reports.max_per_policy_domain =
		    rows[n].per_policy;
		bench.config->reports.max_per_day_total = rows[n].total;
		for (unsigned i = 0; i < 5; i++) {
			char domain[64], uri[64];

			(void)snprintf(domain, sizeof(domain), "d%u.%s", i,
			    rows[n].parent);
			(void)snprintf(uri, sizeof(uri), "mailto:x@d%u.%s", i,
			    rows[n].parent);
			send_row(&bench,
			    (struct send_row){STORE_DAY, domain, uri, 1, 1});
		}
		assert_true(send_run(&bench));
		assert_int_equal(bench.counts.sent, rows[n].sent);
		/* The store counts, too. */
		bench.clock.now_epoch += 3600;
		assert_true(send_run(&bench));
		assert_int_equal(bench.counts.sent, 0);
		send_close(&bench);
	}
}

/* Mail goes out with VERP, and a bounce comes in. */
static void
test_bounced(void **state)
{
	struct send_bench bench;
	struct pst_arena *arena = pst_arena_new();
	struct pst_bounce bounce = {
	    .token = PST_STR("00000000000000000000"), .why = "550 no"};
	const char *address;
	struct pst_str from;

	(void)state;
	send_open(&bench, EMPTY);
	bench.config->reports.bounces = "bounces@gw.example";
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_true(send_run(&bench));
	assert_int_equal(bench.server->count, 1);
	from = pst_str(bench.server->mails[0].from);
	assert_true(pst_str_starts(from, PST_STR("<bounces+")));
	assert_true(pst_str_iends(from, PST_STR("@gw.example>")));
	from = pst_str_first(pst_str_from(from, 9), 20);
	bench.config->reports.suppress_for_s = 86400 * 2;
	assert_true(
	    pst_outbox_bounce(&bench.store, arena, &bounce, &address, NULL));
	assert_string_equal(address, "");
	bounce.token = from;
	assert_true(
	    pst_outbox_bounce(&bench.store, arena, &bounce, &address, NULL));
	assert_string_equal(address, "x@a.example");
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 2, 1});
	assert_true(send_run(&bench));
	same_sum(&bench,
	    "made 1+0 sent 0 again 0 dropped 0 refused 0 suppressed 1 "
	    "uncertain 0");
	/* The suppression ends. */
	bench.clock.now_epoch += 86400 * 2;
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 3, 1});
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	pst_arena_free(arena);
	send_close(&bench);
}

/*
 * What a run has left whose clock was years ahead holds nothing up: its lease is
 * over, what it put off is tried, what it sent does not count today, and an
 * address is not suppressed for years. A right pause still counts.
 */
static void
test_clock_ahead(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	bench_server.rcpt = "451 4.2.0 later";
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.again, 1);
	assert_string_equal(bench.remarks, "");
	bench_server.rcpt = NULL;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 0);
	assert_true(pst_db_script(bench.db,
	    "UPDATE delivery SET next_s = next_s + 315360000;"
	    "INSERT INTO suppress VALUES ('x@a.example', 9999990000, "
	    "9999999999, '');"
	    "INSERT INTO report VALUES ('f', 1, 'a.example', 9999990000);"
	    "INSERT INTO delivery VALUES ('f', 'aggregate', 'x@a.example',"
	    " 'sent', 't', 1, 0, 9999990000, '');"
	    "INSERT INTO lease (name, holder, until_s)"
	    " VALUES ('send-reports', 'elsewhere 7', 99999999999)",
	    &bench.err));
	bench.config->reports.max_per_day = 1;
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	assert_int_equal(send_got(&bench, "x@a.example"), 1);
	assert_non_null(strstr(bench.remarks, "lease of another process"));
	assert_non_null(strstr(
	    bench.remarks, "1 deliveries were put off by a clock that was"));
	assert_true(send_run(&bench));
	assert_string_equal(bench.remarks, "");
	send_close(&bench);
}

/* One process sends at a time; a lease that has expired does not stop us. */
static void
test_lease(void **state)
{
	const struct pst_db_value until =
	    pst_db_int(pst_clock_epoch(&pst_clock_system) + 1000);
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_true(pst_db_run(bench.db,
	    "INSERT INTO lease (name, holder, until_s)"
	    " VALUES ('send-reports', 'elsewhere 7', $1)",
	    &until, 1, NULL, NULL));
	assert_false(send_run(&bench));
	assert_false(bench.counts.begun);
	assert_non_null(strstr(bench.err.text, "another process"));
	assert_int_equal(bench.server->count, 0);
	assert_true(pst_db_run(
	    bench.db, "UPDATE lease SET until_s = 1", NULL, 0, NULL, NULL));
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 1);
	assert_int_equal(
	    store_number(bench.db, "SELECT COUNT(*) FROM lease"), 0);
	send_close(&bench);
}

static void
test_settings(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, EMPTY);
	bench.config->reports.from = "";
	assert_false(send_run(&bench));
	assert_non_null(strstr(bench.err.text, "reports.from"));
	bench.config->reports.from = "dmarc@gw.example";
	bench.config->reports.bounces =
	    "a-local-part-that-is-far-too-long-for-a-mark@gw.example";
	assert_false(send_run(&bench));
	assert_non_null(strstr(bench.err.text, "reports.bounces"));
	bench.config->reports.bounces = "";
	bench.config->reports.dkim_key = "/nonexistent";
	bench.config->reports.dkim_selector = "s";
	assert_false(send_run(&bench));
	assert_non_null(strstr(bench.err.text, "/nonexistent"));
	assert_false(bench.counts.begun);
	send_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_once),
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_temporary),
	    cmocka_unit_test(test_permanent),
	    cmocka_unit_test(test_no_relay),
	    cmocka_unit_test(test_uncertain),
	    cmocka_unit_test(test_resend),
	    cmocka_unit_test(test_late_rows),
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_limit_a_day),
	    cmocka_unit_test(test_limits_of_owners),
	    cmocka_unit_test(test_owner),
	    cmocka_unit_test(test_bounced),
	    cmocka_unit_test(test_clock_ahead),
	    cmocka_unit_test(test_lease),
	    cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}

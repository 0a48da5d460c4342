/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/report_metrics.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define DAY INT64_C(86400)
#define HOUR INT64_C(3600)
/* The time is 06:00 UTC on day 100. */
#define NOW (100 * DAY + 6 * HOUR)

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;
static struct pst_config *config;

static void
run(const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	config = store_config("");
	db = store_open_shared();
	store_wipe(db);
	run("DELETE FROM delivery; DELETE FROM report");
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	pst_config_unref(config);
	return store_tear_down(state);
}

static struct pst_overdue
ask(struct pst_arena *arena, int64_t now_s)
{
	struct pst_clock clock = pst_clock_manual(now_s);
	const struct pst_store store = {
	    .config = config, .clock = &clock, .db = db};
	struct pst_overdue overdue;
	struct pst_err err;

	if (!pst_overdue_ask(arena, &store, &overdue, &err))
		fail_msg("%s", err.text);
	return overdue;
}

static void
add_policy(int64_t day, const char *owner)
{
	char sql[300];

	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO policy VALUES (%d, 'a.example', '%s', 1, '', '', '',"
	    " '', '', '', '', '', '', '', 1)",
	    (int)day, owner);
	run(sql);
}

/* made_s and next_s are hours before now. */
static void
add_delivery(const char *state, int made_h, int next_h)
{
	char sql[400];

	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO report VALUES ('r', 98, 'a.example', %lld);"
	    "INSERT INTO delivery VALUES ('r', 'aggregate', 'x@a.example',"
	    " '%s', '', 1, %lld, %lld, '')",
	    (long long)(NOW - made_h * HOUR), state,
	    next_h == 0 ? 0LL : (long long)(NOW - next_h * HOUR),
	    (long long)(NOW - made_h * HOUR));
	run(sql);
}

static void
test_pending(void **state)
{
	static const struct {
		const char *label;
		int64_t day;
		const char *owner;
		int64_t now_s;
		bool overdue;
	} rows[] = {
	    {"today", 100, "", NOW, false},
	    {"yesterday, before the run", 99, "", NOW, false},
	    {"the day before, 30 hours after its end", 98, "", NOW, false},
	    {"36 hours after its end, a second early", 98, "",
		100 * DAY + 12 * HOUR - 1, false},
	    {"36 hours after its end", 98, "", 100 * DAY + 12 * HOUR, true},
	    {"three days", 97, "", NOW, true},
	    {"three days, in a report", 97, "r", NOW, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_overdue found;

		run("DELETE FROM policy");
		add_policy(rows[i].day, rows[i].owner);
		found = ask(arena, rows[i].now_s);
		assert_true(found.configured);
		assert_int_equal(found.overdue, rows[i].overdue);
		assert_int_equal(found.pending_domains, rows[i].overdue);
		assert_int_equal(
		    found.oldest_day, rows[i].overdue ? rows[i].day : -1);
		assert_int_equal(found.sentence[0] != '\0', rows[i].overdue);
		pst_arena_free(arena);
	}
}

static void
test_deliveries(void **state)
{
	static const struct {
		const char *state;
		int made_h, next_h;
		int waiting, stuck, sent;
	} rows[] = {
	    {"waiting", 1, 0, 1, 0, 0},
	    {"waiting", 35, 0, 1, 0, 0},
	    {"waiting", 37, 0, 1, 1, 0},
	    {"retry", 60, 1, 1, 0, 0},
	    {"retry", 60, 37, 1, 1, 0},
	    {"handing", 60, 37, 0, 0, 0},
	    {"sent", 1, 60, 0, 0, 1},
	    {"sent", 7, 60, 0, 0, 0}, /* yesterday */
	    {"refused", 60, 60, 0, 0, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].state) {
		struct pst_arena *arena = pst_arena_new();
		bool sent = strcmp(rows[i].state, "sent") == 0;
		struct pst_overdue found;

		run("DELETE FROM delivery; DELETE FROM report");
		add_delivery(rows[i].state, rows[i].made_h, rows[i].next_h);
		found = ask(arena, NOW);
		assert_int_equal(found.waiting, rows[i].waiting);
		assert_int_equal(found.stuck, rows[i].stuck);
		assert_int_equal(found.overdue, rows[i].stuck > 0);
		assert_int_equal(found.today[3], rows[i].sent);
		assert_int_equal(found.last_success_s,
		    sent ? NOW - rows[i].made_h * HOUR : 0);
		pst_arena_free(arena);
	}
}

static void
test_sentence(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	add_policy(90, "");
	assert_string_equal(ask(arena, NOW).sentence,
	    "DMARC reports are overdue: 1 is not made, the oldest is of "
	    "1970-04-01; mail is not affected; check that "
	    "postern-report.timer runs, and see what \"postern report send\" "
	    "says");
	add_policy(91, "");
	add_delivery("retry", 60, 40);
	assert_non_null(strstr(ask(arena, NOW).sentence,
	    "2 are not made, the oldest is of 1970-04-01, and 1 waits for "
	    "more than 36 hours; mail"));
	run("DELETE FROM policy");
	assert_non_null(strstr(ask(arena, NOW).sentence,
	    "overdue: 1 waits for more than 36 hours; mail"));
	pst_arena_free(arena);
}

static void
test_not_configured(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_overdue found;
	struct pst_err err;
	struct pst_buf buf;

	(void)state;
	config->reports.from = "";
	add_policy(90, "");
	found = ask(arena, NOW);
	assert_false(found.configured);
	assert_false(found.overdue);
	/* The store need not exist. */
	config->store.path = "/nonexistent/db";
	assert_true(pst_overdue_read(arena, config, &found, &err));
	assert_false(found.configured);
	pst_buf_init(&buf, arena, 4096);
	pst_report_metrics(&buf, &found);
	assert_int_equal(buf.len, 0);
	pst_arena_free(arena);
}

static void
test_read(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_overdue found;
	struct pst_err err;

	(void)state;
	assert_false(pst_overdue_read(arena, config, &found, &err));
	assert_true(found.configured);
	assert_false(found.overdue);
	pst_db_close(store_open("db"));
	if (!pst_overdue_read(arena, config, &found, &err))
		fail_msg("%s", err.text);
	assert_true(found.configured);
	assert_false(found.overdue);
	assert_string_equal(found.sentence, "");
	pst_arena_free(arena);
}

static void
test_store_fails(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_clock clock = pst_clock_manual(NOW);
	const struct pst_store store = {
	    .config = config, .clock = &clock, .db = db};
	struct pst_overdue found;
	struct pst_err err = {""};

	(void)state;
	add_policy(90, "");
	run("ALTER TABLE delivery RENAME TO away");
	assert_false(pst_overdue_ask(arena, &store, &found, &err));
	assert_string_not_equal(err.text, "");
	assert_int_equal(found.pending_domains, 0);
	run("ALTER TABLE away RENAME TO delivery");
	pst_arena_free(arena);
}

static void
test_metrics(void **state)
{
	struct pst_overdue overdue = {.configured = true};
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf empty, full;
	const char *at;

	(void)state;
	pst_buf_init(&empty, arena, 4096);
	pst_report_metrics(&empty, &overdue);
	/* All states are there, with 0. */
	assert_non_null(strstr(pst_buf_str(&empty),
	    "# TYPE postern_reports_sent_total counter\n"
	    "postern_reports_sent_total{outcome=\"sent\"} 0\n"
	    "postern_reports_sent_total{outcome=\"dropped\"} 0\n"
	    "postern_reports_sent_total{outcome=\"refused\"} 0\n"
	    "postern_reports_sent_total{outcome=\"suppressed\"} 0\n#"));
	overdue.today[0] = 99;
	overdue.today[3] = 5;
	overdue.today[6] = 6;
	overdue.pending_domains = 2;
	overdue.stuck = 1;
	overdue.waiting = 7;
	overdue.last_success_s = 1234;
	pst_buf_init(&full, arena, 4096);
	pst_report_metrics(&full, &overdue);
	at = pst_buf_str(&full);
	assert_non_null(strstr(at, "{outcome=\"sent\"} 5\n"));
	assert_non_null(strstr(at, "{outcome=\"suppressed\"} 6\n"));
	assert_null(strstr(at, "99"));
	assert_non_null(strstr(
	    at, "\npostern_report_last_success_timestamp_seconds 1234\n"));
	assert_non_null(strstr(at, "\npostern_reports_overdue 3\n"));
	assert_non_null(strstr(at, "\npostern_report_deliveries_waiting 7\n"));
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pending, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_deliveries, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sentence, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_not_configured, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_store_fails, set_up, tear_down),
	    cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

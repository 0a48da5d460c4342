/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/day.h"
#include "core/counters.h"
#include "store/expiry.h"
#include "store/schema.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define LIMIT 100
#define HOUR 3600
#define DAY 86400

static void
add(struct pst_db *db, const struct pst_report_row *record, unsigned limit)
{
	struct pst_err err;

	if (!pst_db_begin(db, &err) ||
	    !pst_store_add(db, record, 1, limit, &err) ||
	    !pst_db_commit(db, &err))
		fail_msg("%s", err.text);
}

static void
test_expire(void **state)
{
	static const char *const left[] = {"record", "policy", "report",
	    "delivery", "failure", "batch", "feedback", "source", "suppress",
	    "source_selector"};
	struct pst_db *db = store_open("db");
	struct pst_report_row record = store_record(1);
	int64_t now = pst_day_begin(STORE_DAY);
	struct pst_config config = {.mode = PST_MODE_ENFORCE};
	struct pst_expired gone;
	struct pst_err err;
	char sql[2048];

	(void)state;
	add(db, &record, LIMIT);
	record.day -= 10;
	add(db, &record, LIMIT);
	record.day -= 1;
	add(db, &record, LIMIT);
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO report VALUES ('new', 1, 'd', %lld), ('old', 1, 'd', "
	    "7);"
	    "INSERT INTO delivery VALUES"
	    " ('new', 'rua', 'a', 'sent', '', 1, 0, 0, ''),"
	    " ('old', 'rua', 'a', 'wait', '', 1, 0, 0, '');"
	    "INSERT INTO failure VALUES"
	    " ('a', '', %lld, '', '', '', '', '', 1),"
	    " ('b', '', 7, '', '', '', '', '', 1);"
	    "INSERT INTO batch VALUES ('a', '', '', %lld), ('b', '', '', 7);"
	    "INSERT INTO feedback VALUES"
	    " ('new', '', %lld, 1, '', '', '', 0, 0, '', ''),"
	    " ('old', '', %lld, 1, '', '', '', 0, 0, '', '');"
	    "INSERT INTO source (feedback, line, source_ip, n, disposition,"
	    " dkim, spf, header_from, envelope_from) VALUES"
	    " ('new', 1, '', 1, '', '', '', '', ''),"
	    " ('old', 1, '', 1, '', '', '', '', '');"
	    "INSERT INTO suppress VALUES ('a', 0, %lld, ''), ('b', 0, %lld, "
	    "'');"
	    "INSERT INTO source_selector VALUES ('d', 'new', 9, %lld),"
	    " ('d', 'old', 9, %lld);",
	    (long long)now, (long long)now, (long long)now,
	    (long long)now - 19 * 86400, (long long)now - 21 * 86400,
	    (long long)now, (long long)now - 1, (long long)now - 19 * 86400,
	    (long long)now - 21 * 86400);
	assert_true(pst_db_script(db, sql, &err));
	config.store.retention_s = 10 * 86400;
	config.store.imported_retention_s = 20 * 86400;
	assert_true(pst_expire_some(db, &config, now, &gone, &err));
	assert_false(gone.more);
	pst_expired_text(&gone, &err);
	assert_string_equal(err.text,
	    "1 report rows, 1 reports, 1 incidents and 1 imported reports");
	assert_string_equal(store_sum(db), "2 rows, 2 messages");
	FOR_ROWS(i, left, left[i]) {
		(void)snprintf(
		    sql, sizeof(sql), "SELECT COUNT(*) FROM %s", left[i]);
		assert_int_equal(store_number(db, sql), i < 2 ? 2 : 1);
		/* statements are looked up by address; sql is reused */
		pst_db_close(db);
		db = store_open("db");
	}
	pst_db_close(db);
}

/* Adds so many incidents, in one statement; n is at most 100,000. */
static void
add_incidents(struct pst_db *db, unsigned n, long long seen_s)
{
	char sql[512];
	struct pst_err err;

	(void)snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
	    " WHERE i < %u) INSERT INTO failure SELECT CAST(i AS TEXT), '',"
	    " %lld, '', '', '', '', '', 1 FROM c",
	    n, seen_s);
	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

/* Many rows go in bounded steps, and a call ends although there are more. */
static void
test_steps(void **state)
{
	struct pst_db *db = store_open("db");
	const struct pst_config config = {
	    .store = {.retention_s = DAY, .imported_retention_s = DAY}};
	struct pst_expired gone;
	struct pst_err err;
	int64_t sum = 0;
	unsigned calls = 0;

	(void)state;
	add_incidents(db, 45000, 7);
	do {
		assert_true(
		    pst_expire_some(db, &config, 7 + 2 * DAY, &gone, &err));
		assert_true(gone.incidents <= 20000);
		sum += gone.incidents;
		calls++;
	} while (gone.more);
	assert_int_equal(sum, 45000);
	assert_true(calls >= 3);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM failure"), 0);
	pst_db_close(db);
}

/* A clock that is ahead deletes nothing; a right one deletes all, in steps. */
static void
test_all(void **state)
{
	struct pst_db *db = store_open("db");
	const struct pst_config config = {
	    .store = {.retention_s = 30 * DAY, .imported_retention_s = DAY}};
	struct pst_clock clock = pst_clock_manual(1795000000);
	struct pst_expired gone;
	struct pst_trusted_now now;
	struct pst_err err;

	(void)state;
	add_incidents(db, 25000, 1795000000 - 10 * DAY);
	clock.now_epoch += 40 * DAY;
	assert_true(pst_expire_all(db, &config, &clock, &gone, &now, &err));
	assert_int_equal(now.doubt, PST_CLOCK_AHEAD);
	assert_int_equal(gone.incidents, 0);
	clock.now_epoch += 460 * DAY;
	assert_true(pst_expire_all(db, &config, &clock, &gone, &now, &err));
	assert_int_equal(gone.incidents, 0);
	assert_true(pst_db_script(db,
	    "UPDATE meta SET value = '1797000000 1797000000'"
	    " WHERE name = 'clock'",
	    &err));
	clock.now_epoch = 1797000000;
	assert_true(pst_expire_all(db, &config, &clock, &gone, &now, &err));
	assert_int_equal(now.doubt, PST_CLOCK_PLAUSIBLE);
	assert_int_equal(gone.incidents, 25000);
	pst_db_close(db);
}

struct heard {
	unsigned wrong, right, expired;
	char text[600];
};

static void
hear(void *arg, enum pst_writer_event event, const char *text)
{
	struct heard *heard = arg;

	heard->wrong += event == PST_WRITER_CLOCK_WRONG;
	heard->right += event == PST_WRITER_CLOCK_RIGHT;
	heard->expired += event == PST_WRITER_EXPIRED;
	(void)snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static uint64_t
counted(const struct pst_counters *block, enum pst_counter counter)
{
	static struct pst_counters_sum sum;

	pst_counters_read(block, &sum);
	return sum.of[counter][0];
}

/* A doubt is said once, counted, and taken back. */
static void
test_turn(void **state)
{
	struct pst_db *db = store_open("db");
	const struct pst_config config = {
	    .store = {.retention_s = 30 * DAY, .imported_retention_s = DAY}};
	struct heard heard = {0};
	struct pst_expiry expiry = {.config = &config, .log = {hear, &heard}};
	struct pst_counters *block;
	struct pst_err err;
	int64_t now_s = pst_clock_epoch(&pst_clock_system);

	(void)state;
	block = pst_counters_map(&err);
	assert_non_null(block);
	pst_counters_enter(block, 0);
	/* The store was last used 40 days ago. */
	add_incidents(db, 5, now_s - 40 * DAY);
	for (unsigned i = 0; i < 3; i++) {
		expiry.due_ms = 0;
		assert_true(pst_expiry_turn(&expiry, db, &err));
	}
	assert_int_equal(heard.wrong, 1);
	assert_non_null(strstr(heard.text, "960 h ahead"));
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM failure"), 5);
	assert_true(counted(block, PST_COUNTER_CLOCK_STORE_SINCE) > 0);
	assert_int_equal(counted(block, PST_COUNTER_CLOCK_SERVER_SINCE), 0);
	/* It is not due again at once. */
	assert_true(expiry.due_ms > pst_clock_ms(&pst_clock_system));
	assert_true(pst_db_script(db,
	    "DELETE FROM meta WHERE name = 'clock';"
	    "INSERT INTO batch SELECT 'b', '', '', MAX(seen_s) + 40 * 86400"
	    " FROM failure",
	    &err));
	assert_true(pst_expiry_turn(&expiry, db, &err));
	assert_int_equal(heard.right, 0);
	expiry.due_ms = 0;
	assert_true(pst_expiry_turn(&expiry, db, &err));
	assert_int_equal(heard.right, 1);
	assert_int_equal(heard.expired, 1);
	assert_string_equal(heard.text,
	    "0 report rows, 0 reports, 5 incidents and 0 imported reports");
	assert_int_equal(counted(block, PST_COUNTER_CLOCK_STORE_SINCE), 0);
	assert_int_equal(heard.wrong, 1);
	pst_counters_unmap(block);
	pst_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_expire, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_steps, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_all, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_turn, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/schema.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define LIMIT 100

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
test_open(void **state)
{
	struct pst_config *config = store_config("");
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_err err;
	struct stat st;

	(void)state;
	assert_false(pst_store_has_shared(config));
	assert_false(pst_store_open(&store, PST_STORE_READ, &err));
	assert_false(pst_store_open(&store, PST_STORE_WRITE, &err));
	assert_null(store.db);
	assert_int_equal(stat(store_path("db"), &st), -1);
	assert_true(pst_store_open(&store, PST_STORE_REPORTS, &err));
	assert_false(pst_db_is_shared(store.db));
	assert_int_equal(stat(store_path("db"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	pst_store_close(&store);
	assert_null(store.db);

	assert_true(pst_store_open(&store, PST_STORE_READ, &err));
	assert_false(pst_db_script(store.db, "DELETE FROM meta", NULL));
	pst_store_close(&store);

	assert_true(pst_store_open(&store, PST_STORE_WRITE, &err));
	assert_true(
	    pst_db_script(store.db, "UPDATE meta SET value = '999'", &err));
	pst_store_close(&store);
	assert_false(pst_store_open(&store, PST_STORE_REPORTS, &err));
	assert_non_null(strstr(err.text, "version 999"));
	assert_false(pst_store_open(&store, PST_STORE_READ, &err));
	assert_false(pst_store_open_file(&store, PST_DB_CREATE, &err));
	pst_config_unref(config);
}

/* Only WRITE and the file's own function pass by the shared database. */
static void
test_open_shared(void **state)
{
	struct pst_config *config =
	    store_config("postgresql = \"host=127.0.0.1 port=1\"");
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_err err;

	(void)state;
	assert_true(pst_store_has_shared(config));
	assert_false(pst_store_open(&store, PST_STORE_REPORTS, &err));
	assert_non_null(strstr(err.text, "store.postgresql"));
	assert_false(pst_store_open(&store, PST_STORE_READ, &err));
	assert_non_null(strstr(err.text, "store.postgresql"));
	assert_true(pst_store_open_file(&store, PST_DB_CREATE, &err));
	pst_store_close(&store);
	assert_true(pst_store_open(&store, PST_STORE_WRITE, &err));
	assert_false(pst_db_is_shared(store.db));
	pst_store_close(&store);
	pst_config_unref(config);
}

static void
test_identity(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_arena *arena = pst_arena_new();
	char one[PST_STORE_ID_SIZE], two[PST_STORE_ID_SIZE];
	const char *gateway, *again;
	struct pst_err err;

	(void)state;
	pst_store_random_id(one);
	pst_store_random_id(two);
	assert_int_equal(strlen(one), 32);
	assert_string_not_equal(one, two);
	gateway = pst_store_identity(db, arena, "gateway", &err);
	assert_int_equal(strlen(gateway), 32);
	pst_db_close(db);
	db = store_open("db");
	again = pst_store_identity(db, arena, "gateway", &err);
	assert_string_equal(again, gateway);
	again = pst_store_identity(db, arena, "secret", &err);
	assert_string_not_equal(again, gateway);
	assert_true(pst_db_script(db, "DROP TABLE meta", &err));
	assert_null(pst_store_identity(db, arena, "gateway", &err));
	pst_arena_free(arena);
	pst_db_close(db);
}

/* R-AGG-3: a new value in a column of the key, and only that, adds a row. */
static void
test_merge(void **state)
{
	static const size_t keys[] = {
	    offsetof(struct pst_report_row, source_ip),
	    offsetof(struct pst_report_row, disposition),
	    offsetof(struct pst_report_row, dkim),
	    offsetof(struct pst_report_row, spf),
	    offsetof(struct pst_report_row, reason),
	    offsetof(struct pst_report_row, comment),
	    offsetof(struct pst_report_row, header_from),
	    offsetof(struct pst_report_row, envelope_from),
	    offsetof(struct pst_report_row, envelope_to),
	    offsetof(struct pst_report_row, auth)};
	struct pst_db *db = store_open("db");
	struct pst_report_row record = store_record(1);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		add(db, &record, LIMIT);
	assert_string_equal(store_sum(db), "1 rows, 3 messages");
	FOR_ROWS(i, keys, rows_number(keys[i])) {
		record = store_record(1);
		*(const char **)((char *)&record + keys[i]) = "x";
		add(db, &record, LIMIT);
		add(db, &record, LIMIT);
	}
	assert_string_equal(store_sum(db), "11 rows, 23 messages");
	/* Text must not move from one column to the next. */
	record = store_record(1);
	record.reason = "ab";
	record.comment = "c";
	add(db, &record, LIMIT);
	record.reason = "a";
	record.comment = "bc";
	add(db, &record, LIMIT);
	assert_string_equal(store_sum(db), "13 rows, 25 messages");
	assert_int_equal(store_number(db, "SELECT rows_n FROM policy"), 13);

	record = store_record(1);
	record.day++;
	add(db, &record, LIMIT);
	record.policy.domain = "example.net";
	add(db, &record, LIMIT);
	assert_string_equal(store_sum(db), "15 rows, 27 messages");
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM policy"), 3);
	pst_db_close(db);
}

/* The latest policy is kept, in whatever order the rows arrive. */
static void
test_policy(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_report_row record = store_record(1);
	struct pst_err err;

	(void)state;
	add(db, &record, LIMIT);
	record.seen_s += 10;
	record.policy.p = "none";
	add(db, &record, LIMIT);
	record.seen_s -= 5;
	record.policy.p = "quarantine";
	add(db, &record, LIMIT);
	assert_int_equal(
	    store_number(db,
		"SELECT COUNT(*) FROM policy WHERE p = 'none' AND rows_n = 1"
		" AND adkim = 'r' AND fo = '0' AND discovery = 'treewalk'"
		" AND rua = 'mailto:a@example.org'"),
	    1);

	/* Late rows of a reported day are not merged with reported rows. */
	assert_true(pst_db_script(db,
	    "UPDATE record SET owner = 'r'; UPDATE policy SET owner = 'r'",
	    &err));
	add(db, &record, LIMIT);
	assert_string_equal(store_sum(db), "2 rows, 4 messages");
	assert_int_equal(
	    store_number(db,
		"SELECT COUNT(*) FROM policy WHERE owner = '' AND rows_n = 1"),
	    1);
	pst_db_close(db);
}

/* R-AGG-4 */
static void
test_limit(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_report_row record;
	char auth[64];

	(void)state;
	/* One client, whose failing signatures differ each time. */
	for (unsigned i = 0; i < 3 * LIMIT; i++) {
		record = store_record(1);
		(void)snprintf(auth, sizeof(auth),
		    "dkim x%u.example s fail\nspf example.org fail\n", i);
		record.auth = auth;
		record.auth_short =
		    i % 2 == 0 ? "spf example.org fail\n" : NULL;
		add(db, &record, LIMIT);
	}
	assert_string_equal(store_sum(db), "101 rows, 300 messages");
	assert_int_equal(
	    store_number(db,
		"SELECT n FROM record WHERE auth = 'spf example.org fail\n'"),
	    200);
	assert_int_equal(store_number(db, "SELECT rows_n FROM policy"), 101);

	/* Many clients: up to twice the rows, then only a message count. */
	for (unsigned i = 0; i < 10 * LIMIT; i++) {
		record = store_record(1000 + i);
		record.disposition = i % 2 == 0 ? "none" : "reject";
		record.auth_short = NULL;
		add(db, &record, LIMIT);
	}
	assert_string_equal(store_sum(db), "202 rows, 1300 messages");
	assert_int_equal(
	    store_number(db,
		"SELECT SUM(n) FROM record WHERE source_ip = '0.0.0.0' AND"
		" reason = 'other' AND header_from = 'example.org'"),
	    901);
	assert_int_equal(
	    store_number(db,
		"SELECT COUNT(*) FROM record WHERE auth ="
		" 'dkim example.org s pass\nspf example.org fail\n'"),
	    99);

	/* Messages are still merged into a full row that exists. */
	record = store_record(1);
	record.auth = "dkim x5.example s fail\nspf example.org fail\n";
	add(db, &record, LIMIT);
	assert_string_equal(store_sum(db), "202 rows, 1301 messages");
	assert_int_equal(
	    store_number(
		db, "SELECT n FROM record WHERE auth LIKE 'dkim x5.example %'"),
	    2);
	pst_db_close(db);
}

static void
test_incident(void **state)
{
	const struct pst_incident incident = {.id = "i1",
	    .seen_s = 5,
	    .domain = "example.org",
	    .ruf = "mailto:f@example.org",
	    .fields = "Auth-Failure: dmarc\n",
	    .header = "From: x\n",
	    .subject = ""};
	struct pst_incident other = incident;
	struct pst_db *db = store_open("db");
	struct pst_err err;

	(void)state;
	other.seen_s = 99;
	assert_true(pst_store_add_incident(db, &incident, 1, &err));
	assert_true(pst_store_add_incident(db, &other, 2, &err));
	other.id = "i2";
	assert_true(pst_store_add_incident(db, &other, 1, &err));
	assert_int_equal(
	    store_number(db,
		"SELECT n FROM failure WHERE id = 'i1' AND owner = ''"
		" AND seen_s = 5 AND header = 'From: x\n'"),
	    3);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM failure"), 2);
	pst_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_open, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_open_shared, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_identity, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_merge, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_policy, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_limit, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_incident, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

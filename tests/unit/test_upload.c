/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "store/upload.h"
#include "tests/unit/store_fixture.h"

#define NOW 1795400000
#define LIMIT 50000

static struct pst_db *local, *shared;

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	local = store_open("local");
	shared = store_open_shared();
	store_wipe(shared);
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(local);
	pst_db_close(shared);
	return store_tear_down(state);
}

/* Adds rows from number `first` on, with one message each. */
static void
fill(struct pst_db *db, unsigned first, unsigned count)
{
	struct pst_err err;

	assert_true(pst_db_begin(db, &err));
	for (unsigned i = first; i < first + count; i++) {
		struct pst_report_row record = store_record(i);

		if (i % 3 == 1)
			record.policy.domain = "example.net";
		if (i % 3 == 2)
			record.day++;
		if (!pst_store_add(db, &record, 1, LIMIT, &err))
			fail_msg("%s", err.text);
	}
	assert_true(pst_db_commit(db, &err));
}

static unsigned
ship(void)
{
	struct pst_err err;
	unsigned batches;

	if (!pst_upload_all(local, shared, NOW, LIMIT, &batches, &err))
		fail_msg("%s", err.text);
	return batches;
}

static void
assert_empty(struct pst_db *db)
{
	assert_int_equal(store_number(db,
			     "SELECT (SELECT COUNT(*) FROM record)"
			     " + (SELECT COUNT(*) FROM policy)"
			     " + (SELECT COUNT(*) FROM failure)"
			     " + (SELECT COUNT(*) FROM batch)"),
	    0);
}

static void
test_plain(void **state)
{
	const struct pst_incident incident = {.id = "i",
	    .seen_s = 7,
	    .domain = "example.org",
	    .ruf = "mailto:f@example.org",
	    .fields = "A: b\n",
	    .header = "C: d\n",
	    .subject = "e"};
	struct pst_err err;

	(void)state;
	assert_int_equal(ship(), 0);
	fill(local, 0, 30);
	fill(local, 0, 9);
	assert_true(pst_store_add_incident(local, &incident, 2, &err));
	assert_int_equal(ship(), 1);
	assert_empty(local);
	assert_string_equal(store_sum(shared), "30 rows, 39 messages");
	assert_int_equal(store_number(shared,
			     "SELECT COUNT(*) FROM policy WHERE owner = ''"
			     " AND rows_n = 10 AND p = 'reject' AND fo = '0'"
			     " AND rua = 'mailto:a@example.org'"),
	    3);
	assert_int_equal(
	    store_number(shared,
		"SELECT COUNT(*) FROM record WHERE owner = ''"
		" AND header_from = 'example.org' AND dkim = 'pass'"
		" AND spf = 'fail' AND disposition = 'none' AND reason = ''"
		" AND auth LIKE 'dkim example.org s pass%spf example.org "
		"fail%'"),
	    30);
	assert_int_equal(
	    store_number(shared,
		"SELECT COUNT(*) FROM batch WHERE shipped_s = 1795400000"
		" AND LENGTH(gateway) = 32 AND host <> ''"),
	    1);
	assert_int_equal(
	    store_number(shared,
		"SELECT n FROM failure WHERE id = 'i' AND owner = ''"
		" AND seen_s = 7 AND header = 'C: d\n' AND subject = 'e'"),
	    2);

	/* Later rows are merged into existing ones. */
	fill(local, 20, 20);
	assert_int_equal(ship(), 1);
	assert_string_equal(store_sum(shared), "40 rows, 59 messages");
	assert_int_equal(
	    store_number(shared, "SELECT SUM(rows_n) FROM policy"), 40);
	assert_int_equal(ship(), 0);
}

static void
test_many(void **state)
{
	(void)state;
	fill(local, 0, 3500);
	assert_int_equal(ship(), 4);
	assert_empty(local);
	assert_string_equal(store_sum(shared), "3500 rows, 3500 messages");
	assert_int_equal(
	    store_number(shared, "SELECT SUM(rows_n) FROM policy"), 3500);
	fill(local, 0, 2000);
	assert_int_equal(ship(), 2);
	assert_string_equal(store_sum(shared), "3500 rows, 5500 messages");
	assert_empty(local);
}

/* The limit per domain and day applies to the shared database. */
static void
test_limit(void **state)
{
	struct pst_err err;

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		fill(local, round * 300, 300);
		if (!pst_upload_all(local, shared, NOW, 100, NULL, &err))
			fail_msg("%s", err.text);
	}
	assert_string_equal(store_sum(shared), "603 rows, 3000 messages");
	assert_int_equal(store_number(shared,
			     "SELECT SUM(n) FROM record"
			     " WHERE source_ip = '0.0.0.0'"),
	    2400);
	assert_int_equal(store_number(shared,
			     "SELECT COUNT(*) FROM record WHERE auth ="
			     " 'dkim example.org s pass\n"
			     "spf example.org fail\n'"),
	    300);
}

/*
 * A trigger makes each statement fail in turn, in the local or in the shared
 * database, as a lost connection would. Afterwards the upload succeeds.
 */
static void
test_failures(void **state)
{
	static const struct {
		bool in_shared;
		const char *event;
	} faults[] = {
	    {false, "UPDATE ON record"},
	    {false, "INSERT ON policy"},
	    {false, "DELETE ON policy"},
	    {false, "INSERT ON batch"},
	    {true, "INSERT ON batch"},
	    {true, "INSERT ON policy"},
	    {true, "INSERT ON record"},
	    {true, "UPDATE ON policy"},
	    {false, "DELETE ON record"},
	    {false, "DELETE ON batch"},
	};
	char sql[160], sum[64];
	struct pst_err err;

	(void)state;
	if (pst_db_is_shared(shared))
		skip(); /* PostgreSQL has another syntax for triggers */
	for (unsigned i = 0; i < PST_COUNT(faults); i++) {
		struct pst_db *db = faults[i].in_shared ? shared : local;

		fill(local, i * 10, 10);
		(void)snprintf(sql, sizeof(sql),
		    "CREATE TRIGGER fault BEFORE %s"
		    " BEGIN SELECT RAISE(ABORT, 'dead'); END",
		    faults[i].event);
		assert_true(pst_db_script(db, sql, &err));
		assert_false(
		    pst_upload_all(local, shared, NOW, LIMIT, NULL, &err));
		assert_non_null(strstr(err.text, "dead"));
		assert_false(
		    pst_upload_all(local, shared, NOW, LIMIT, NULL, NULL));
		assert_true(pst_db_script(db, "DROP TRIGGER fault", &err));
		/* Rows that arrive meanwhile wait for the next batch. */
		fill(local, i * 10, 10);
		assert_true(ship() > 0);
		(void)snprintf(sum, sizeof(sum), "%u rows, %u messages",
		    (i + 1) * 10, (i + 1) * 20);
		assert_string_equal(store_sum(shared), sum);
		assert_empty(local);
	}
}

/* The commit succeeded but its answer was lost: no row is added twice. */
static void
test_lost_answer(void **state)
{
	struct pst_err err;
	char sql[256];

	(void)state;
	fill(local, 0, 10);
	assert_true(pst_db_script(local,
	    "UPDATE record SET owner = 'b'; UPDATE policy SET owner = 'b';"
	    "INSERT INTO batch VALUES ('b', '', '', 1)",
	    &err));
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO batch VALUES ('b', 'gateway', 'host', 1)");
	assert_true(pst_db_script(shared, sql, &err));
	fill(local, 0, 10);
	assert_int_equal(ship(), 2);
	assert_string_equal(store_sum(shared), "10 rows, 10 messages");
	assert_empty(local);
}

/* Rows that are already in a local report are not uploaded. */
static void
test_reported(void **state)
{
	struct pst_err err;

	(void)state;
	fill(local, 0, 3);
	assert_true(pst_db_script(local,
	    "UPDATE record SET owner = 'r'; UPDATE policy SET owner = 'r'",
	    &err));
	fill(local, 3, 3);
	assert_int_equal(ship(), 1);
	assert_string_equal(store_sum(shared), "3 rows, 3 messages");
	assert_string_equal(store_sum(local), "3 rows, 3 messages");
	assert_int_equal(store_number(local, "SELECT COUNT(*) FROM policy"), 3);
}

static void *
ship_again(void *arg)
{
	struct pst_db *mine =
	    pst_db_open_sqlite(arg, PST_DB_WRITE, PST_STORE_PATIENCE_MS, NULL);
	struct pst_db *theirs = store_open_shared();

	/* If it is a file, it is sometimes locked for the second thread. */
	for (unsigned i = 0; i < 200; i++)
		(void)!pst_upload_all(mine, theirs, NOW, LIMIT, NULL, NULL);
	pst_db_close(mine);
	pst_db_close(theirs);
	return NULL;
}

/* Two workers of one gateway, and a writer. */
static void
test_two(void **state)
{
	pthread_t threads[2];
	char path[128];
	struct pst_err err;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", store_path("local"));
	pst_db_close(local);
	local =
	    pst_db_open_sqlite(path, PST_DB_WRITE, PST_STORE_PATIENCE_MS, &err);
	fill(local, 0, 100);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ship_again, path), 0);
	for (unsigned i = 0; i < 50; i++)
		fill(local, 0, 100);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)ship();
	assert_string_equal(store_sum(shared), "100 rows, 5100 messages");
	assert_empty(local);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_lost_answer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reported, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_two, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

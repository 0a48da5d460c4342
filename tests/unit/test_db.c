/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "store/db.h"

#define VALUES(...)                                                            \
	(struct pst_db_value[])                                                \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

static char dir[64];
static char path[128];

static void
remove_all(void)
{
	static const char *const tails[] = {
	    "", "-wal", "-shm", ".old", ".old-wal", ".old-shm"};
	char name[160];

	for (size_t i = 0; i < PST_COUNT(tails); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		(void)remove(name);
	}
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_db.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	remove_all();
	return rmdir(dir);
}

static struct pst_db *
open_file(unsigned patience_ms)
{
	struct pst_err err = {""};
	struct pst_db *db =
	    pst_db_open_sqlite(path, PST_DB_CREATE, patience_ms, &err);

	if (db == NULL)
		fail_msg("%s", err.text);
	return db;
}

/*
 * Tests of what both kinds must do run on the server that
 * POSTERN_TEST_POSTGRES names, if it is set, or else on a file.
 */
static struct pst_db *
open_db(void)
{
	const char *conninfo = getenv("POSTERN_TEST_POSTGRES");
	struct pst_err err = {""};
	struct pst_db *db;

	if (conninfo == NULL)
		return open_file(0);
	db = pst_db_open_postgres(conninfo, &err);
	if (db == NULL || !pst_db_script(db, "DROP TABLE IF EXISTS t, u", &err))
		fail_msg("%s", err.text);
	assert_true(pst_db_is_shared(db));
	return db;
}

static void
run(struct pst_db *db, const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static int64_t
number(struct pst_db *db, const char *sql)
{
	struct pst_err err;
	int64_t out = -1;

	if (!pst_db_get_number(db, sql, NULL, 0, &out, NULL, &err))
		fail_msg("%s", err.text);
	return out;
}

static void
test_values(void **state)
{
	static const char put[] =
	    "INSERT INTO t (a, b, c) VALUES ($2, $1, $2)"
	    " ON CONFLICT (a) DO UPDATE SET b = t.b + excluded.b";
	struct pst_db *db = open_db();
	struct pst_err err;
	int64_t changed = -1, out = -7;
	bool found = true;

	(void)state;
	run(db,
	    "CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY, b BIGINT NOT NULL,"
	    " c TEXT);CREATE TABLE u (x BIGINT);");
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(INT64_MAX - 3), pst_db_text("it's; \xc3\xa4")), 2,
	    &changed, &err));
	assert_int_equal(changed, 1);
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(3), pst_db_text("it's; \xc3\xa4")), 2, NULL,
	    &err));
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(-1), pst_db_str((struct pst_str){NULL, 0})), 2,
	    NULL, &err));
	assert_true(pst_db_run(db,
	    "INSERT INTO t (a, b) VALUES ($1, 0) ON CONFLICT DO NOTHING",
	    VALUES(pst_db_text(NULL)), 1, &changed, &err));
	assert_int_equal(changed, 0);

	assert_true(pst_db_select(
	    db, "SELECT a, b, NULL, c FROM t ORDER BY b", NULL, 0, &err));
	assert_true(pst_db_next(db));
	assert_int_equal(pst_db_column(db, 0).len, 0);
	assert_int_equal(pst_db_number(db, 1), -1);
	assert_string_equal(pst_db_column(db, 2).ptr, "");
	assert_int_equal(pst_db_number(db, 2), 0);
	assert_true(pst_db_next(db));
	assert_string_equal(pst_db_column(db, 0).ptr, "it's; \xc3\xa4");
	assert_int_equal(pst_db_column(db, 3).len, 8);
	assert_true(pst_db_number(db, 1) == INT64_MAX);
	assert_false(pst_db_next(db));
	assert_false(pst_db_next(db));
	assert_true(pst_db_end(db, &err));

	assert_true(pst_db_get_number(db, "SELECT b FROM t WHERE a = $1",
	    VALUES(pst_db_text("none")), 1, &out, &found, &err));
	assert_false(found);
	assert_int_equal(out, -7);
	pst_db_close(db);
}

/* Any octets, also in a selection's values, and texts beside them. */
static void
test_blobs(void **state)
{
	static const char all[] = "\0\\x41\xff'\0";
	static const char put[] = "INSERT INTO t (a, b, c) VALUES ($1, $2, $3)";
	const struct pst_str octets = {all, sizeof(all) - 1};
	char large[70000];
	struct pst_db *db = open_db();
	struct pst_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7 + i / 256);
	run(db, "CREATE TABLE t (a BIGINT NOT NULL, b BYTEA NOT NULL, c TEXT)");
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(1), pst_db_blob(octets), pst_db_text("x")), 3,
	    NULL, &err));
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(2), pst_db_blob((struct pst_str){NULL, 0}),
		pst_db_text("y")),
	    3, NULL, &err));
	assert_true(pst_db_run(db, put,
	    VALUES(pst_db_int(3),
		pst_db_blob((struct pst_str){large, sizeof(large)}),
		pst_db_text("z")),
	    3, NULL, &err));
	assert_true(pst_db_select(
	    db, "SELECT b, c, b FROM t ORDER BY a", NULL, 0, &err));
	assert_true(pst_db_next(db));
	assert_true(pst_str_eq(pst_db_octets(db, 0), octets));
	assert_true(pst_str_eq(pst_db_octets(db, 2), octets));
	assert_string_equal(pst_db_column(db, 1).ptr, "x");
	assert_true(pst_db_next(db));
	assert_int_equal(pst_db_octets(db, 0).len, 0);
	assert_true(pst_db_next(db));
	assert_true(pst_str_eq(
	    pst_db_octets(db, 0), (struct pst_str){large, sizeof(large)}));
	assert_false(pst_db_next(db));
	assert_true(pst_db_end(db, &err));
	assert_true(pst_db_select(db, "SELECT a FROM t WHERE b = $1",
	    VALUES(pst_db_blob(octets)), 1, &err));
	assert_true(pst_db_next(db));
	assert_int_equal(pst_db_number(db, 0), 1);
	assert_true(pst_db_end(db, &err));
	pst_db_close(db);
}

static void
test_transactions(void **state)
{
	struct pst_db *db = open_db();
	struct pst_err err;

	(void)state;
	run(db, "CREATE TABLE t (a BIGINT NOT NULL)");
	assert_true(pst_db_begin(db, &err));
	run(db, "INSERT INTO t (a) VALUES (1)");
	pst_db_rollback(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 0);
	assert_true(pst_db_begin(db, &err));
	for (int i = 0; i < 100; i++)
		assert_true(pst_db_run(db, "INSERT INTO t (a) VALUES ($1)",
		    VALUES(pst_db_int(i)), 1, NULL, &err));
	assert_false(pst_db_run(
	    db, "INSERT INTO t (a) VALUES (NULL)", NULL, 0, NULL, &err));
	pst_db_rollback(db);
	pst_db_rollback(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 0);
	assert_true(pst_db_begin(db, &err));
	run(db, "INSERT INTO t (a) VALUES (1)");
	assert_true(pst_db_commit(db, &err));
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1);
	pst_db_close(db);
}

/* More statements than are kept prepared, in a new order each round. */
static void
test_statements(void **state)
{
	static char sql[200][32];
	struct pst_db *db = open_db();

	(void)state;
	for (size_t i = 0; i < 200; i++)
		(void)snprintf(sql[i], sizeof(sql[i]), "SELECT %zu", i);
	for (size_t round = 0; round < 3; round++)
		for (size_t i = 0; i < 200; i++) {
			size_t at = (i * 7 + round) % 200;

			assert_int_equal(number(db, sql[at]), at);
		}
	pst_db_close(db);
}

static void
test_faults(void **state)
{
	struct pst_db *db = open_db();
	struct pst_err err;
	int64_t out = 5;

	(void)state;
	assert_false(
	    pst_db_run(db, "INSERT INTO none VALUES (1)", NULL, 0, NULL, &err));
	assert_non_null(strstr(err.text, "none"));
	assert_non_null(strstr(err.text, "; "));
	assert_false(
	    pst_db_get_number(db, "SELECT $2", NULL, 0, &out, NULL, &err));
	assert_false(pst_db_select(db, "SELECT FROM", NULL, 0, NULL));
	assert_int_equal(number(db, "SELECT 3"), 3);
	assert_int_equal(out, 5);
	pst_db_close(db);
}

/* A selection that is abandoned early, and one that fails half-way. */
static void
test_selections(void **state)
{
	struct pst_db *db = open_db();
	struct pst_err err;
	int i, seen = 0;

	(void)state;
	run(db, "CREATE TABLE t (a BIGINT NOT NULL)");
	for (i = 0; i < 1000; i++)
		assert_true(pst_db_run(db, "INSERT INTO t (a) VALUES ($1)",
		    VALUES(pst_db_int(i)), 1, NULL, &err));
	assert_true(
	    pst_db_select(db, "SELECT a FROM t ORDER BY a", NULL, 0, &err));
	while (seen < 10 && pst_db_next(db))
		assert_int_equal(pst_db_number(db, 0), seen++);
	assert_true(pst_db_end(db, &err));
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1000);
	assert_true(pst_db_select(db,
	    "SELECT ABS(a - 9223372036854775807 - 10) FROM t ORDER BY a DESC",
	    NULL, 0, &err));
	while (pst_db_next(db))
		continue;
	assert_false(pst_db_end(db, &err));
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1000);
	assert_true(pst_db_is_alive(db));

	assert_true(pst_db_begin(db, &err));
	assert_true(pst_db_select(db,
	    "UPDATE t SET a = a + 1 WHERE a < 2 RETURNING a", NULL, 0, &err));
	assert_true(pst_db_next(db));
	assert_true(pst_db_end(db, &err));
	assert_true(pst_db_commit(db, &err));
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE a = 0"), 0);
	pst_db_close(db);
}

/* It would take minutes. */
#define LONG                                                                   \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c"       \
	" WHERE x < 2000000000) SELECT COUNT(*) FROM c"

static void
test_limit(void **state)
{
	struct pst_db *db = open_db();
	int64_t begun_ms = pst_clock_ms(&pst_clock_system), out = -7;
	struct pst_err err;

	(void)state;
	assert_true(pst_db_limit(db, 100, &err));
	for (int i = 0; i < 2; i++) {
		err.text[0] = '\0';
		assert_false(
		    pst_db_get_number(db, LONG, NULL, 0, &out, NULL, &err));
		assert_non_null(strstr(err.text, "took longer than 100 ms"));
		assert_null(strstr(err.text, "bug"));
	}
	assert_false(pst_db_script(db, LONG, &err));
	assert_non_null(strstr(err.text, "took longer than 100 ms"));
	assert_in_range(pst_clock_ms(&pst_clock_system) - begun_ms, 300, 10000);
	/* It goes on with others, also with one that begins later. */
	assert_true(pst_db_is_alive(db));
	assert_int_equal(number(db, "SELECT 41 + 1"), 42);
	assert_false(
	    pst_db_get_number(db, "SELECT x", NULL, 0, &out, NULL, &err));
	assert_null(strstr(err.text, "took longer"));
	assert_true(pst_db_limit(db, 0, &err));
	assert_int_equal(number(db,
			     "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL"
			     " SELECT x + 1 FROM c WHERE x < 1000000)"
			     " SELECT COUNT(*) FROM c"),
	    1000000);
	pst_db_close(db);
}

static void
test_no_server(void **state)
{
	struct pst_err err;

	(void)state;
	assert_null(pst_db_open_postgres(
	    "host=/nonexistent/postern user=x dbname=x", &err));
	assert_non_null(strstr(err.text, "store.postgresql"));
	assert_null(strchr(err.text, '\n'));
	assert_null(pst_db_open_postgres("nonsense", &err));
}

static void
test_locked(void **state)
{
	struct pst_db *one = open_file(0), *two = open_file(30);
	struct pst_err err;

	(void)state;
	run(one, "CREATE TABLE t (a BIGINT)");
	assert_true(pst_db_begin(one, &err));
	assert_false(pst_db_begin(two, &err));
	assert_non_null(strstr(err.text, "locked"));
	/* A limit also ends the wait for a lock. */
	pst_db_close(two);
	two = open_file(60000);
	assert_true(pst_db_limit(two, 50, &err));
	assert_false(pst_db_begin(two, &err));
	assert_non_null(strstr(err.text, "locked"));
	/* A lock does not hold up readers. */
	assert_int_equal(number(two, "SELECT COUNT(*) FROM t"), 0);
	assert_true(pst_db_commit(one, &err));
	assert_true(pst_db_begin(two, &err));
	pst_db_rollback(two);
	pst_db_close(one);
	pst_db_close(two);
}

static void
test_open(void **state)
{
	struct pst_db *db;
	struct pst_err err;
	char other[160];
	FILE *file;

	(void)state;
	assert_null(pst_db_open_sqlite(path, PST_DB_READ, 0, &err));
	assert_non_null(strstr(err.text, "reports.from"));
	assert_null(pst_db_open_sqlite(path, PST_DB_WRITE, 0, &err));
	(void)snprintf(other, sizeof(other), "%s/no/db", dir);
	assert_null(pst_db_open_sqlite(other, PST_DB_CREATE, 0, &err));
	assert_non_null(strstr(err.text, "create its directory"));
	assert_null(pst_db_open_sqlite(dir, PST_DB_CREATE, 0, &err));
	assert_non_null(strstr(err.text, "not a regular file"));

	(void)snprintf(other, sizeof(other), "%s.old", path);
	assert_int_equal(symlink(other, path), 0);
	assert_null(pst_db_open_sqlite(path, PST_DB_CREATE, 0, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_int_equal(unlink(path), 0);

	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs("This is a letter and not a database, however long it may "
		    "become in the end. And that is all there is to say.",
	    file);
	assert_int_equal(fclose(file), 0);
	assert_null(pst_db_open_sqlite(path, PST_DB_CREATE, 0, &err));
	assert_non_null(strstr(err.text, "move it away"));
	assert_non_null(strstr(err.text, "-wal and -shm"));
	assert_int_equal(unlink(path), 0);

	db = open_file(0);
	run(db, "CREATE TABLE t (a BIGINT)");
	pst_db_close(db);
	db = pst_db_open_sqlite(path, PST_DB_READ, 0, &err);
	assert_non_null(db);
	assert_false(
	    pst_db_run(db, "INSERT INTO t VALUES (1)", NULL, 0, NULL, &err));
	assert_non_null(strstr(err.text, "readonly"));
	pst_db_close(db);
	pst_db_close(NULL);
}

/* A store that was moved away is noticed, so that it can be reopened. */
static void
test_moved(void **state)
{
	struct pst_db *db = open_file(0);
	char other[160];

	(void)state;
	assert_true(pst_db_is_alive(db));
	(void)snprintf(other, sizeof(other), "%s.old", path);
	assert_int_equal(rename(path, other), 0);
	assert_false(pst_db_is_alive(db));
	pst_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_blobs, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_transactions, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_statements, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_selections, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
	    cmocka_unit_test(test_no_server),
	    cmocka_unit_test_setup_teardown(test_locked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_moved, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/macros.h"
#include "store/migrations.h"
#include "store/query_sources.h"
#include "store/schema.h"
#include "tests/unit/store_fixture.h"

#define PROCESSES 4
#define MAX_DUMP (1U << 22)

static struct pst_arena *arena;

static int
set_up(void **state)
{
	arena = pst_arena_new();
	return store_set_up(state);
}

static int
tear_down(void **state)
{
	pst_arena_free(arena);
	return store_tear_down(state);
}

static void
script(struct pst_db *db, const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static struct pst_schema
read_schema(struct pst_db *db)
{
	struct pst_schema schema;
	struct pst_err err;

	if (!pst_schema_read(db, &schema, &err))
		fail_msg("%s", err.text);
	return schema;
}

/* Returns all rows of a selection as text. */
static void
dump(struct pst_db *db, struct pst_buf *buf, const char *sql, unsigned columns)
{
	struct pst_err err;

	if (!pst_db_select(db, sql, NULL, 0, &err))
		fail_msg("%s", err.text);
	while (pst_db_next(db)) {
		for (unsigned i = 0; i < columns; i++) {
			pst_buf_add(buf, pst_db_column(db, i));
			pst_buf_add_char(buf, '|');
		}
		pst_buf_add_char(buf, '\n');
	}
	if (!pst_db_end(db, &err))
		fail_msg("%s", err.text);
}

/* Returns everything that a store of version 1 holds, in one order. */
static const char *
dump_all(struct pst_db *db)
{
	static const struct {
		const char *sql;
		unsigned columns;
	} tables[] = {
	    {"SELECT * FROM lease ORDER BY 1", 3},
	    {"SELECT * FROM policy ORDER BY 1, 2, 3", 15},
	    {"SELECT * FROM record ORDER BY 1, 2, 3, 4", 15},
	    {"SELECT * FROM batch ORDER BY 1", 4},
	    {"SELECT * FROM report ORDER BY 1", 4},
	    {"SELECT * FROM delivery ORDER BY 1, 2, 3", 9},
	    {"SELECT * FROM suppress ORDER BY 1", 4},
	    {"SELECT * FROM failure ORDER BY 1, 2", 9},
	    {"SELECT * FROM feedback ORDER BY 1", 11},
	    {"SELECT feedback, line, source_ip, n, disposition, dkim, spf,"
	     " header_from, envelope_from FROM source ORDER BY 1, 2",
		9},
	    {"SELECT * FROM meta WHERE name = 'gateway' OR name = 'secret'"
	     " ORDER BY 1",
		2},
	};
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_DUMP);
	for (size_t i = 0; i < PST_COUNT(tables); i++) {
		pst_buf_add_text(&buf, tables[i].sql);
		pst_buf_add_char(&buf, '\n');
		dump(db, &buf, tables[i].sql, tables[i].columns);
	}
	assert_false(pst_buf_overflowed(&buf));
	return pst_buf_str(&buf);
}

static void
test_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < pst_migrations_count; i++) {
		const struct pst_migration *step = &pst_migrations[i];

		assert_int_equal(step->version, i + 1);
		assert_in_range(step->oldest_writer, 1, step->version);
		if (i > 0)
			assert_true(
			    step->oldest_writer >= step[-1].oldest_writer);
	}
	assert_int_equal(pst_migrations_count, PST_SCHEMA_VERSION);
}

/* A store of version 1 comes forward, and nothing of it is lost. */
static void
test_forward(void **state)
{
	struct pst_db *db = store_open_v1();
	struct pst_schema schema = read_schema(db);
	const char *before = dump_all(db);
	struct pst_err err;

	(void)state;
	assert_int_equal(schema.version, 1);
	assert_int_equal(schema.oldest_writer, 1);
	assert_string_equal(store_sum(db), "108 rows, 270 messages");
	/* Before the steps, this program reads it but does not write. */
	assert_true(pst_schema_check(db, &err));
	assert_false(pst_schema_begin(db, &err));
	assert_non_null(strstr(err.text, "version 1"));
	assert_int_equal(read_schema(db).version, 1);

	if (!pst_schema_make(db, &err))
		fail_msg("%s", err.text);
	schema = read_schema(db);
	assert_int_equal(schema.version, PST_SCHEMA_VERSION);
	assert_int_equal(schema.oldest_writer, 1);
	assert_int_equal(store_number(db,
			     "SELECT CAST(value AS BIGINT) FROM meta"
			     " WHERE name = 'oldest_writer'"),
	    1);
	assert_string_equal(dump_all(db), before);
	assert_true(pst_schema_begin(db, &err));
	assert_true(pst_db_commit(db, &err));
	/* The second time, there is nothing to do. */
	assert_true(pst_schema_make(db, &err));
	pst_db_close(db);
}

/* Leaves a store of this version, as its last program did. */
static struct pst_db *
open_version(int version)
{
	char name[16], sql[64];
	struct pst_db *db;

	/* A file of its own: the log of the one before may still be there. */
	(void)snprintf(name, sizeof(name), "from-%d", version);
	db = getenv("POSTERN_TEST_POSTGRES") != NULL ? store_open_v1() :
						       store_copy_v1(name);
	for (int i = 1; i < version; i++)
		script(db, pst_migrations[i].sql);
	(void)snprintf(sql, sizeof(sql),
	    "UPDATE meta SET value = '%d' WHERE name = 'version'", version);
	script(db, sql);
	if (version >= 4)
		script(db,
		    "INSERT INTO source_mark VALUES"
		    " ('192.0.2.1', 'mine', 'a note', 5)");
	return db;
}

static void
test_each_version(void **state)
{
	(void)state;
	for (int version = 1; version < PST_SCHEMA_VERSION; version++) {
		struct pst_db *db = open_version(version);
		const char *before = dump_all(db);
		struct pst_query_selectors selectors;
		struct pst_err err;

		assert_int_equal(read_schema(db).version, version);
		assert_true(pst_schema_check(db, &err));
		assert_false(pst_schema_begin(db, &err));
		assert_true(pst_query_selectors(
		    db, arena, "example.org", &selectors, &err));
		assert_int_equal(selectors.count, 0);
		if (!pst_schema_make(db, &err))
			fail_msg("%s", err.text);
		assert_int_equal(read_schema(db).version, PST_SCHEMA_VERSION);
		assert_string_equal(dump_all(db), before);
		assert_int_equal(
		    store_number(db, "SELECT COUNT(*) FROM source_mark"),
		    version >= 4);
		assert_int_equal(
		    store_number(db, "SELECT COUNT(*) FROM source_selector"),
		    0);
		pst_db_close(db);
	}
}

/* A store that a reader opens keeps its version. */
static void
test_reader(void **state)
{
	struct pst_config *config = store_config("");
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	struct pst_err err;

	(void)state;
	pst_db_close(store_copy_v1("db"));
	assert_true(pst_store_open(&store, PST_STORE_READ, &err));
	assert_int_equal(read_schema(store.db).version, 1);
	assert_string_equal(store_sum(store.db), "108 rows, 270 messages");
	pst_store_close(&store);
	assert_true(pst_store_open(&store, PST_STORE_WRITE, &err));
	assert_int_equal(read_schema(store.db).version, PST_SCHEMA_VERSION);
	pst_store_close(&store);
	pst_config_unref(config);
}

/* Runs in a process of its own; returns its exit status. */
static int
make_once(int go)
{
	struct pst_db *db = store_reopen_v1();
	struct pst_err err;
	char c;
	bool ok;

	if (read(go, &c, 1) != 0)
		return 2;
	ok = pst_schema_make(db, &err);
	if (!ok)
		(void)fprintf(stderr, "# %s\n", err.text);
	pst_db_close(db);
	return ok ? 0 : 1;
}

/* Several processes at once: one waits for the other, and all succeed. */
static void
test_at_once(void **state)
{
	struct pst_db *db = store_open_v1();
	const char *before = dump_all(db);
	pid_t pids[PROCESSES];
	int go[2], status;

	(void)state;
	pst_db_close(db);
	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_int_not_equal(pids[i], -1);
		if (pids[i] == 0) {
			(void)close(go[1]);
			_exit(make_once(go[0]));
		}
	}
	/* They begin when the pipe is closed. */
	(void)close(go[1]);
	(void)close(go[0]);
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	db = store_reopen_v1();
	assert_int_equal(read_schema(db).version, PST_SCHEMA_VERSION);
	assert_string_equal(dump_all(db), before);
	pst_db_close(db);
}

/* A process that is killed in the middle of a step leaves the old version. */
static void
test_killed(void **state)
{
	struct pst_db *db = store_open_v1();
	const char *before = dump_all(db);
	struct pst_err err;
	int status;
	pid_t pid;

	(void)state;
	pst_db_close(db);
	pid = fork();
	if (pid == 0) {
		db = store_reopen_v1();
		if (!pst_db_begin(db, &err) ||
		    !pst_db_lock(db, PST_DB_LOCK_EXCLUSIVE, &err) ||
		    !pst_db_script(db, pst_migrations[1].sql, &err) ||
		    !pst_db_script(db,
			"UPDATE meta SET value = '2' WHERE name = 'version'",
			&err))
			_exit(1);
		(void)kill(getpid(), SIGKILL);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	db = store_reopen_v1();
	assert_int_equal(read_schema(db).version, 1);
	assert_string_equal(dump_all(db), before);
	/* If the step had been committed, this would fail. */
	script(db, "CREATE INDEX failure_open ON failure (owner)");
	script(db, "DROP INDEX failure_open");
	assert_true(pst_schema_make(db, &err));
	pst_db_close(db);
}

/* A step that fails changes nothing, and the sentence says so. */
static void
test_failing(void **state)
{
	struct pst_db *db = store_copy_v1("db");
	struct pst_err err;

	(void)state;
	/* The last index of the step finds a table of its name. */
	script(db, "CREATE TABLE report_day (x TEXT)");
	assert_false(pst_schema_make(db, &err));
	assert_non_null(strstr(err.text, "version 2 and is unchanged: "));
	assert_int_equal(read_schema(db).version, 1);
	assert_int_equal(store_number(db,
			     "SELECT COUNT(*) FROM sqlite_master"
			     " WHERE name = 'failure_open'"),
	    0);
	script(db, "DROP TABLE report_day");
	assert_true(pst_schema_make(db, &err));
	assert_int_equal(store_number(db,
			     "SELECT COUNT(*) FROM sqlite_master WHERE name IN"
			     " ('failure_open', 'delivery_address',"
			     " 'report_day')"),
	    3);
	pst_db_close(db);
}

/* What the indexes are for: neither selection looks at every row. */
static void
test_indexes(void **state)
{
	static const struct {
		const char *plan, *index;
	} rows[] = {
	    {"EXPLAIN QUERY PLAN SELECT id, domain, ruf, seen_s FROM failure"
	     " WHERE owner = '' AND (seen_s > 1 OR (seen_s = 1 AND id > 'x'))"
	     " ORDER BY seen_s, id LIMIT 64",
		"failure_open"},
	    {"EXPLAIN QUERY PLAN SELECT COUNT(*) FROM delivery d"
	     " WHERE d.address = 'x' AND d.done_s > 1",
		"delivery_address"},
	    {"EXPLAIN QUERY PLAN SELECT id FROM report WHERE day = 1"
	     " AND domain = 'x'",
		"report_day"},
	};
	struct pst_db *db = store_open("db");
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct pst_buf buf;

		pst_buf_init(&buf, arena, MAX_DUMP);
		dump(db, &buf, rows[i].plan, 4);
		if (strstr(pst_buf_str(&buf), rows[i].index) != NULL)
			continue;
		print_error("%s: %s", rows[i].index, pst_buf_str(&buf));
		ok = false;
	}
	assert_true(ok);
	pst_db_close(db);
}

/* What a newer program has left behind. */
static void
test_newer(void **state)
{
	struct pst_db *db = store_open_v1();
	struct pst_err err;

	(void)state;
	assert_true(pst_schema_make(db, &err));
	/* Its steps were additive: reading and writing go on. */
	script(db, "UPDATE meta SET value = '7' WHERE name = 'version'");
	assert_false(pst_schema_is_closed(db));
	assert_true(pst_schema_make(db, &err));
	assert_true(pst_schema_check(db, &err));
	assert_true(pst_schema_begin(db, &err));
	assert_true(pst_db_commit(db, &err));
	assert_int_equal(read_schema(db).version, 7);

	/* One of them was not. */
	script(db, "UPDATE meta SET value = '6' WHERE name = 'oldest_writer'");
	assert_true(pst_schema_is_closed(db));
	assert_false(pst_schema_make(db, &err));
	assert_non_null(strstr(err.text, "version 7"));
	assert_non_null(strstr(err.text, "newer Postern"));
	assert_false(pst_schema_check(db, &err));
	assert_false(pst_schema_begin(db, &err));
	/* No transaction is left open. */
	assert_true(pst_db_begin(db, &err));
	pst_db_rollback(db);
	script(db, "UPDATE meta SET value = '5' WHERE name = 'oldest_writer'");
	assert_true(pst_schema_begin(db, &err));
	pst_db_rollback(db);
	script(db, "UPDATE meta SET value = '5' WHERE name = 'version'");
	pst_db_close(db);
}

/* A step waits for a transaction that writes, and the other way round. */
static void
test_waits(void **state)
{
	struct pst_db *db = store_open_v1();
	struct pst_err err;
	int go[2], status;
	char c = 'x';
	pid_t pid;

	(void)state;
	assert_true(pst_schema_make(db, &err));
	pst_db_close(db);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		db = store_reopen_v1();
		if (!pst_schema_begin(db, &err))
			_exit(1);
		if (write(go[1], &c, 1) != 1)
			_exit(2);
		(void)usleep(300000);
		if (!pst_db_script(
			db, "INSERT INTO meta VALUES ('waits', '1')", &err) ||
		    !pst_db_commit(db, &err))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(read(go[0], &c, 1), 1);
	db = store_reopen_v1();
	assert_true(pst_db_begin(db, &err));
	assert_true(pst_db_lock(db, PST_DB_LOCK_EXCLUSIVE, &err));
	assert_int_equal(
	    store_number(db, "SELECT COUNT(*) FROM meta WHERE name = 'waits'"),
	    1);
	pst_db_rollback(db);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	script(db, "DELETE FROM meta WHERE name = 'waits'");
	pst_db_close(db);
	(void)close(go[0]);
	(void)close(go[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test_setup_teardown(test_forward, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_each_version, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reader, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_indexes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_newer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

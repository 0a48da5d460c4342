/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/macros.h"
#include "store/redact.h"
#include "store/schema.h"
#include "store/writer.h"
#include "tests/unit/store_fixture.h"

#define PATIENCE_MS 10000
#define THREADS 8
#define MESSAGES 300

static atomic_uint heard[PST_WRITER_CLOCK_RIGHT + 1];
static char last_text[PST_WRITER_CLOCK_RIGHT + 1]
		     [512]; /* per event; read after its counter rises */

static void
hear(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	(void)snprintf(last_text[event], sizeof(last_text[event]), "%s", text);
	atomic_fetch_add(&heard[event], 1);
}

static struct pst_config *config; /* of the messages */

static struct pst_writer *
start(const char *settings)
{
	for (size_t i = 0; i < PST_COUNT(heard); i++)
		atomic_store(&heard[i], 0);
	pst_config_unref(config);
	config = store_config(settings);
	return pst_writer_start(config, (struct pst_writer_log){hear, NULL});
}

static int
tear_down(void **state)
{
	pst_config_unref(config);
	config = NULL;
	return store_tear_down(state);
}

static void
wait_for(atomic_uint *number, unsigned wanted)
{
	const struct timespec pause = {0, 5000000};
	int64_t end = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;

	while (atomic_load(number) < wanted) {
		if (pst_clock_ms(&pst_clock_system) > end)
			fail_msg("an event did not arrive");
		(void)nanosleep(&pause, NULL);
	}
}

static bool
put_at(
    struct pst_writer *writer, unsigned number, int64_t now_s, unsigned wait_ms)
{
	static const struct pst_outcome_use use = {.rows = true};
	struct pst_message message = store_message(config, number);

	return pst_writer_put(
	    writer, pst_outcome_copy(&message, &use, now_s), wait_ms);
}

static bool
put(struct pst_writer *writer, unsigned number, unsigned wait_ms)
{
	return put_at(
	    writer, number, pst_clock_epoch(&pst_clock_system), wait_ms);
}

/* Hands in a message that has an incident only, which nobody waits for. */
static void
put_incident(struct pst_writer *writer)
{
	static const struct pst_outcome_use use = {
	    .incident = true, .quotes = pst_redact_quotes};
	struct pst_message message = store_message(config, 0);

	(void)pst_writer_put(writer,
	    pst_outcome_copy(
		&message, &use, pst_clock_epoch(&pst_clock_system)),
	    PATIENCE_MS);
}

static const char *
sum(void)
{
	struct pst_db *db = store_open("db");
	const char *text = store_sum(db);

	pst_db_close(db);
	return text;
}

static void
test_commit(void **state)
{
	struct pst_writer *writer = start("");
	struct pst_writer_counts counts;

	(void)state;
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_string_equal(sum(), "1 rows, 1 messages");
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_true(put(writer, 2, PATIENCE_MS));
	assert_string_equal(sum(), "2 rows, 3 messages");
	pst_writer_counts(writer, &counts);
	assert_int_equal(counts.committed, 3);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.late, 0);
	assert_int_equal(counts.dropped, 0);
	assert_int_equal(atomic_load(&heard[PST_WRITER_FAILED]), 0);
	pst_writer_stop(writer, NULL);
}

/* Rows that were reported as committed survive a SIGKILL. */
static void
test_killed(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct pst_writer *writer = start("");

		for (unsigned i = 0; i < 100; i++) {
			if (!put(writer, i, PATIENCE_MS))
				_exit(1);
		}
		(void)kill(getpid(), SIGKILL);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(sum(), "100 rows, 100 messages");
}

/* Stopping the writer writes the rows for which no caller waited. */
static void
test_stop(void **state)
{
	struct pst_writer *writer = start("");
	struct pst_db *db;

	(void)state;
	for (unsigned i = 0; i < 1600; i++)
		(void)put(writer, i, 0);
	put_incident(writer);
	put_incident(writer);
	pst_writer_stop(writer, NULL);
	assert_string_equal(sum(), "1600 rows, 1600 messages");
	db = store_open("db");
	assert_int_equal(
	    store_number(db,
		"SELECT n FROM failure WHERE header LIKE 'From: %@example.org%'"),
	    2);
	pst_db_close(db);
}

/* R-AGG-5: a locked file delays mail for the configured time, but once. */
static void
test_locked(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_writer *writer = start("max-waiting = 100");
	struct pst_writer_counts counts;
	struct pst_err err;

	(void)state;
	assert_true(put(writer, 0, PATIENCE_MS));
	assert_true(pst_db_begin(db, &err));
	assert_false(put(writer, 1, 50));
	wait_for(&heard[PST_WRITER_FAILED], 1);
	assert_non_null(strstr(last_text[PST_WRITER_FAILED], "locked"));
	for (unsigned i = 2; i < 151; i++)
		assert_false(put(writer, i, 60000));
	pst_writer_counts(writer, &counts);
	assert_int_equal(counts.waiting, 100);
	assert_int_equal(counts.dropped, 50);
	assert_int_equal(counts.late, 100);
	pst_db_rollback(db);
	wait_for(&heard[PST_WRITER_RECOVERED], 1);
	assert_string_equal(last_text[PST_WRITER_RECOVERED],
	    "100 rows were queued, 50 did not fit and are lost");
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_string_equal(store_sum(db), "101 rows, 102 messages");
	assert_int_equal(atomic_load(&heard[PST_WRITER_FAILED]), 1);
	pst_writer_stop(writer, NULL);
	pst_db_close(db);
}

/* A store that cannot be opened is opened as soon as that is possible. */
static void
test_no_file(void **state)
{
	struct pst_writer *writer;

	(void)state;
	assert_int_equal(mkdir(store_path("db"), 0700), 0);
	writer = start("");
	assert_false(put(writer, 1, 50));
	wait_for(&heard[PST_WRITER_FAILED], 1);
	assert_non_null(
	    strstr(last_text[PST_WRITER_FAILED], "not a regular file"));
	assert_false(put(writer, 2, 60000));
	assert_int_equal(rmdir(store_path("db")), 0);
	wait_for(&heard[PST_WRITER_RECOVERED], 1);
	assert_true(put(writer, 3, PATIENCE_MS));
	assert_string_equal(sum(), "3 rows, 3 messages");
	assert_int_equal(atomic_load(&heard[PST_WRITER_FAILED]), 1);
	pst_writer_stop(writer, NULL);
}

static void
test_moved_away(void **state)
{
	struct pst_writer *writer = start("");

	(void)state;
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_int_equal(rename(store_path("db"), store_path("old")), 0);
	(void)rename(store_path("db-wal"), store_path("old-wal"));
	(void)unlink(store_path("db-shm"));
	assert_true(put(writer, 2, PATIENCE_MS));
	assert_string_equal(sum(), "1 rows, 1 messages");
	pst_writer_stop(writer, NULL);
}

static atomic_uint uncommitted;

struct client {
	struct pst_writer *writer;
	unsigned first;
};

static void *
play(void *arg)
{
	const struct client *client = arg;

	for (unsigned i = 0; i < MESSAGES; i++) {
		if (!put(client->writer, (client->first + i) % 97, PATIENCE_MS))
			atomic_fetch_add(&uncommitted, 1);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct client clients[THREADS];
	pthread_t threads[THREADS];
	struct pst_writer *writer = start("");
	char text[64];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		clients[i] = (struct client){writer, i * 10};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, play, &clients[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)snprintf(
	    text, sizeof(text), "97 rows, %d messages", THREADS * MESSAGES);
	assert_string_equal(sum(), text);
	assert_int_equal(atomic_load(&uncommitted), 0);
	pst_writer_stop(writer, NULL);
}

/* Runs a statement in the store that the writer has open. */
static void
change(const char *name, const char *sql)
{
	struct pst_err err;
	struct pst_db *db = pst_db_open_sqlite(
	    store_path(name), PST_DB_WRITE, PST_STORE_PATIENCE_MS, &err);

	if (db == NULL || !pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
	pst_db_close(db);
}

/* Old rows are deleted when the daemon starts. */
static void
test_expire(void **state)
{
	struct pst_writer *writer = start("retention = 2d");

	(void)state;
	assert_true(put_at(writer, 1, pst_day_begin(1), PATIENCE_MS));
	pst_writer_stop(writer, NULL);
	assert_string_equal(sum(), "1 rows, 1 messages");
	/* As far as this store knows, the clock is 56 years ahead. */
	writer = start("retention = 2d");
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_string_equal(sum(), "2 rows, 2 messages");
	pst_writer_stop(writer, NULL);
	assert_int_equal(atomic_load(&heard[PST_WRITER_CLOCK_WRONG]), 1);
	assert_int_equal(atomic_load(&heard[PST_WRITER_EXPIRED]), 0);
	/* Now the newest row proves that it is right. */
	change("db", "DELETE FROM meta WHERE name = 'clock'");
	writer = start("retention = 2d");
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_string_equal(sum(), "1 rows, 2 messages");
	wait_for(&heard[PST_WRITER_EXPIRED], 1);
	assert_string_equal(last_text[PST_WRITER_EXPIRED],
	    "1 report rows, 0 reports, 0 incidents and 0 imported reports");
	pst_writer_stop(writer, NULL);
}

/* What a newer program does whose step is not additive, and its opposite. */
#define CLOSE                                                                  \
	"UPDATE meta SET value = '99' WHERE name IN ('version', 'oldest_writer')"
#define OPEN                                                                   \
	"UPDATE meta SET value = '5' WHERE name = 'version';"                  \
	"UPDATE meta SET value = '1' WHERE name = 'oldest_writer'"
static_assert(PST_SCHEMA_VERSION == 5, "OPEN gives the store its version back");

/* Returns store_sum() of a store, without any check of its version. */
static const char *
sum_of(const char *name)
{
	struct pst_err err;
	struct pst_db *db = pst_db_open_sqlite(
	    store_path(name), PST_DB_READ, PST_STORE_PATIENCE_MS, &err);
	const char *text;

	if (db == NULL)
		fail_msg("%s", err.text);
	text = store_sum(db);
	pst_db_close(db);
	return text;
}

/*
 * The version is raised while the writer runs: it stops writing at once, keeps
 * the rows beside the store, and moves them when it may write again.
 */
static void
test_closed(void **state)
{
	struct pst_writer *writer = start("");
	struct pst_writer_counts counts;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(put(writer, i, PATIENCE_MS));
	change("db", CLOSE);
	for (unsigned i = 1; i < 6; i++)
		assert_true(put(writer, i, PATIENCE_MS));
	assert_string_equal(sum_of("db"), "3 rows, 3 messages");
	assert_string_equal(sum_of("db-spool"), "5 rows, 5 messages");
	assert_int_equal(atomic_load(&heard[PST_WRITER_SPOOLING]), 1);
	assert_non_null(strstr(last_text[PST_WRITER_SPOOLING],
	    "db-spool: the store has "
	    "version 99"));
	assert_int_equal(atomic_load(&heard[PST_WRITER_UNSPOOLED]), 0);

	change("db", OPEN);
	assert_true(put(writer, 6, PATIENCE_MS));
	wait_for(&heard[PST_WRITER_UNSPOOLED], 1);
	assert_string_equal(last_text[PST_WRITER_UNSPOOLED], "5");
	assert_string_equal(sum(), "7 rows, 9 messages");
	assert_string_equal(sum_of("db-spool"), "0 rows, 0 messages");
	pst_writer_counts(writer, &counts);
	assert_int_equal(counts.committed, 9);
	assert_int_equal(counts.late, 0);
	assert_int_equal(atomic_load(&heard[PST_WRITER_FAILED]), 0);
	pst_writer_stop(writer, NULL);
}

/* Without a spool, rows wait in the queue, as they do without a store. */
static void
test_closed_no_spool(void **state)
{
	struct pst_writer *writer;

	(void)state;
	pst_db_close(store_open("db"));
	change("db", CLOSE);
	assert_int_equal(mkdir(store_path("db-spool"), 0700), 0);
	writer = start("");
	wait_for(&heard[PST_WRITER_FAILED], 1);
	assert_non_null(
	    strstr(last_text[PST_WRITER_FAILED], "db-spool: it is not"));
	assert_false(put(writer, 1, 60000));
	assert_int_equal(atomic_load(&heard[PST_WRITER_SPOOLING]), 0);
	assert_int_equal(rmdir(store_path("db-spool")), 0);
	wait_for(&heard[PST_WRITER_RECOVERED], 1);
	assert_true(put(writer, 2, PATIENCE_MS));
	assert_int_equal(atomic_load(&heard[PST_WRITER_SPOOLING]), 1);
	assert_string_equal(sum_of("db-spool"), "2 rows, 2 messages");
	assert_string_equal(sum_of("db"), "0 rows, 0 messages");
	pst_writer_stop(writer, NULL);
}

/* A later writer finds what one left that was killed. */
static void
test_closed_killed(void **state)
{
	struct pst_writer *writer;
	int status;
	pid_t pid;

	(void)state;
	pst_db_close(store_open("db"));
	change("db", CLOSE);
	pid = fork();
	if (pid == 0) {
		writer = start("");
		for (unsigned i = 0; i < 300; i++) {
			if (!put(writer, i, i < 299 ? 0 : PATIENCE_MS) &&
			    i == 299)
				_exit(1);
		}
		(void)kill(getpid(), SIGKILL);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(sum_of("db"), "0 rows, 0 messages");
	assert_string_equal(sum_of("db-spool"), "300 rows, 300 messages");

	writer = start("");
	assert_true(put(writer, 0, PATIENCE_MS));
	assert_int_equal(atomic_load(&heard[PST_WRITER_SPOOLING]), 1);
	pst_writer_stop(writer, NULL);
	assert_string_equal(sum_of("db-spool"), "300 rows, 301 messages");

	change("db", OPEN);
	writer = start("");
	wait_for(&heard[PST_WRITER_UNSPOOLED], 1);
	assert_string_equal(last_text[PST_WRITER_UNSPOOLED], "300");
	assert_string_equal(sum(), "300 rows, 301 messages");
	pst_writer_stop(writer, NULL);
}

/* The writer's thread brings an old store forward, and only then writes. */
static void
test_migrates(void **state)
{
	struct pst_writer *writer;

	(void)state;
	pst_db_close(store_copy_v1("db"));
	/* The writer deletes what is old. */
	change("db",
	    "UPDATE record SET day = 90000; UPDATE policy SET day = 90000");
	writer = start("");
	assert_true(put(writer, 1, PATIENCE_MS));
	assert_string_equal(sum_of("db"), "109 rows, 271 messages");
	pst_writer_stop(writer, NULL);
	assert_int_equal(atomic_load(&heard[PST_WRITER_FAILED]), 0);
}

/*
 * A message to several domains has several rows. They are committed, or
 * dropped, together.
 */
static void
test_recipients(void **state)
{
	static const char *domains[] = {"a.example", "b.example", "a.example"};
	static const struct pst_outcome_use use = {.rows = true};
	struct pst_writer *writer = start("max-waiting = 100 }\n"
					  "reports { recipient-domains = yes");
	struct pst_writer_counts counts;
	struct pst_message message = store_message(config, 1);
	struct pst_db *db;
	struct pst_err err;

	(void)state;
	message.findings.rcpts.domains = domains;
	message.findings.rcpts.count = PST_COUNT(domains);
	assert_true(pst_writer_put(writer,
	    pst_outcome_copy(&message, &use, pst_day_begin(90000)),
	    PATIENCE_MS));
	assert_string_equal(sum(), "2 rows, 2 messages");
	db = store_open("db");
	assert_true(pst_db_begin(db, &err));
	assert_false(put(writer, 1, 50));
	wait_for(&heard[PST_WRITER_FAILED], 1);
	for (unsigned i = 0; i < 60; i++)
		assert_false(pst_writer_put(writer,
		    pst_outcome_copy(&message, &use, pst_day_begin(90000)), 0));
	pst_writer_counts(writer, &counts);
	assert_int_equal(counts.committed, 2);
	assert_int_equal(counts.waiting, 101);
	assert_int_equal(counts.dropped, 20);
	assert_int_equal(counts.late, 101);
	pst_db_rollback(db);
	pst_db_close(db);
	pst_writer_stop(writer, NULL);
	assert_string_equal(sum(), "3 rows, 103 messages");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_commit, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_killed, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_stop, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locked, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_no_file, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_moved_away, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_threads, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_expire, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_closed, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_closed_no_spool, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_closed_killed, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_migrates, store_set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_recipients, store_set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

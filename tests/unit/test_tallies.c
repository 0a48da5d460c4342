/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/thread.h"
#include "store/tallies_file.h"
#include "tests/unit/tallies_fixture.h"

#define SHORT_MS 20
#define MONTH_S (INT64_C(30) * PST_DAY_SECONDS)

/* What the log was told; the thread of the tallies writes it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned failures, recoveries;
static char last[512];

static void
take_log(void *arg, const char *why)
{
	(void)arg;
	pst_mutex_lock(&mutex);
	if (why == NULL)
		recoveries++;
	else
		failures++;
	(void)snprintf(
	    last, sizeof(last), "%s", why == NULL ? "recovered" : why);
	pst_mutex_unlock(&mutex);
}

static unsigned
told(const unsigned *what)
{
	unsigned n;

	pst_mutex_lock(&mutex);
	n = *what;
	pst_mutex_unlock(&mutex);
	return n;
}

static void
wait_told(const unsigned *what, unsigned times)
{
	for (unsigned i = 0; i < 6000 && told(what) < times; i++)
		(void)usleep(10000);
	assert_int_equal(told(what), times);
}

static bool
log_says(const char *text)
{
	bool found;

	pst_mutex_lock(&mutex);
	found = strstr(last, text) != NULL;
	pst_mutex_unlock(&mutex);
	return found;
}

static int
set_up(void **state)
{
	failures = recoveries = 0;
	last[0] = '\0';
	return store_set_up(state);
}

static struct pst_tallies *
start(const char *path, unsigned flush_ms)
{
	return pst_tallies_start(
	    path, MONTH_S, flush_ms, (struct pst_tallies_log){take_log, NULL});
}

static void
count(struct pst_tallies *tallies, const char *from, unsigned n)
{
	const struct pst_summary summary = tallies_summary(from, from, true, 0);

	for (unsigned i = 0; i < n; i++)
		pst_tallies_count(tallies, &summary);
}

static bool
visit(void *arg, const struct pst_tally_row *row, unsigned days)
{
	uint64_t *sum = arg;

	(void)days;
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		*sum += row->done[i];
	return true;
}

/* The messages in the file; 0 while there is none, or it is being made. */
static uint64_t
messages(const char *name)
{
	const struct pst_tally_query query = {
	    .question = PST_TALLY_FROM_DOMAIN, .last_day = STORE_DAY};
	uint64_t sum = 0;
	struct pst_err err;

	return pst_tallies_ask(store_path(name), &query,
		   (struct pst_tally_visitor){visit, &sum}, &err) ?
	    sum :
	    0;
}

static void
wait_file(const char *name)
{
	for (unsigned i = 0; i < 6000; i++) {
		if (access(store_path(name), F_OK) == 0)
			return;
		(void)usleep(10000);
	}
	fail_msg("there is no file");
}

static void
wait_messages(const char *name, uint64_t want)
{
	wait_file(name);
	for (unsigned i = 0; i < 6000 && messages(name) < want; i++)
		(void)usleep(10000);
	assert_int_equal(messages(name), want);
}

static void
test_path(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	assert_string_equal(pst_tallies_path(arena, "/var/x/journal"),
	    "/var/x/journal-tallies");
	pst_arena_free(arena);
}

/* The thread writes now and then, and the rest at the end. */
static void
test_write(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), SHORT_MS);

	(void)state;
	count(tallies, "a.example", 10);
	wait_messages("tallies", 10);
	count(tallies, "b.example", 5);
	wait_messages("tallies", 15);
	pst_tallies_retain(tallies, MONTH_S / 2);
	pst_tallies_stop(tallies);
	tallies = start(store_path("tallies"), 3600000);
	count(tallies, "a.example", 7);
	pst_tallies_stop(tallies);
	pst_tallies_stop(NULL);
	assert_int_equal(messages("tallies"), 22);
	assert_int_equal(tallies_messages(tallies_ask("tallies",
					      PST_TALLY_FROM_DOMAIN, false),
			     "a.example"),
	    17);
	assert_int_equal(told(&failures), 0);
}

/* Sketches need the secret of the file, which the thread has read. */
static void
test_networks(void **state)
{
	struct pst_tallies *workers[2];
	const struct tallies_answer *answer;
	char network[32];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		workers[i] = start(store_path("tallies"), SHORT_MS);
		count(workers[i], "first.example", 1);
		wait_messages("tallies", i + 1);
	}
	for (unsigned i = 0; i < 40; i++) {
		struct pst_summary summary =
		    tallies_summary("bank.example", "bank.example", true, 0);

		(void)snprintf(network, sizeof(network), "10.0.%u.0/24", i / 4);
		summary.network = network;
		pst_tallies_count(workers[i % 2], &summary);
	}
	for (unsigned i = 0; i < 2; i++)
		pst_tallies_stop(workers[i]);
	answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false);
	assert_string_equal(answer->rows[0].key, "bank.example");
	assert_int_equal(answer->rows[0].messages, 40);
	/* Both workers have seen the same ten. */
	assert_in_range(answer->rows[0].networks, 8, 12);
}

struct counter {
	struct pst_tallies *tallies;
	unsigned number;
};

static void *
count_some(void *arg)
{
	const struct counter *counter = arg;
	char name[64];

	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "d%u.example",
		    (i * (counter->number + 1)) % 500);
		count(counter->tallies, name, 1);
	}
	return NULL;
}

/* Several threads count; two processes, as it were, have one file. */
static void
test_threads(void **state)
{
	struct pst_tallies *workers[2] = {
	    start(store_path("tallies"), SHORT_MS),
	    start(store_path("tallies"), SHORT_MS)};
	struct counter counters[4];
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		counters[i] = (struct counter){workers[i % 2], i};
		assert_true(
		    pst_thread_start(&threads[i], count_some, &counters[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		pst_thread_join(threads[i]);
	/* They may have to wait for each other for longer than a stop does. */
	wait_messages("tallies", 12000);
	for (unsigned i = 0; i < 2; i++)
		pst_tallies_stop(workers[i]);
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_HOUR, false)->messages, 12000);
}

static struct pst_db *
lock_file(const char *name)
{
	struct pst_err err = {""};
	struct pst_db *db;

	db = pst_db_open_sqlite(store_path(name), PST_DB_WRITE, 10000, &err);
	if (db == NULL || !pst_db_begin(db, &err))
		fail_msg("%s", err.text);
	return db;
}

static void
unlock_file(struct pst_db *db)
{
	pst_db_rollback(db);
	pst_db_close(db);
}

/* Somebody has the file locked: that is said once, and no number is lost. */
static void
test_locked(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), SHORT_MS);
	struct pst_db *db;

	(void)state;
	count(tallies, "a.example", 1);
	wait_messages("tallies", 1);
	db = lock_file("tallies");
	count(tallies, "a.example", 10);
	wait_told(&failures, 1);
	assert_true(log_says("has it locked"));
	count(tallies, "b.example", 10);
	unlock_file(db);
	wait_told(&recoveries, 1);
	pst_tallies_stop(tallies);
	assert_int_equal(messages("tallies"), 21);
	assert_int_equal(told(&failures), 1);
}

/* If it is still locked at the end, that is said, and stopping is short. */
static void
test_locked_at_end(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), 3600000);
	struct pst_db *db;
	int64_t start_ms;

	(void)state;
	count(tallies, "a.example", 1);
	pst_tallies_stop(tallies);
	db = lock_file("tallies");
	tallies = start(store_path("tallies"), 3600000);
	count(tallies, "a.example", 1);
	start_ms = pst_clock_ms(&pst_clock_system);
	pst_tallies_stop(tallies);
	assert_true(pst_clock_ms(&pst_clock_system) - start_ms < 30000);
	assert_int_equal(told(&failures), 1);
	assert_int_equal(told(&recoveries), 0);
	unlock_file(db);
	assert_int_equal(messages("tallies"), 1);
}

/* The directory is missing, and comes later. */
static void
test_no_directory(void **state)
{
	char path[512], dir[512];
	struct pst_tallies *tallies;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s", store_path("sub"));
	(void)snprintf(path, sizeof(path), "%s", store_path("sub/tallies"));
	tallies = start(path, SHORT_MS);
	count(tallies, "a.example", 3);
	wait_told(&failures, 1);
	assert_int_equal(mkdir(dir, 0700), 0);
	wait_told(&recoveries, 1);
	count(tallies, "a.example", 3);
	wait_messages("sub/tallies", 6);
	pst_tallies_stop(tallies);
	assert_int_equal(told(&failures), 1);
	(void)remove(path);
	(void)remove(store_path("sub/tallies-wal"));
	(void)remove(store_path("sub/tallies-shm"));
	assert_int_equal(rmdir(dir), 0);
}

/* The disk is full, as a limit of the process has it; later it is not. */
static void
test_full(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), SHORT_MS);
	struct rlimit old, small;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	count(tallies, "a.example", 1);
	wait_messages("tallies", 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	count(tallies, "b.example", 100);
	wait_told(&failures, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	wait_told(&recoveries, 1);
	pst_tallies_stop(tallies);
	assert_int_equal(messages("tallies"), 101);
}

/* The file is moved away, or replaced by one of another kind. */
static void
test_moved(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), SHORT_MS);
	FILE *other;

	(void)state;
	count(tallies, "a.example", 4);
	wait_messages("tallies", 4);
	assert_int_equal(rename(store_path("tallies"), store_path("old")), 0);
	(void)remove(store_path("tallies-wal"));
	(void)remove(store_path("tallies-shm"));
	/* The next turn makes a new one. */
	count(tallies, "a.example", 5);
	wait_messages("tallies", 5);
	assert_int_equal(remove(store_path("tallies")), 0);
	(void)remove(store_path("tallies-wal"));
	(void)remove(store_path("tallies-shm"));
	other = fopen(store_path("new"), "w");
	assert_non_null(other);
	for (unsigned i = 0; i < 100; i++)
		(void)fputs("a text of somebody else\n", other);
	assert_int_equal(fclose(other), 0);
	assert_int_equal(rename(store_path("new"), store_path("tallies")), 0);
	count(tallies, "a.example", 1);
	wait_told(&failures, 1);
	assert_true(log_says("move it away"));
	assert_int_equal(remove(store_path("tallies")), 0);
	wait_told(&recoveries, 1);
	pst_tallies_stop(tallies);
}

/* So many keys that the thread does not wait for its time. */
static void
test_early(void **state)
{
	struct pst_tallies *tallies = start(store_path("tallies"), 3600000);
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 17000; i++) {
		(void)snprintf(name, sizeof(name), "d%u.example", i);
		count(tallies, name, 1);
	}
	wait_file("tallies");
	for (unsigned i = 0; i < 6000 && messages("tallies") < 10000; i++)
		(void)usleep(10000);
	assert_true(messages("tallies") >= 10000);
	pst_tallies_stop(tallies);
	assert_int_equal(messages("tallies"), 17000);
}

/* ---- files ---- */

static void
expect_refused(enum pst_db_access access, const char *sentence)
{
	struct pst_err err = {""};

	assert_null(
	    pst_tallies_file_open(store_path("tallies"), access, 1000, &err));
	if (strstr(err.text, sentence) == NULL)
		fail_msg("%s", err.text);
}

static void
test_files(void **state)
{
	const char *path = store_path("tallies");
	struct pst_err err = {""};
	struct pst_tallies_file *file =
	    pst_tallies_file_open(path, PST_DB_CREATE, 1000, &err);
	struct stat st;
	FILE *other;

	(void)state;
	assert_non_null(file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* Another version */
	assert_true(pst_db_script(file->db,
	    "UPDATE meta SET value = '7' WHERE name = 'tallies'", &err));
	pst_tallies_file_close(file);
	expect_refused(PST_DB_CREATE, "has version 7");
	expect_refused(PST_DB_READ, "has version 7");
	/* No file */
	assert_int_equal(remove(path), 0);
	expect_refused(PST_DB_READ, "there are no tallies in");
	/* An empty one */
	other = fopen(path, "w");
	assert_non_null(other);
	assert_int_equal(fclose(other), 0);
	expect_refused(PST_DB_READ, "is empty");
	/* A text */
	other = fopen(path, "w");
	assert_non_null(other);
	for (unsigned i = 0; i < 100; i++)
		(void)fputs("a text of somebody else\n", other);
	assert_int_equal(fclose(other), 0);
	expect_refused(PST_DB_CREATE, "move it away");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2400);
	/* Another database */
	assert_int_equal(remove(path), 0);
	pst_db_close(store_open("tallies"));
	expect_refused(PST_DB_CREATE, "but another database");
	expect_refused(PST_DB_READ, "but another database");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path),
	    cmocka_unit_test_setup_teardown(
		test_write, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_networks, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_threads, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locked, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locked_at_end, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_no_directory, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(test_full, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_moved, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_early, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_files, set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

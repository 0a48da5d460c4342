/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/db.h"
#include "store/journal_writer.h"
#include "tests/unit/store_fixture.h"

static const struct pst_journal_limits limits = {
    UINT64_C(1) << 30, INT64_C(1) << 40};

/* What the log was told; the writer's thread writes it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned failures, recoveries;
static char last[512];

static void
take_log(void *arg, enum pst_journal_event event, const char *text)
{
	(void)arg;
	pst_mutex_lock(&mutex);
	switch (event) {
	case PST_JOURNAL_FAILED:
		failures++;
		break;
	case PST_JOURNAL_RECOVERED:
		recoveries++;
		break;
	}
	(void)snprintf(last, sizeof(last), "%s", text);
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

static int
set_up(void **state)
{
	failures = recoveries = 0;
	last[0] = '\0';
	return store_set_up(state);
}

static struct pst_journal_writer *
start(void)
{
	return pst_journal_writer_start(store_path("journal"), limits,
	    (struct pst_journal_log){take_log, NULL});
}

static void
put(struct pst_journal_writer *writer, unsigned first, unsigned count,
    size_t len)
{
	for (unsigned i = first; i < first + count; i++) {
		struct pst_journal_entry entry = journal_entry(i, len);

		pst_journal_writer_put(writer, &entry);
	}
}

static struct pst_journal_counts
counts_of(struct pst_journal_writer *writer)
{
	struct pst_journal_counts counts;

	pst_journal_writer_counts(writer, &counts);
	return counts;
}

/* Waits until a number is reached; a minute is far more than it takes. */
static void
wait_written(struct pst_journal_writer *writer, uint64_t written)
{
	for (unsigned i = 0; i < 6000; i++) {
		if (counts_of(writer).written >= written)
			return;
		(void)usleep(10000);
	}
	fail_msg("the writer does not write");
}

static void
wait_told(const unsigned *what)
{
	for (unsigned i = 0; i < 6000 && told(what) == 0; i++)
		(void)usleep(10000);
	assert_int_equal(told(what), 1);
}

static unsigned
count_entries(const char *name)
{
	struct journal_found found = {.count = 0};
	struct pst_err err = {""};
	struct pst_journal *journal =
	    pst_journal_open(store_path(name), PST_JOURNAL_READ, 1000, &err);

	if (journal == NULL)
		fail_msg("%s", err.text);
	journal_search(
	    journal, &(struct pst_journal_query){.since_s = 0}, &found);
	assert_int_equal(found.damaged, 0);
	pst_journal_close(journal);
	return found.count;
}

/* What is put is copied and found; stopping writes the rest. */
static void
test_write(void **state)
{
	struct pst_journal_writer *writer = start();
	struct pst_journal_counts counts;

	(void)state;
	put(writer, 0, 10, 100);
	/* The entries' slots are used again. */
	put(writer, 4096, 10, 5000);
	wait_written(writer, 20);
	assert_int_equal(count_entries("journal"), 20);
	put(writer, 100, 2000, 300);
	pst_journal_writer_stop(writer);
	pst_journal_writer_stop(NULL);
	assert_int_equal(count_entries("journal"), 2020);
	assert_int_equal(told(&failures), 0);
	/* Nothing was put: there is no file. */
	assert_int_equal(rename(store_path("journal"), store_path("old")), 0);
	writer = start();
	counts = counts_of(writer);
	assert_int_equal(counts.written + counts.waiting + counts.dropped, 0);
	pst_journal_writer_stop(writer);
	assert_int_equal(access(store_path("journal"), F_OK), -1);
}

struct putter {
	struct pst_journal_writer *writer;
	unsigned first;
};

static void *
put_some(void *arg)
{
	const struct putter *putter = arg;
	char octets[64];
	struct pst_journal_key key = journal_queue_id(1);

	for (unsigned i = 0; i < 5000; i++) {
		int len = snprintf(
		    octets, sizeof(octets), "entry %u .", putter->first + i);
		const struct pst_journal_entry entry = {PST_JOURNAL_OTHER,
		    JOURNAL_NOW + putter->first + i, {octets, (size_t)len},
		    &key, 1};

		pst_journal_writer_put(putter->writer, &entry);
	}
	return NULL;
}

/* Several threads put; two writers, as of two processes, have one file. */
static void
test_threads(void **state)
{
	struct pst_journal_writer *writers[2] = {start(), start()};
	struct putter putters[4];
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		putters[i] = (struct putter){writers[i % 2], i * 10000};
		assert_true(
		    pst_thread_start(&threads[i], put_some, &putters[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		pst_thread_join(threads[i]);
	for (unsigned i = 0; i < 2; i++)
		wait_written(writers[i], 10000);
	for (unsigned i = 0; i < 2; i++)
		pst_journal_writer_stop(writers[i]);
	assert_int_equal(count_entries("journal"), 20000);
	assert_int_equal(told(&failures), 0);
}

/* An entry that is too long is dropped and counted; this is not a failure. */
static void
test_too_long(void **state)
{
	struct pst_journal_writer *writer = start();

	(void)state;
	put(writer, 0, 1, PST_JOURNAL_MAX_ENTRY + 1);
	put(writer, 1, 1, PST_JOURNAL_MAX_ENTRY);
	wait_written(writer, 1);
	assert_int_equal(counts_of(writer).dropped, 1);
	pst_journal_writer_stop(writer);
	assert_int_equal(told(&failures), 0);
}

/*
 * Somebody has the file locked. Nobody waits; the queue fills up and drops
 * entries. Failure and recovery are said once, with the number.
 */
static void
test_locked(void **state)
{
	struct pst_journal_writer *writer;
	struct pst_journal_counts counts;
	struct pst_err err;
	struct pst_db *db;
	char want[64];

	(void)state;
	pst_journal_close(journal_open());
	db =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_WRITE, 1000, &err);
	assert_non_null(db);
	assert_true(pst_db_begin(db, &err));
	writer = start();
	put(writer, 0, 300, 40000);
	counts = counts_of(writer);
	assert_int_equal(counts.written, 0);
	assert_true(counts.waiting > 150);
	assert_true(counts.dropped > 50);
	assert_int_equal(counts.waiting + counts.dropped, 300);
	wait_told(&failures);
	assert_non_null(strstr(last, "has it locked"));
	pst_db_rollback(db);
	pst_db_close(db);
	wait_told(&recoveries);
	(void)snprintf(want, sizeof(want), "%u entries were lost",
	    (unsigned)counts.dropped);
	assert_string_equal(last, want);
	pst_journal_writer_stop(writer);
	assert_int_equal(count_entries("journal"), counts.waiting);
	assert_int_equal(told(&failures), 1);
}

/* If it is still locked at the end, that is said, and stopping is short. */
static void
test_locked_at_end(void **state)
{
	struct pst_journal_writer *writer;
	struct pst_err err;
	struct pst_db *db;
	int64_t start_ms;

	(void)state;
	pst_journal_close(journal_open());
	db =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_WRITE, 1000, &err);
	assert_non_null(db);
	assert_true(pst_db_begin(db, &err));
	writer = start();
	put(writer, 0, 20, 100);
	start_ms = pst_clock_ms(&pst_clock_system);
	pst_journal_writer_stop(writer);
	assert_true(pst_clock_ms(&pst_clock_system) - start_ms < 30000);
	assert_non_null(strstr(last, "20 entries could not be written"));
	pst_db_rollback(db);
	pst_db_close(db);
}

/* The file is moved away, deleted or replaced by another one. */
static void
test_moved(void **state)
{
	struct pst_journal_writer *writer = start();
	FILE *file;

	(void)state;
	put(writer, 0, 10, 100);
	wait_written(writer, 10);
	assert_int_equal(rename(store_path("journal"), store_path("old")), 0);
	(void)remove(store_path("journal-wal"));
	(void)remove(store_path("journal-shm"));
	put(writer, 10, 10, 100);
	wait_written(writer, 20);
	assert_int_equal(count_entries("journal"), 10);
	assert_int_equal(remove(store_path("journal")), 0);
	put(writer, 20, 10, 100);
	wait_written(writer, 30);
	assert_int_equal(count_entries("journal"), 10);
	assert_int_equal(told(&failures), 0);
	/* A file of another kind is not touched. */
	assert_int_equal(remove(store_path("journal")), 0);
	(void)remove(store_path("journal-wal"));
	(void)remove(store_path("journal-shm"));
	file = fopen(store_path("journal"), "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 100; i++)
		(void)fputs("a text of somebody else\n", file);
	assert_int_equal(fclose(file), 0);
	put(writer, 30, 10, 100);
	wait_told(&failures);
	assert_non_null(strstr(last, "move it away"));
	assert_true(journal_file_has("journal", "somebody else\na text"));
	assert_int_equal(remove(store_path("journal")), 0);
	wait_told(&recoveries);
	assert_string_equal(last, "0 entries were lost");
	assert_int_equal(count_entries("journal"), 10);
	pst_journal_writer_stop(writer);
}

/* The disk is full, as a limit of the process has it; later it is not. */
static void
test_full(void **state)
{
	struct pst_journal_writer *writer;
	struct rlimit old, small;
	uint64_t before;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	writer = start();
	put(writer, 0, 50, 10000);
	wait_written(writer, 50);
	small = old;
	small.rlim_cur = 600000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	put(writer, 100, 300, 10000);
	wait_told(&failures);
	before = counts_of(writer).written;
	assert_true(before >= 50 && before < 350);
	assert_int_equal(count_entries("journal"), before);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	wait_told(&recoveries);
	assert_string_equal(last, "0 entries were lost");
	pst_journal_writer_stop(writer);
	assert_int_equal(count_entries("journal"), 350);
}

/* The limits count from the start, and after a change. */
static void
test_limits(void **state)
{
	struct pst_journal_writer *writer = start();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		put(writer, i * 100, 100, 8000);
		wait_written(writer, (i + 1) * 100);
	}
	assert_int_equal(count_entries("journal"), 2000);
	pst_journal_writer_limit(
	    writer, (struct pst_journal_limits){4 << 20, INT64_C(1) << 40});
	put(writer, 3000, 200, 8000);
	wait_written(writer, 2200);
	for (unsigned i = 0; i < 6000 && count_entries("journal") > 1000; i++)
		(void)usleep(10000);
	assert_true(count_entries("journal") <= 1000);
	pst_journal_writer_stop(writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_write, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_threads, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_too_long, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locked, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locked_at_end, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_moved, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(test_full, set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_limits, set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

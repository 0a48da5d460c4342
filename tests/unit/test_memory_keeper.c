/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/thread.h"
#include "store/memory_file.h"
#include "store/memory_keeper.h"
#include "tests/unit/store_fixture.h"

#define REJECT "v=DMARC1; p=reject"
#define SHORT_MS 10
#define NEVER_MS 3600000

/* What the log was told; the keeper's thread writes it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned failures, recoveries;
static char reason[512];

static struct pst_config *config;

static void
take_log(void *arg, const char *why)
{
	(void)arg;
	pst_mutex_lock(&mutex);
	if (why != NULL) {
		failures++;
		(void)snprintf(reason, sizeof(reason), "%s", why);
	} else {
		recoveries++;
	}
	pst_mutex_unlock(&mutex);
}

static unsigned
count(const unsigned *what)
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
	if (store_set_up(state) != 0)
		return -1;
	config = store_config("");
	return 0;
}

static int
tear_down(void **state)
{
	pst_config_unref(config);
	return store_tear_down(state);
}

static int64_t
now(void)
{
	return pst_clock_epoch(&pst_clock_system);
}

static struct pst_memory_keeper *
start(struct pst_memory *memory, unsigned interval_ms)
{
	return pst_memory_keeper_start(config, memory,
	    (struct pst_memory_log){take_log, NULL}, interval_ms);
}

static void
learn(struct pst_memory *memory, const char *domain)
{
	const struct pst_memory_answer answer = {domain, PST_STR(REJECT)};
	const struct pst_memory_lesson lesson = {
	    .now_epoch = now(), .answers = &answer, .answer_count = 1};

	pst_memory_learn(memory, &lesson);
}

static bool
recalls(struct pst_memory *memory, const char *domain)
{
	struct pst_recalled out = {.arena = pst_arena_new()};
	bool found =
	    pst_memory_recall(memory, domain, now(), PST_DAY_SECONDS, &out);

	pst_arena_free(out.arena);
	return found;
}

/* Whether the file has a row. */
static bool
is_written(void)
{
	struct pst_memory *memory = pst_memory_new(10, now());
	struct pst_memory_figures figures;
	struct pst_err err;
	int64_t last;
	bool ok = pst_memory_file_load(config, memory, 1000, &last, &err);

	pst_memory_figures(memory, &figures);
	pst_memory_free(memory);
	return ok && figures.domains > 0;
}

/* Waits for a condition that a keeper's thread brings about. */
#define WAIT_FOR(condition)                                                    \
	for (int wait_i = 0; !(condition); wait_i++) {                         \
		assert_true(wait_i < 3000);                                    \
		(void)usleep(10000);                                           \
	}

/* What was learnt is there after a start, with its age. */
static void
test_restart(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, now() - 1000);
	struct pst_memory_figures before, after;
	struct stat st;

	(void)state;
	/* Nothing was learnt, so there is no file. */
	pst_memory_keeper_stop(start(memory, NEVER_MS));
	assert_int_equal(stat(store_path("db-memory"), &st), -1);
	struct pst_memory_keeper *keeper = start(memory, NEVER_MS);
	learn(memory, "bank.example");
	pst_memory_keeper_stop(keeper);
	assert_int_equal(stat(store_path("db-memory"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	pst_memory_figures(memory, &before);
	pst_memory_free(memory);

	memory = pst_memory_new(10, now());
	keeper = start(memory, NEVER_MS);
	assert_true(recalls(memory, "bank.example"));
	pst_memory_figures(memory, &after);
	assert_int_equal(after.born_epoch, before.born_epoch);
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);
	assert_int_equal(count(&failures), 0);
}

static void
test_two_workers(void **state)
{
	struct pst_memory *one = pst_memory_new(10, now());
	struct pst_memory *other = pst_memory_new(10, now());
	struct pst_memory_keeper *keeper = start(one, SHORT_MS);
	struct pst_memory_keeper *second = start(other, SHORT_MS);

	(void)state;
	learn(one, "a.example");
	WAIT_FOR(recalls(other, "a.example"));
	learn(other, "b.example");
	WAIT_FOR(recalls(one, "b.example"));
	pst_memory_keeper_stop(keeper);
	pst_memory_keeper_stop(second);
	assert_int_equal(count(&failures), 0);
	pst_memory_free(one);
	pst_memory_free(other);
}

/* Said once; the batch is not lost, and a new file gets everything. */
static void
test_damaged(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, now());
	struct pst_memory_keeper *keeper;
	FILE *out = fopen(store_path("db-memory"), "wb");

	(void)state;
	assert_non_null(out);
	for (int i = 0; i < 1000; i++)
		(void)fputs("not a database ", out);
	assert_int_equal(fclose(out), 0);
	keeper = start(memory, SHORT_MS);
	assert_int_equal(count(&failures), 1);
	assert_non_null(strstr(reason, "db-memory"));
	assert_non_null(strstr(reason, "move it away"));
	learn(memory, "bank.example");
	(void)usleep(10 * SHORT_MS * 1000);
	assert_int_equal(count(&failures), 1);
	assert_int_equal(
	    rename(store_path("db-memory"), store_path("away")), 0);
	WAIT_FOR(count(&recoveries) == 1);
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);

	memory = pst_memory_new(10, now());
	keeper = start(memory, NEVER_MS);
	assert_true(recalls(memory, "bank.example"));
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);
	assert_int_equal(count(&failures), 1);
}

/* A file that is moved away while all is well is written again, with all. */
static void
test_moved_away(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, now());
	struct pst_memory_keeper *keeper = start(memory, SHORT_MS);

	(void)state;
	learn(memory, "a.example");
	WAIT_FOR(is_written());
	(void)unlink(store_path("db-memory-wal"));
	(void)unlink(store_path("db-memory-shm"));
	assert_int_equal(unlink(store_path("db-memory")), 0);
	learn(memory, "b.example");
	WAIT_FOR(pst_memory_file_exists(config));
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);

	memory = pst_memory_new(10, now());
	keeper = start(memory, NEVER_MS);
	assert_true(recalls(memory, "a.example"));
	assert_true(recalls(memory, "b.example"));
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);
}

/* A locked file costs nobody anything, and what was learnt is written later. */
static void
test_locked(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, now());
	struct pst_memory_keeper *keeper;
	struct pst_err err;
	struct pst_db *db =
	    pst_memory_file_open(config, PST_DB_CREATE, 0, &err);

	(void)state;
	assert_non_null(db);
	keeper = start(memory, SHORT_MS);
	assert_true(pst_db_begin(db, &err));
	learn(memory, "bank.example");
	WAIT_FOR(count(&failures) == 1);
	learn(memory, "other.example");
	pst_db_rollback(db);
	WAIT_FOR(count(&recoveries) == 1);
	pst_memory_keeper_stop(keeper);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM memory"), 2);
	pst_db_close(db);
	pst_memory_free(memory);
}

/* A process that is killed loses no more than what it did not write yet. */
static void
test_killed(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, now());
	struct pst_memory_keeper *keeper;
	int ready[2], status;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		keeper = start(memory, SHORT_MS);
		learn(memory, "a.example");
		while (!is_written())
			(void)usleep(10000);
		learn(memory, "b.example");
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	keeper = start(memory, NEVER_MS);
	assert_true(recalls(memory, "a.example"));
	assert_int_equal(count(&failures), 0);
	pst_memory_keeper_stop(keeper);
	pst_memory_free(memory);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_restart, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_two_workers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_moved_away, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_locked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

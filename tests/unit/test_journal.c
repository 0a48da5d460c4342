/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "tests/unit/store_fixture.h"

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(store_path(name), "w");

	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int64_t
number(const char *sql)
{
	struct pst_err err;
	struct pst_db *db =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_READ, 1000, &err);
	int64_t out = -1;

	assert_non_null(db);
	if (!pst_db_get_number(db, sql, NULL, 0, &out, NULL, &err))
		fail_msg("%s", err.text);
	pst_db_close(db);
	return out;
}

static void
test_open(void **state)
{
	struct pst_journal_key key = journal_queue_id(3);
	struct pst_journal *journal, *reader;
	struct pst_err err;
	struct stat st;

	(void)state;
	assert_null(
	    pst_journal_open(store_path("journal"), PST_JOURNAL_READ, 0, &err));
	assert_non_null(strstr(err.text, "there is no journal"));
	assert_int_equal(access(store_path("journal"), F_OK), -1);
	journal = journal_open();
	assert_int_equal(stat(store_path("journal"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	journal_fill(journal, PST_JOURNAL_OTHER, 0, 10, 100);
	reader = pst_journal_open(
	    store_path("journal"), PST_JOURNAL_READ, 1000, &err);
	assert_non_null(reader);
	/* What is added after it was opened is found, too. */
	journal_fill(journal, PST_JOURNAL_OTHER, 10, 10, 100);
	assert_int_equal(journal_count(reader, &key), 1);
	key = journal_queue_id(13);
	assert_int_equal(journal_count(reader, &key), 1);
	pst_journal_close(reader);
	pst_journal_close(journal);
	pst_journal_close(NULL);
	/* The secret stays. */
	journal = journal_open();
	assert_int_equal(journal_count(journal, &key), 1);
	assert_true(pst_journal_is_alive(journal));
	assert_int_equal(rename(store_path("journal"), store_path("old")), 0);
	assert_false(pst_journal_is_alive(journal));
	pst_journal_close(journal);
}

/* A file of another kind or version is refused, and it stays as it is. */
static void
test_refused(void **state)
{
	static const struct {
		const char *label, *sql, *says;
	} rows[] = {
	    {"another database", "CREATE TABLE t (a TEXT)", "not a journal"},
	    {"a store",
		"CREATE TABLE meta (name TEXT, value TEXT);"
		"CREATE TABLE record (a TEXT)",
		"not a journal"},
	    {"a newer version", NULL, "version 2"},
	    {"not a database", "", "move it away"},
	};
	struct pst_err err;
	struct stat before, after;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_db *db;

		(void)remove(store_path("journal"));
		if (rows[i].sql == NULL) {
			pst_journal_close(journal_open());
		} else if (rows[i].sql[0] == '\0') {
			write_file("journal",
			    "This is a text of another program, and it is long "
			    "enough for the header of a database, which has a "
			    "hundred octets.");
		}
		if (rows[i].sql == NULL || rows[i].sql[0] != '\0') {
			db = pst_db_open_sqlite(
			    store_path("journal"), PST_DB_CREATE, 1000, &err);
			assert_non_null(db);
			assert_true(pst_db_script(db,
			    rows[i].sql != NULL ? rows[i].sql :
						  "UPDATE meta SET value = '2'"
						  " WHERE name = 'journal'",
			    &err));
			pst_db_close(db);
		}
		assert_int_equal(stat(store_path("journal"), &before), 0);
		assert_null(pst_journal_open(
		    store_path("journal"), PST_JOURNAL_WRITE, 0, &err));
		assert_non_null(strstr(err.text, rows[i].says));
		assert_null(pst_journal_open(
		    store_path("journal"), PST_JOURNAL_READ, 0, &err));
		assert_int_equal(stat(store_path("journal"), &after), 0);
		assert_int_equal(after.st_size, before.st_size);
		assert_true(after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
		    after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	}
}

/* The rows and numbers after the tail has become blocks. */
static void
test_blocks(void **state)
{
	struct pst_journal *journal = journal_open();
	struct pst_journal_figures figures;
	struct pst_err err;

	(void)state;
	journal_fill(journal, PST_JOURNAL_OTHER, 0, 16, 16000);
	assert_int_equal(number("SELECT COUNT(*) FROM block"), 0);
	journal_fill(journal, PST_JOURNAL_OTHER, 16, 1, 16000);
	assert_int_equal(number("SELECT COUNT(*) FROM block"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM tail"), 0);
	journal_fill(journal, PST_JOURNAL_ACCEPTED, 100, 600, 20);
	/* 511 are a tail; 600 are a block and 88 of a tail. */
	assert_int_equal(
	    number("SELECT SUM(entries) FROM block WHERE stream = 0"), 512);
	assert_int_equal(
	    number("SELECT SUM(entries) FROM tail WHERE stream = 0"), 88);
	assert_true(pst_journal_figures(journal, &figures, &err));
	assert_int_equal(figures.streams[0].entries, 600);
	assert_int_equal(figures.streams[0].blocks, 1);
	assert_true(figures.streams[0].first_s == JOURNAL_NOW + 100);
	assert_true(figures.streams[0].last_s == JOURNAL_NOW + 699);
	assert_int_equal(figures.streams[1].entries, 17);
	assert_true(figures.streams[1].raw_bytes > 17 * 16000);
	assert_true(figures.streams[1].bytes < 17 * 16000);
	assert_true(figures.file_bytes > 100000);
	assert_int_equal(number("SELECT COUNT(*) FROM idx"), 0);
	journal_fill(journal, PST_JOURNAL_OTHER, 1000, 63 * 17, 16000);
	assert_int_equal(number("SELECT COUNT(*) FROM idx"), 128);
	pst_journal_close(journal);
}

/* Nothing is added if one of them fails: the table is missing. */
static void
test_all_or_none(void **state)
{
	struct pst_journal *journal = journal_open();
	struct pst_journal_entry entries[20];
	struct pst_err err;
	struct pst_db *db;

	(void)state;
	journal_fill(journal, PST_JOURNAL_OTHER, 0, 16, 16000);
	db =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_WRITE, 1000, &err);
	assert_non_null(db);
	assert_true(pst_db_script(db,
	    "CREATE TRIGGER t BEFORE INSERT ON tail WHEN new.stream = 1"
	    " BEGIN SELECT RAISE(ABORT, 'no'); END",
	    &err));
	for (unsigned i = 0; i < 20; i++) {
		entries[i] = journal_entry(100 + i, 16000);
		if (i < 3)
			entries[i].stream = PST_JOURNAL_ACCEPTED;
	}
	assert_false(pst_journal_add(journal, entries, 20, &err));
	assert_int_equal(number("SELECT SUM(entries) FROM tail"), 16);
	assert_int_equal(number("SELECT COUNT(*) FROM block"), 0);
	assert_true(pst_db_script(db, "DROP TRIGGER t", &err));
	pst_db_close(db);
	assert_true(pst_journal_add(journal, entries, 20, &err));
	assert_int_equal(number("SELECT SUM(entries) FROM tail"), 3 + 16);
	assert_int_equal(number("SELECT SUM(entries) FROM block"), 17);
	pst_journal_close(journal);
}

static void
fill_until_killed(unsigned first)
{
	struct pst_err err;
	struct pst_journal *journal = pst_journal_open(
	    store_path("journal"), PST_JOURNAL_WRITE, 60000, &err);

	for (unsigned i = first; journal != NULL; i += 5) {
		struct pst_journal_entry entries[5];

		for (unsigned k = 0; k < 5; k++)
			entries[k] = journal_entry(i + k, 20000);
		if (!pst_journal_add(journal, entries, 5, &err)) {
			(void)fprintf(stderr, "%s\n", err.text);
			break;
		}
	}
	_exit(1);
}

/*
 * Three processes write one file and are killed at some moment: what is there
 * is whole, and each batch is there completely or not at all.
 */
static void
test_killed(void **state)
{
	struct pst_journal *journal = journal_open();
	struct journal_found found = {.count = 0};
	struct pst_journal_figures figures;
	struct pst_err err;

	(void)state;
	FOR_COUNT(turn, 6, rows_number(turn)) {
		pid_t pids[3];
		int statuses[3] = {0};

		for (unsigned i = 0; i < 3; i++) {
			pids[i] = fork();
			if (pids[i] == 0)
				fill_until_killed(
				    (unsigned)turn * 300000 + i * 100000);
		}
		(void)usleep(100000 + (useconds_t)turn * 17000);
		for (unsigned i = 0; i < 3; i++) {
			(void)kill(pids[i], SIGKILL);
			(void)waitpid(pids[i], &statuses[i], 0);
		}
		for (unsigned i = 0; i < 3; i++)
			assert_true(WIFSIGNALED(statuses[i]));
		journal_search(
		    journal, &(struct pst_journal_query){.since_s = 0}, &found);
		assert_int_equal(found.damaged, 0);
		assert_int_equal(found.count % 5, 0);
		assert_true(pst_journal_figures(journal, &figures, &err));
		assert_int_equal(figures.streams[1].entries, found.count);
		assert_int_equal(
		    number("SELECT COUNT(*) FROM pragma_integrity_check"
			   " WHERE integrity_check <> 'ok'"),
		    0);
	}
	assert_true(found.count > 0);
	pst_journal_close(journal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_open, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_refused, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_blocks, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_all_or_none, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_killed, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/db_file.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

static struct pst_db *
open_file(enum pst_db_access access)
{
	struct pst_err err;
	struct pst_db *db =
	    pst_db_open_sqlite(store_path("db"), access, 1000, &err);

	if (db == NULL)
		fail_msg("%s", err.text);
	return db;
}

static void
run(struct pst_db *db, const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static unsigned
mode_of(const char *name)
{
	struct stat st;

	return stat(store_path(name), &st) == 0 ? st.st_mode & 07777 : 0;
}

static void
expect_modes(unsigned mode)
{
	assert_int_equal(mode_of("db"), mode);
	assert_int_equal(mode_of("db-wal"), mode);
	assert_int_equal(mode_of("db-shm"), mode);
}

/* The group may read the files, whatever the umask; nobody else may. */
static void
test_mode(void **state)
{
	static const struct {
		const char *label;
		mode_t mask;
		bool private;
		unsigned mode;
	} rows[] = {
	    {"shared, no mask", 0, false, 0640},
	    {"shared", 077, false, 0640},
	    {"private, no mask", 0, true, 0600},
	    {"private", 022, true, 0600},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		mode_t old = umask(rows[i].mask);
		struct pst_err err;
		struct pst_db *db = (rows[i].private ? pst_db_open_private :
						       pst_db_open_sqlite)(
		    store_path("db"), PST_DB_CREATE, 1000, &err);

		(void)umask(old);
		if (db == NULL)
			fail_msg("%s", err.text);
		run(db, "CREATE TABLE t (a TEXT)");
		expect_modes(rows[i].mode);
		pst_db_close(db);
		(void)remove(store_path("db"));
		(void)remove(store_path("db-wal"));
		(void)remove(store_path("db-shm"));
	}
}

/* The log stays for readers that cannot make one, but without content. */
static void
test_log_stays(void **state)
{
	struct pst_db *db = open_file(PST_DB_CREATE);
	struct stat st;

	(void)state;
	run(db, "CREATE TABLE t (a TEXT)");
	assert_int_equal(stat(store_path("db-wal"), &st), 0);
	assert_true(st.st_size > 0);
	pst_db_close(db);
	assert_int_equal(stat(store_path("db-wal"), &st), 0);
	assert_int_equal(st.st_size, 0);
	expect_modes(0640);
	/* Nor does a reader remove it. */
	db = open_file(PST_DB_READ);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM t"), 0);
	pst_db_close(db);
	expect_modes(0640);
}

/* Leaves the files of a process that was killed while it had rows to write. */
static void
leave_killed(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct pst_db *db = open_file(PST_DB_CREATE);

		run(db, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x')");
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void
set_modes(mode_t mode)
{
	assert_int_equal(chmod(store_path("db"), mode), 0);
	assert_int_equal(chmod(store_path("db-wal"), mode), 0);
	assert_int_equal(chmod(store_path("db-shm"), mode), 0);
}

/* A writer opens the files of an earlier version to the group; no other. */
static void
test_older(void **state)
{
	static const struct {
		const char *label;
		enum pst_db_access access;
		mode_t mode, want;
	} rows[] = {
	    {"a writer", PST_DB_WRITE, 0600, 0640},
	    {"a creator", PST_DB_CREATE, 0600, 0640},
	    {"a reader", PST_DB_READ, 0600, 0600},
	    {"another mode", PST_DB_WRITE, 0660, 0660},
	    {"more than that", PST_DB_WRITE, 0644, 0644},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_db *db;

		leave_killed();
		set_modes(rows[i].mode);
		db = open_file(rows[i].access);
		assert_int_equal(store_number(db, "SELECT COUNT(*) FROM t"), 1);
		expect_modes(rows[i].want);
		pst_db_close(db);
		(void)remove(store_path("db"));
		(void)remove(store_path("db-wal"));
		(void)remove(store_path("db-shm"));
	}
}

/* A file with a second name, or a link, may be somebody else's. */
static void
test_strange(void **state)
{
	char path[256];
	struct stat st;
	int fd;

	(void)state;
	/* store_path() has four buffers only. */
	(void)snprintf(path, sizeof(path), "%s", store_path("db"));
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd != -1);
	(void)close(fd);
	assert_int_equal(link(path, store_path("two")), 0);
	pst_db_file_share(path);
	assert_int_equal(mode_of("db"), 0600);
	assert_int_equal(unlink(store_path("two")), 0);
	assert_int_equal(symlink(path, store_path("two")), 0);
	pst_db_file_share(store_path("two"));
	assert_int_equal(mode_of("db"), 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 64001, (gid_t)-1), 0);
		pst_db_file_share(path);
		assert_int_equal(mode_of("db"), 0600);
		assert_int_equal(chown(path, 0, (gid_t)-1), 0);
	}
	assert_int_equal(mkfifo(store_path("db-wal"), 0600), 0);
	pst_db_file_share(path);
	assert_int_equal(mode_of("db"), 0640);
	assert_int_equal(stat(store_path("db-wal"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	pst_db_file_share(store_path("nothing"));
}

/* Changing the mode does not cost this process its locks on the file. */
static void
test_locks(void **state)
{
	struct pst_db *one = open_file(PST_DB_CREATE), *two;
	struct pst_err err;
	int status;
	pid_t child;

	(void)state;
	run(one, "CREATE TABLE t (a TEXT)");
	set_modes(0600);
	assert_true(pst_db_begin(one, &err));
	two = open_file(PST_DB_WRITE);
	expect_modes(0640);
	child = fork();
	if (child == 0) {
		struct pst_db *db =
		    pst_db_open_sqlite(store_path("db"), PST_DB_WRITE, 0, &err);

		_exit(db == NULL || pst_db_begin(db, &err) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(pst_db_commit(one, &err));
	pst_db_close(two);
	pst_db_close(one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_mode, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_log_stays, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_older, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_strange, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_locks, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/db_driver.h"

struct statement {
	const char *sql; /* its address is what it is found by */
	sqlite3_stmt *handle;
};

struct sqlite_db {
	struct pst_db base;
	sqlite3 *handle;
	char *path;
	dev_t device; /* the file's, to see when it is another one */
	ino_t inode;
	unsigned patience_ms;
	int64_t give_up_ms; /* of the statement that waits for a lock */
	struct statement kept[PST_DB_KEPT_STATEMENTS];
	size_t next_kept;        /* the one to displace */
	sqlite3_stmt *selection; /* the open one; NULL: none */
	int status;              /* of its last step */
};

static struct sqlite_db *
own(struct pst_db *db)
{
	return (struct sqlite_db *)db;
}

/* What to do about it. */
static const char *
advice(int status)
{
	switch (status & 0xff) {
	case SQLITE_FULL:
		return "make room on its disk";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "end the program that has it open";
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return "give the file and its directory to the daemon's user";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "move it away, and a new one is made";
	case SQLITE_IOERR:
		return "see what the system's log says of its disk";
	default:
		return "report this as a bug";
	}
}

static bool
fail(const struct sqlite_db *db, int status, struct pst_err *err)
{
	return pst_err_set(err, "store %s: %s; %s", db->path,
	    sqlite3_errstr(status), advice(status));
}

/* A fault in a statement is ours: SQLite's own words say where. */
static bool
fail_sql(const struct sqlite_db *db, int status, struct pst_err *err)
{
	if ((status & 0xff) != SQLITE_ERROR &&
	    (status & 0xff) != SQLITE_CONSTRAINT)
		return fail(db, status, err);
	return pst_err_set(err, "store %s: %s; %s", db->path,
	    sqlite3_errmsg(db->handle), advice(status));
}

static void
close_sqlite(struct pst_db *base)
{
	struct sqlite_db *db = own(base);
	size_t i;

	for (i = 0; i < PST_DB_KEPT_STATEMENTS; i++)
		(void)sqlite3_finalize(db->kept[i].handle);
	(void)sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

/* Somebody may have moved the file away, or the disk may be another one. */
static bool
is_alive(const struct pst_db *base)
{
	const struct sqlite_db *db = (const struct sqlite_db *)base;
	struct stat st;

	return stat(db->path, &st) == 0 && st.st_dev == db->device &&
	    st.st_ino == db->inode;
}

static int
prepare(struct sqlite_db *db, const char *sql, sqlite3_stmt **out)
{
	struct statement *place;
	sqlite3_stmt *fresh;
	size_t i;
	int status;

	for (i = 0; i < PST_DB_KEPT_STATEMENTS && db->kept[i].sql != NULL;
	     i++) {
		if (db->kept[i].sql == sql) {
			*out = db->kept[i].handle;
			return SQLITE_OK;
		}
	}
	status = sqlite3_prepare_v3(
	    db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh, NULL);
	if (status != SQLITE_OK)
		return status;
	place = &db->kept[db->next_kept];
	db->next_kept = (db->next_kept + 1) % PST_DB_KEPT_STATEMENTS;
	(void)sqlite3_finalize(place->handle);
	place->sql = sql;
	place->handle = fresh;
	*out = fresh;
	return SQLITE_OK;
}

/*
 * SQLite counts placeholders by their first place in the text, the name says
 * which value is meant. The texts are copied when they are wanted for longer
 * than the caller's statement.
 */
static int
bind(sqlite3_stmt *handle, const struct pst_db_value *values, size_t count,
    bool copied)
{
	sqlite3_destructor_type kind =
	    copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
	int status = SQLITE_OK;
	int at;

	for (at = sqlite3_bind_parameter_count(handle);
	     at > 0 && status == SQLITE_OK; at--) {
		const char *name = sqlite3_bind_parameter_name(handle, at);
		const struct pst_db_value *value;
		uint64_t number = 0;

		assert(name != NULL && name[0] == '$');
		(void)pst_str_to_u64(pst_str(name + 1), count, &number);
		if (number == 0)
			return SQLITE_RANGE;
		value = &values[number - 1];
		if (value->type == PST_DB_INT)
			status = sqlite3_bind_int64(handle, at, value->number);
		else
			status = sqlite3_bind_text64(handle, at,
			    value->text.len == 0 ? "" : value->text.ptr,
			    value->text.len, kind, SQLITE_UTF8);
	}
	return status;
}

static int
step(sqlite3_stmt *handle)
{
	int status;

	do
		status = sqlite3_step(handle);
	while (status == SQLITE_ROW);
	(void)sqlite3_reset(handle);
	/* The texts were the caller's. */
	(void)sqlite3_clear_bindings(handle);
	return status;
}

static bool
run(struct pst_db *base, const char *sql, const struct pst_db_value *values,
    size_t count, int64_t *changed, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	sqlite3_stmt *handle;
	int status;

	assert(db->selection == NULL);
	status = prepare(db, sql, &handle);
	if (status == SQLITE_OK)
		status = bind(handle, values, count, false);
	if (status == SQLITE_OK)
		status = step(handle);
	if (status != SQLITE_DONE)
		return fail_sql(db, status, err);
	*changed = sqlite3_changes(db->handle);
	return true;
}

static bool
script(struct pst_db *base, const char *sql, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	int status = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return status == SQLITE_OK || fail_sql(db, status, err);
}

static bool
begin(struct pst_db *base, struct pst_err *err)
{
	int64_t ignored;

	/* Two that both read first and then write would both have to fail. */
	return run(base, "BEGIN IMMEDIATE", NULL, 0, &ignored, err);
}

static bool
commit(struct pst_db *base, struct pst_err *err)
{
	int64_t ignored;

	return run(base, "COMMIT", NULL, 0, &ignored, err);
}

static void
rollback(struct pst_db *base)
{
	struct sqlite_db *db = own(base);
	int64_t ignored;

	/* On a full disk SQLite has done it by itself. */
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)run(base, "ROLLBACK", NULL, 0, &ignored, NULL);
}

static bool
open_selection(struct pst_db *base, const char *sql,
    const struct pst_db_value *values, size_t count, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	sqlite3_stmt *handle;
	int status;

	assert(db->selection == NULL);
	status = prepare(db, sql, &handle);
	if (status == SQLITE_OK)
		status = bind(handle, values, count, true);
	if (status != SQLITE_OK)
		return fail_sql(db, status, err);
	db->selection = handle;
	db->status = SQLITE_ROW;
	return true;
}

static bool
next(struct pst_db *base)
{
	struct sqlite_db *db = own(base);

	assert(db->selection != NULL);
	/* One more step behind the end would begin anew. */
	if (db->status == SQLITE_ROW)
		db->status = sqlite3_step(db->selection);
	return db->status == SQLITE_ROW;
}

static bool
end(struct pst_db *base, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	bool ok;

	assert(db->selection != NULL);
	ok = db->status == SQLITE_ROW || db->status == SQLITE_DONE ||
	    fail_sql(db, db->status, err);
	(void)sqlite3_reset(db->selection);
	(void)sqlite3_clear_bindings(db->selection);
	db->selection = NULL;
	return ok;
}

static int64_t
number(struct pst_db *base, unsigned column)
{
	return sqlite3_column_int64(own(base)->selection, (int)column);
}

static struct pst_str
text(struct pst_db *base, unsigned column)
{
	sqlite3_stmt *handle = own(base)->selection;
	/* In this order: the first call may change the second's answer. */
	const void *ptr = sqlite3_column_text(handle, (int)column);
	int len = sqlite3_column_bytes(handle, (int)column);

	return ptr == NULL ? PST_STR("") : (struct pst_str){ptr, (size_t)len};
}

static const struct pst_db_driver driver = {
    .is_shared = false,
    .close = close_sqlite,
    .is_alive = is_alive,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .script = script,
    .select = open_selection,
    .next = next,
    .end = end,
    .number = number,
    .column = text,
};

/* A file that root's hand made is of use to the directory's owner only. */
static void
give_away(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	struct stat st;
	char *dir;

	if (geteuid() != 0)
		return;
	dir = len == 0 ? strdup(slash == NULL ? "." : "/") : strndup(path, len);
	if (dir == NULL)
		abort();
	if (stat(dir, &st) == 0)
		(void)!fchown(fd, st.st_uid, st.st_gid);
	free(dir);
}

/*
 * SQLite would let the umask decide who may read it. Its other two files
 * inherit what this one has.
 */
static bool
make_file(const char *path, struct pst_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (fd == -1 && errno == EEXIST)
		return true;
	if (fd == -1) {
		return pst_err_set(err,
		    "cannot make the store %s: %s; create its directory for "
		    "the daemon's user, or set store.path",
		    path, strerror(errno));
	}
	ok = fchmod(fd, 0600) == 0;
	give_away(fd, path);
	(void)close(fd);
	return ok || pst_err_set(err, "cannot set the mode of %s", path);
}

/* A symbolic link is refused: who made it may not be who owns the store. */
static bool
check_file(struct sqlite_db *db, struct pst_err *err)
{
	struct stat st;

	if (lstat(db->path, &st) == -1) {
		return pst_err_set(err,
		    "cannot open the store %s: %s; the daemon makes it when "
		    "reports.from is set",
		    db->path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return pst_err_set(err,
		    "cannot open the store %s: it is no plain file; move it "
		    "away, or set store.path",
		    db->path);
	}
	db->device = st.st_dev;
	db->inode = st.st_ino;
	return true;
}

static void
sleep_ms(long ms)
{
	const struct timespec pause = {0, ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

/* The mode is asked for again because SQLite does not wait for this lock. */
static int
set_wal(struct sqlite_db *db)
{
	unsigned waited = 0;
	sqlite3_stmt *handle;
	bool is_wal = false;
	int status;

	status = sqlite3_prepare_v2(
	    db->handle, "PRAGMA journal_mode = WAL", -1, &handle, NULL);
	if (status != SQLITE_OK)
		return status;
	for (;;) {
		status = sqlite3_step(handle);
		if (status == SQLITE_ROW)
			is_wal =
			    strcmp((const char *)sqlite3_column_text(handle, 0),
				"wal") == 0;
		(void)sqlite3_reset(handle);
		if ((status & 0xff) != SQLITE_BUSY || waited >= db->patience_ms)
			break;
		sleep_ms(10);
		waited += 10;
	}
	(void)sqlite3_finalize(handle);
	if (status != SQLITE_ROW)
		return status;
	/* A network file system has no shared memory: nothing is safe there. */
	return is_wal ? SQLITE_OK : SQLITE_IOERR;
}

/*
 * NORMAL: a commit is in the system's hands, so that a process which is killed
 * loses none; the disk is waited for only now and then. When the power fails,
 * the last commits may be gone, but the file is sound (R-AGG-5 asks for the
 * former, and counts are no accounts). The log is cut back after a long reader
 * made it grow.
 */
static const char settings[] = "PRAGMA synchronous = NORMAL;"
			       "PRAGMA journal_size_limit = 16777216;"
			       "PRAGMA trusted_schema = OFF;";

/*
 * SQLite's own way sleeps for up to 100 ms, and who sleeps does not get the
 * lock: with the workers of several listeners, messages would wait for that.
 */
static int
wait_for_lock(void *arg, int tries)
{
	struct sqlite_db *db = arg;
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	if (tries == 0)
		db->give_up_ms = now_ms + db->patience_ms;
	if (now_ms >= db->give_up_ms)
		return 0;
	sleep_ms(tries < 100 ? 1 : 10);
	return 1;
}

static bool
open_handle(
    struct sqlite_db *db, enum pst_db_access access, struct pst_err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX |
	    (access == PST_DB_READ ? SQLITE_OPEN_READONLY :
				     SQLITE_OPEN_READWRITE);
	int status = sqlite3_open_v2(db->path, &db->handle, flags, NULL);

	if (db->handle != NULL)
		(void)sqlite3_extended_result_codes(db->handle, 1);
	if (status == SQLITE_OK)
		status = sqlite3_busy_handler(db->handle, wait_for_lock, db);
	if (status == SQLITE_OK && access != PST_DB_READ)
		status = set_wal(db);
	if (status == SQLITE_OK)
		status = sqlite3_exec(db->handle, settings, NULL, NULL, NULL);
	return status == SQLITE_OK || fail(db, status, err);
}

struct pst_db *
pst_db_open_sqlite(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	/*
	 * A process's locks on a file go when it closes any descriptor of it,
	 * like the one of make_file(), behind SQLite's back.
	 */
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	struct sqlite_db *db = calloc(1, sizeof(*db));
	bool ok;

	if (db == NULL || (db->path = strdup(path)) == NULL)
		abort();
	db->base.driver = &driver;
	(void)pthread_mutex_lock(&making);
	ok = (access != PST_DB_CREATE || make_file(path, err)) &&
	    check_file(db, err);
	(void)pthread_mutex_unlock(&making);
	db->patience_ms = patience_ms;
	if (ok && open_handle(db, access, err))
		return &db->base;
	close_sqlite(&db->base);
	return NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/db_driver.h"
#include "store/db_file.h"

struct statement {
	const char *sql; /* looked up by its address */
	sqlite3_stmt *handle;
};

struct sqlite_db {
	struct pst_db base;
	sqlite3 *handle;
	char *path;
	dev_t device; /* of the file, to notice when it is replaced */
	ino_t inode;
	unsigned patience_ms;
	int64_t give_up_ms; /* when the wait for a lock ends */
	struct statement kept[PST_DB_KEPT_STATEMENTS];
	size_t next_kept;        /* the next one to replace */
	sqlite3_stmt *selection; /* the open one, or NULL */
	int status;              /* the result of its last step */
	bool is_limited;         /* by the room on the disk */
	unsigned limit_ms;       /* of a statement; 0: none */
	int64_t deadline_ms;     /* of the current one */
};

static struct sqlite_db *
own(struct pst_db *db)
{
	return (struct sqlite_db *)db;
}

/* Returns what the operator should do about an error. */
static const char *
advice(int status)
{
	switch (status & 0xff) {
	case SQLITE_FULL:
		return "free some space on its disk";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "stop the program that has it locked";
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return "make the daemon's user the owner of the file and its "
		       "directory";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "move it away together with the files of the same name "
		       "that end in -wal and -shm, which belong to it; a new "
		       "one will be created";
	case SQLITE_IOERR:
		return "look for errors of its disk in the system log";
	default:
		return "report this as a bug";
	}
}

static bool
fail(const struct sqlite_db *db, int status, struct pst_err *err)
{
	if ((status & 0xff) == SQLITE_INTERRUPT)
		return pst_err_set(err,
		    "store %s: a question took longer than %u ms and was given "
		    "up; ask for a shorter time, or again when the system is "
		    "less busy",
		    db->path, db->limit_ms);
	return pst_err_set(err, "store %s: %s; %s", db->path,
	    sqlite3_errstr(status), advice(status));
}

/* A bad statement is our own bug; SQLite's own message says where it is. */
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

	for (size_t i = 0; i < PST_DB_KEPT_STATEMENTS; i++)
		(void)sqlite3_finalize(db->kept[i].handle);
	(void)sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

/* Somebody may have moved the file away, or mounted another disk there. */
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
	int status;

	for (size_t i = 0;
	     i < PST_DB_KEPT_STATEMENTS && db->kept[i].sql != NULL; i++) {
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

/* Without octets, a NULL pointer would become SQL's NULL. */
static int
bind_value(sqlite3_stmt *handle, int at, const struct pst_db_value *value,
    sqlite3_destructor_type kind)
{
	const char *ptr = value->text.len == 0 ? "" : value->text.ptr;

	switch (value->type) {
	case PST_DB_INT:
		return sqlite3_bind_int64(handle, at, value->number);
	case PST_DB_TEXT:
		return sqlite3_bind_text64(
		    handle, at, ptr, value->text.len, kind, SQLITE_UTF8);
	case PST_DB_BLOB:
		return sqlite3_bind_blob64(
		    handle, at, ptr, value->text.len, kind);
	}
	return SQLITE_MISUSE;
}

/*
 * Binds the values. SQLite numbers placeholders in the order of their first
 * occurrence; the name says which value belongs there. Texts are copied if they
 * must outlive the caller's statement.
 */
static int
bind(sqlite3_stmt *handle, const struct pst_db_value *values, size_t count,
    bool copied)
{
	sqlite3_destructor_type kind =
	    copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
	int status = SQLITE_OK;

	for (int at = sqlite3_bind_parameter_count(handle);
	     at > 0 && status == SQLITE_OK; at--) {
		const char *name = sqlite3_bind_parameter_name(handle, at);
		const struct pst_db_value *value;
		uint64_t number = 0;

		assert(name != NULL && name[0] == '$');
		(void)pst_str_to_u64(pst_str(name + 1), count, &number);
		if (number == 0)
			return SQLITE_RANGE;
		value = &values[number - 1];
		status = bind_value(handle, at, value, kind);
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
	/* The bindings point into the caller's texts. */
	(void)sqlite3_clear_bindings(handle);
	return status;
}

/* Steps of SQLite's machine between two looks at the clock: about 0.1 ms. */
#define STEPS 2000

static int
is_late(void *arg)
{
	const struct sqlite_db *db = arg;

	return pst_clock_ms(&pst_clock_system) >= db->deadline_ms;
}

static bool
limit(struct pst_db *base, unsigned ms, struct pst_err *err)
{
	struct sqlite_db *db = own(base);

	(void)err;
	db->limit_ms = ms;
	sqlite3_progress_handler(
	    db->handle, ms == 0 ? 0 : STEPS, ms == 0 ? NULL : is_late, db);
	return true;
}

static void
begin_limit(struct sqlite_db *db)
{
	if (db->limit_ms > 0)
		db->deadline_ms =
		    pst_clock_ms(&pst_clock_system) + db->limit_ms;
}

static bool
run(struct pst_db *base, const struct pst_db_statement *statement,
    int64_t *changed, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	sqlite3_stmt *handle;
	int status;

	assert(db->selection == NULL);
	begin_limit(db);
	status = prepare(db, statement->sql, &handle);
	if (status == SQLITE_OK)
		status =
		    bind(handle, statement->values, statement->count, false);
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
	int status;

	begin_limit(db);
	status = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return status == SQLITE_OK || fail_sql(db, status, err);
}

/* What SQLite begins with. */
#define NO_LIMITS                                                              \
	"PRAGMA wal_autocheckpoint = 1000; PRAGMA max_page_count = 4294967294"

/*
 * On a small or nearly full disk, keeps the log short and the file small enough
 * for the log to be copied into it. Otherwise the log fills the disk, and SQLite
 * can neither copy nor shorten it, so that not even a DELETE works any more. The
 * limits count as a full disk. They follow the room on the disk from one
 * transaction to the next. Half of it is left to another store in the same
 * directory.
 */
static int
fit_to_disk(struct sqlite_db *db)
{
	struct pst_db_file_limits limits;
	char text[128];

	if (!pst_db_file_limit(db->path, &limits))
		return SQLITE_OK;
	if (limits.is_roomy) {
		if (!db->is_limited)
			return SQLITE_OK;
		db->is_limited = false;
		return sqlite3_exec(db->handle, NO_LIMITS, NULL, NULL, NULL);
	}
	(void)snprintf(text, sizeof(text),
	    "PRAGMA wal_autocheckpoint = %lld; PRAGMA max_page_count = %lld",
	    (long long)limits.log_pages, (long long)limits.max_pages);
	db->is_limited = true;
	return sqlite3_exec(db->handle, text, NULL, NULL, NULL);
}

static bool
begin(struct pst_db *base, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	int status = db->is_limited ? fit_to_disk(db) : SQLITE_OK;
	int64_t ignored;

	if (status != SQLITE_OK)
		return fail(db, status, err);
	/* A transaction that has read can fail to get the write lock later. */
	return run(base, &(struct pst_db_statement){.sql = "BEGIN IMMEDIATE"},
	    &ignored, err);
}

static bool
commit(struct pst_db *base, struct pst_err *err)
{
	int64_t ignored;

	return run(
	    base, &(struct pst_db_statement){.sql = "COMMIT"}, &ignored, err);
}

static void
rollback(struct pst_db *base)
{
	struct sqlite_db *db = own(base);
	int64_t ignored;

	/* After some errors (a full disk), SQLite has already done it. */
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)run(base, &(struct pst_db_statement){.sql = "ROLLBACK"},
		    &ignored, NULL);
}

/* BEGIN IMMEDIATE has locked out all other writers. */
static bool
lock_schema(struct pst_db *base, enum pst_db_lock lock, struct pst_err *err)
{
	struct sqlite_db *db = own(base);

	(void)lock;
	(void)err;
	assert(sqlite3_get_autocommit(db->handle) == 0);
	return true;
}

static bool
open_selection(struct pst_db *base, const char *sql,
    const struct pst_db_value *values, size_t count, struct pst_err *err)
{
	struct sqlite_db *db = own(base);
	sqlite3_stmt *handle;
	int status;

	assert(db->selection == NULL);
	begin_limit(db);
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
	/* Another step after the end would start the selection again. */
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
	/* The order matters: the first call may change the size. */
	const void *ptr = sqlite3_column_text(handle, (int)column);
	int len = sqlite3_column_bytes(handle, (int)column);

	return ptr == NULL ? PST_STR("") : (struct pst_str){ptr, (size_t)len};
}

static struct pst_str
octets(struct pst_db *base, unsigned column)
{
	sqlite3_stmt *handle = own(base)->selection;
	const void *ptr = sqlite3_column_blob(handle, (int)column);
	int len = sqlite3_column_bytes(handle, (int)column);

	return ptr == NULL ? PST_STR("") : (struct pst_str){ptr, (size_t)len};
}

static const struct pst_db_driver driver = {
    .is_shared = false,
    .close = close_sqlite,
    .is_alive = is_alive,
    .limit = limit,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .lock = lock_schema,
    .run = run,
    .script = script,
    .select = open_selection,
    .next = next,
    .end = end,
    .number = number,
    .column = text,
    .octets = octets,
};

static void
sleep_ms(long ms)
{
	const struct timespec pause = {0, ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

/*
 * Sets WAL mode. This tries again by itself, as SQLite does not wait for the
 * lock.
 */
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
	/* A network file system has no shared memory and is not safe here. */
	return is_wal ? SQLITE_OK : SQLITE_IOERR;
}

/*
 * NORMAL: a commit hands its data to the operating system, so a killed process
 * loses nothing; only now and then does it wait for the disk. A power failure
 * may lose the last commits, but leaves the file intact. R-AGG-5 requires the
 * former, and small losses in these counts are acceptable. The size limit
 * truncates the log after a long reader has made it grow.
 */
static const char settings[] = "PRAGMA synchronous = NORMAL;"
			       "PRAGMA journal_size_limit = 16777216;"
			       "PRAGMA trusted_schema = OFF;";

/*
 * SQLite's own handler sleeps for up to 100 ms, and a process that sleeps does
 * not get the lock. With the workers of several listeners, messages would wait
 * for that long.
 */
static int
wait_for_lock(void *arg, int tries)
{
	struct sqlite_db *db = arg;
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	if (tries == 0)
		db->give_up_ms = now_ms + db->patience_ms;
	if (now_ms >= db->give_up_ms ||
	    (db->limit_ms > 0 && now_ms >= db->deadline_ms))
		return 0;
	sleep_ms(tries < 100 ? 1 : 10);
	return 1;
}

/* Keeps the log and its shared memory for readers that cannot make them. */
static int
keep_log(struct sqlite_db *db)
{
	int on = 1;

	return sqlite3_file_control(
	    db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
}

static bool
open_handle(struct sqlite_db *db, enum pst_db_access access, bool shared,
    struct pst_err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX |
	    (access == PST_DB_READ ? SQLITE_OPEN_READONLY :
				     SQLITE_OPEN_READWRITE);
	int status = sqlite3_open_v2(db->path, &db->handle, flags, NULL);

	if (db->handle != NULL)
		(void)sqlite3_extended_result_codes(db->handle, 1);
	if (status == SQLITE_OK)
		status = sqlite3_busy_handler(db->handle, wait_for_lock, db);
	if (status == SQLITE_OK && shared)
		status = keep_log(db);
	if (status == SQLITE_OK && access != PST_DB_READ)
		status = set_wal(db);
	if (status == SQLITE_OK)
		status = sqlite3_exec(db->handle, settings, NULL, NULL, NULL);
	if (status == SQLITE_OK && access != PST_DB_READ)
		status = fit_to_disk(db);
	return status == SQLITE_OK || fail(db, status, err);
}

static struct pst_db *
open_file(const char *path, enum pst_db_access access, unsigned patience_ms,
    bool shared, struct pst_err *err)
{
	/*
	 * A process loses all its locks on a file when it closes any descriptor
	 * of that file, such as the one of pst_db_file_make(), and SQLite does not
	 * notice.
	 */
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	struct sqlite_db *db = calloc(1, sizeof(*db));
	struct stat st = {.st_ino = 0};
	bool ok;

	if (db == NULL || (db->path = strdup(path)) == NULL)
		abort();
	db->base.driver = &driver;
	pst_mutex_lock(&making);
	ok = (access != PST_DB_CREATE ||
		 pst_db_file_make(path, shared ? 0640 : 0600, err)) &&
	    pst_db_file_check(path, &st, err);
	if (ok && shared && access != PST_DB_READ)
		pst_db_file_share(path);
	pst_mutex_unlock(&making);
	db->device = st.st_dev;
	db->inode = st.st_ino;
	db->patience_ms = patience_ms;
	if (ok && open_handle(db, access, shared, err))
		return &db->base;
	close_sqlite(&db->base);
	return NULL;
}

struct pst_db *
pst_db_open_sqlite(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	return open_file(path, access, patience_ms, true, err);
}

struct pst_db *
pst_db_open_private(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	return open_file(path, access, patience_ms, false, err);
}

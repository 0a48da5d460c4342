/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_H
#define PST_STORE_DB_H

/*
 * One connection to an SQL database: an SQLite file, or a server that speaks
 * PostgreSQL's protocol. Each statement is written once, in the SQL that both
 * understand: placeholders $1, $2, ..., each of which may occur more than once;
 * columns of type TEXT, BIGINT and BYTEA (for SQLite, a blob in a column of any
 * type stays a blob); ON CONFLICT; RETURNING. Values are always bound. Texts
 * are valid UTF-8 without NUL; blobs are any octets.
 *
 * A connection belongs to one thread at a time. While a selection is open, the
 * connection must not be used for anything else.
 *
 * Each function that can fail returns false, or NULL, and puts a sentence into
 * err (which may be NULL). After a failure inside a transaction, the only
 * useful call is pst_db_rollback().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_db;

struct pst_db_value {
	enum { PST_DB_INT, PST_DB_TEXT, PST_DB_BLOB } type;
	int64_t number;
	struct pst_str text; /* or the octets of a blob */
};

#define PST_DB_MAX_VALUES 24

static inline struct pst_db_value
pst_db_int(int64_t number)
{
	return (struct pst_db_value){.type = PST_DB_INT, .number = number};
}

/* A NULL pointer becomes the empty text. */
static inline struct pst_db_value
pst_db_text(const char *text)
{
	return (struct pst_db_value){
	    .type = PST_DB_TEXT, .text = pst_str(text)};
}

static inline struct pst_db_value
pst_db_str(struct pst_str text)
{
	return (struct pst_db_value){.type = PST_DB_TEXT, .text = text};
}

static inline struct pst_db_value
pst_db_blob(struct pst_str octets)
{
	return (struct pst_db_value){.type = PST_DB_BLOB, .text = octets};
}

/* What a connection may do with its file. */
enum pst_db_access {
	PST_DB_READ,   /* the file must exist */
	PST_DB_WRITE,  /* the file must exist */
	PST_DB_CREATE, /* a missing file is created */
};

/*
 * Opens an SQLite file, with a write-ahead log unless access is PST_DB_READ.
 * While somebody else has the file locked, each statement waits for up to
 * patience_ms.
 *
 * The file belongs to this user, and the group may read it: it has the mode
 * 0640, which a writer also gives to a file of its own that has 0600. Its log
 * and the shared memory of that remain when nobody has the file open. So a
 * member of the group can open it with PST_DB_READ at any time, also after
 * the writer was killed, without the right to write anything.
 */
struct pst_db *pst_db_open_sqlite(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;

/* The same for a file that only this user may read: mode 0600. */
struct pst_db *pst_db_open_private(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;

/*
 * Opens a connection to a server. conninfo is a connection string of libpq;
 * connect_timeout is 10 s unless it says otherwise. A server that does not
 * answer a statement for a minute, or a selection for two, is given up: that
 * fails, and so does every later call. A script may take longer, as long as the
 * server answers others.
 */
struct pst_db *
pst_db_open_postgres(const char *conninfo, struct pst_err *err) PST_MUST_CHECK;

/*
 * Checks the form of a connection string, without connecting. The sentence in
 * err does not repeat the string, which may hold a password.
 */
bool
pst_db_check_conninfo(const char *conninfo, struct pst_err *err) PST_MUST_CHECK;

void pst_db_close(struct pst_db *db); /* NULL is allowed */

bool pst_db_is_shared(const struct pst_db *db); /* true for PostgreSQL */

/*
 * Returns false if the connection is permanently lost, or if its file no longer
 * has that name. The caller then closes it and opens a new one.
 */
bool pst_db_is_alive(const struct pst_db *db);

/*
 * Limits the time of each later statement to ms; 0: no limit. One that takes
 * longer fails, and the connection can be used for others. For a selection, the
 * time runs from its beginning to its end, with what the caller does meanwhile;
 * it also includes the wait for a lock.
 */
bool pst_db_limit(
    struct pst_db *db, unsigned ms, struct pst_err *err) PST_MUST_CHECK;

/* Begins a transaction that writes: SQLite takes its write lock at once. */
bool pst_db_begin(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;
bool pst_db_commit(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;
void pst_db_rollback(struct pst_db *db);
/* Ends a transaction: commits it if ok, or else takes it back. */
bool
pst_db_finish(struct pst_db *db, bool ok, struct pst_err *err) PST_MUST_CHECK;

/*
 * Waits for a lock that lasts until the end of the current transaction. Holders
 * of PST_DB_LOCK_SHARED do not wait for each other. In SQLite, a transaction
 * that writes is alone already, so nothing is done.
 */
enum pst_db_lock { PST_DB_LOCK_SHARED, PST_DB_LOCK_EXCLUSIVE };
bool pst_db_lock(struct pst_db *db, enum pst_db_lock lock,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Runs one statement that returns no rows. *changed (may be NULL) is the number
 * of rows that it changed. sql must be a string literal or come from
 * pst_fields_sql(), because prepared statements are looked up by its address.
 */
bool pst_db_run(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *changed,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Runs one statement or several, such as a schema. They have no values and are
 * not kept prepared.
 */
bool pst_db_script(
    struct pst_db *db, const char *sql, struct pst_err *err) PST_MUST_CHECK;

/*
 * Opens a selection. pst_db_next() steps to its next row; it returns false at
 * the end and after a failure. pst_db_end() closes the selection, at any row,
 * and returns whether all went well. Rows are not kept in memory, however many
 * there are.
 */
bool pst_db_select(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_db_next(struct pst_db *db);
bool pst_db_end(struct pst_db *db, struct pst_err *err) PST_MUST_CHECK;

/*
 * Return a column of the current row; the first column is 0. The text is
 * NUL-terminated and valid until the next step. SQL's NULL becomes 0 or the
 * empty text.
 */
int64_t pst_db_number(struct pst_db *db, unsigned column);
struct pst_str pst_db_column(struct pst_db *db, unsigned column);

/* The same for a column of type BYTEA; any octets, and no NUL after them. */
struct pst_str pst_db_octets(struct pst_db *db, unsigned column);

/*
 * Reads the first column of the first row as a number: a whole selection in one
 * call. *found (may be NULL) tells whether there was a row; if there was none,
 * *out is unchanged.
 */
bool pst_db_get_number(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *out, bool *found,
    struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_H
#define PST_STORE_DB_H

/*
 * One connection to an SQL database: an SQLite file, or a server that speaks
 * PostgreSQL's protocol. Statements are written once, in what both understand:
 * placeholders $1, $2, ... each of which may occur more than once, columns
 * TEXT and BIGINT, ON CONFLICT, RETURNING. Values are always bound. Texts are
 * valid UTF-8 without NUL.
 *
 * A connection belongs to one thread at a time. While a selection is open,
 * nothing else may be asked of the connection.
 *
 * Each function that can fail returns false, or NULL, with a sentence in err
 * (which may be NULL). After a failure inside a transaction only
 * pst_db_rollback() makes sense.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct pst_db;

struct pst_db_value {
	enum { PST_DB_INT, PST_DB_TEXT } type;
	int64_t number;
	struct pst_str text;
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

/* How much may be done to a file. */
enum pst_db_access {
	PST_DB_READ,   /* it must be there */
	PST_DB_WRITE,  /* the same */
	PST_DB_CREATE, /* made, readable by its owner alone, when missing */
};

/*
 * SQLite, with a write-ahead log. A file that somebody else has locked is
 * waited for, up to patience_ms for each statement.
 */
struct pst_db *pst_db_open_sqlite(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err);

/* conninfo as libpq takes it; connect_timeout is 10 s unless it says else. */
struct pst_db *pst_db_open_postgres(const char *conninfo, struct pst_err *err);

void pst_db_close(struct pst_db *db); /* NULL is allowed */

bool pst_db_is_shared(const struct pst_db *db); /* PostgreSQL */

/*
 * False when the connection is lost for good, or the file is no longer the one
 * of that name: close it and open a new one.
 */
bool pst_db_is_alive(const struct pst_db *db);

/* A transaction that writes: SQLite takes its lock at once. */
bool pst_db_begin(struct pst_db *db, struct pst_err *err);
bool pst_db_commit(struct pst_db *db, struct pst_err *err);
void pst_db_rollback(struct pst_db *db);

/*
 * Runs one statement that gives no rows; *changed (may be NULL) is how many
 * rows it changed. sql must be a string literal: prepared statements are kept
 * by its address.
 */
bool pst_db_run(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *changed,
    struct pst_err *err);

/* One statement or several without values, run as they stand: a schema. */
bool pst_db_script(struct pst_db *db, const char *sql, struct pst_err *err);

/*
 * Opens a selection. pst_db_next() steps to its next row, false at the end and
 * after a failure; pst_db_end() closes it, at any row, and says whether all
 * went well. Rows are not kept in memory, however many there are.
 */
bool pst_db_select(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, struct pst_err *err);
bool pst_db_next(struct pst_db *db);
bool pst_db_end(struct pst_db *db, struct pst_err *err);

/*
 * Columns of the row that was stepped to, from 0; the text is valid until the
 * next step and is NUL-terminated. SQL's NULL is 0 and the empty text.
 */
int64_t pst_db_number(struct pst_db *db, unsigned column);
struct pst_str pst_db_column(struct pst_db *db, unsigned column);

/*
 * The first column of the first row as a number: pst_db_select() and
 * pst_db_end() in one. *found (may be NULL) is whether there was a row;
 * without one *out stays as it is.
 */
bool pst_db_get_number(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *out, bool *found,
    struct pst_err *err);

#endif

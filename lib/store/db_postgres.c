/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "store/db_driver.h"

#define NUMBER_SIZE 24
#define NAME_SIZE 16

/*
 * A server that is frozen keeps its connections, so TCP notices nothing. It is
 * given up after this time without an answer. A script, such as a step of the
 * schema, may take longer: it is given up if nobody can connect meanwhile.
 */
#define ANSWER_MS 60000
#define SELECT_MS 120000
#define SCRIPT_MS INT64_MAX

struct statement {
	const char *sql; /* looked up by its address */
	char name[NAME_SIZE];
};

struct postgres_db {
	struct pst_db base;
	PGconn *conn;
	char *conninfo;
	struct statement kept[PST_DB_KEPT_STATEMENTS];
	size_t next_kept;    /* the next one to replace */
	unsigned names;      /* how many were given */
	bool selecting;      /* a selection is open */
	bool at_end;         /* it has no more rows */
	bool failed;         /* it has failed */
	struct pst_err what; /* why it failed */
	PGresult *row;
	unsigned char *octets[PST_DB_MAX_VALUES]; /* of the row, decoded */
	unsigned limit_ms;                        /* of a statement; 0: none */
	bool late;   /* the server has ended the last one for that */
	bool silent; /* it did not answer in time, and is not used again */
};

static struct postgres_db *
own(struct pst_db *db)
{
	return (struct postgres_db *)db;
}

/* A server that keeps its limit answers soon after it. */
#define GRACE_MS 2000

static int64_t
patience(const struct postgres_db *db, int64_t usual_ms)
{
	int64_t ms = (int64_t)db->limit_ms + GRACE_MS;

	return db->limit_ms == 0 || ms > usual_ms ? usual_ms : ms;
}

static void
note_reason(struct postgres_db *db, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	db->late = db->limit_ms > 0 && state != NULL &&
	    strcmp(state, "57014" /* query_canceled */) == 0;
}

/* libpq's messages have several lines and may begin with the severity. */
static bool
fail(const struct postgres_db *db, struct pst_err *err)
{
	struct pst_str text = pst_str(PQerrorMessage(db->conn));

	if (db->silent)
		return pst_err_set(err,
		    "shared database: the server has not answered for %d s or "
		    "longer; check the server that store.postgresql names",
		    (int)(patience(db, ANSWER_MS) / 1000));
	if (db->late)
		return pst_err_set(err,
		    "shared database: a question took longer than %u ms and was "
		    "given up; ask for a shorter time, or again when the server "
		    "is less busy",
		    db->limit_ms);
	if (pst_str_starts(text, PST_STR("ERROR:")) ||
	    pst_str_starts(text, PST_STR("FATAL:")))
		text = pst_str_from(text, sizeof("ERROR:") - 1);
	text = pst_str_trim(text);
	text = pst_str_first(text, pst_str_find(text, '\n'));
	if (text.len == 0)
		text = PST_STR("no answer");
	return pst_err_set(err, "shared database: %.*s; %s", PST_STR_ARG(text),
	    PQstatus(db->conn) == CONNECTION_OK ?
		"see the server's log" :
		"check the server that store.postgresql names");
}

static void
forget_row(struct postgres_db *db)
{
	for (size_t i = 0; i < PST_COUNT(db->octets); i++) {
		PQfreemem(db->octets[i]);
		db->octets[i] = NULL;
	}
	PQclear(db->row);
	db->row = NULL;
}

static void
close_postgres(struct pst_db *base)
{
	struct postgres_db *db = own(base);

	forget_row(db);
	PQfinish(db->conn);
	free(db->conninfo);
	free(db);
}

static bool
is_alive(const struct pst_db *base)
{
	const struct postgres_db *db = (const struct postgres_db *)base;

	return PQstatus(db->conn) == CONNECTION_OK && !db->silent;
}

/*
 * The last value of a parameter counts. The conninfo, as dbname, can override
 * the parameters before it, but not client_encoding after it. A server that has
 * silently gone away is noticed within a minute.
 */
static const char *const parameter_names[] = {"connect_timeout",
    "tcp_user_timeout", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "fallback_application_name", "dbname",
    "client_encoding", NULL};

#define PARAMETER_VALUES(conninfo)                                             \
	(const char *const[])                                                  \
	{                                                                      \
		"10", "30000", "30", "10", "3", "postern", conninfo, "UTF8",   \
		    NULL                                                       \
	}

/* The server is asked over a connection of its own. */
static bool
answers_others(const struct postgres_db *db)
{
	return PQpingParams(parameter_names, PARAMETER_VALUES(db->conninfo),
		   1) == PQPING_OK;
}

/* Sends and receives what can be; returns false if the connection is lost. */
static bool
exchange(struct postgres_db *db, int timeout_ms)
{
	int unsent = PQflush(db->conn);
	struct pollfd fd = {.fd = PQsocket(db->conn),
	    .events = unsent == 1 ? POLLIN | POLLOUT : POLLIN};

	return unsent != -1 &&
	    (poll(&fd, 1, timeout_ms) <= 0 || (fd.revents & ~POLLOUT) == 0 ||
		PQconsumeInput(db->conn) == 1);
}

/* Waits until a result is there, or the connection is lost. */
static bool
wait_for_result(struct postgres_db *db, int64_t limit_ms)
{
	int64_t begun_ms = pst_clock_ms(&pst_clock_system), next_ms;

	limit_ms = patience(db, limit_ms);
	next_ms = limit_ms < ANSWER_MS ? limit_ms : ANSWER_MS;

	while (!db->silent && PQisBusy(db->conn) == 1) {
		int64_t waited_ms = pst_clock_ms(&pst_clock_system) - begun_ms;

		if (waited_ms >= limit_ms ||
		    (limit_ms == SCRIPT_MS && waited_ms >= next_ms &&
			!answers_others(db))) {
			db->silent = true;
			break;
		}
		if (waited_ms >= next_ms)
			next_ms = waited_ms + ANSWER_MS;
		/* If the connection is lost, the result says so. */
		if (!exchange(db, (int)(next_ms - waited_ms)))
			return true;
	}
	return !db->silent;
}

/*
 * Returns the last result of what was sent, as PQexec() does; NULL if nothing
 * was sent or the server does not answer.
 */
static PGresult *
result_of(struct postgres_db *db, int sent, int64_t limit_ms)
{
	PGresult *last = NULL, *next;

	while (sent == 1) {
		if (!wait_for_result(db, limit_ms)) {
			PQclear(last);
			return NULL;
		}
		next = PQgetResult(db->conn);
		if (next == NULL)
			break;
		PQclear(last);
		last = next;
	}
	return last;
}

/* Checks the result and frees it. changed may be NULL. */
static bool
finish(struct postgres_db *db, PGresult *result, int64_t *changed,
    struct pst_err *err)
{
	ExecStatusType status = PQresultStatus(result);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
	uint64_t number = 0;

	if (!ok) {
		note_reason(db, result);
		(void)fail(db, err);
	} else if (changed != NULL) {
		(void)pst_str_to_u64(
		    pst_str(PQcmdTuples(result)), INT64_MAX, &number);
		*changed = (int64_t)number;
	}
	PQclear(result);
	return ok;
}

static bool
execute(
    struct pst_db *base, const char *sql, int64_t limit_ms, struct pst_err *err)
{
	struct postgres_db *db = own(base);

	assert(!db->selecting);
	if (db->silent)
		return fail(db, err);
	return finish(
	    db, result_of(db, PQsendQuery(db->conn, sql), limit_ms), NULL, err);
}

static bool
script(struct pst_db *base, const char *sql, struct pst_err *err)
{
	return execute(base, sql, SCRIPT_MS, err);
}

/* Returns the statement's name on the server; NULL if it was refused. */
static const char *
prepare(struct postgres_db *db, const char *sql, struct pst_err *err)
{
	struct statement *place;
	char drop[NAME_SIZE + 16];

	for (size_t i = 0;
	     i < PST_DB_KEPT_STATEMENTS && db->kept[i].sql != NULL; i++) {
		if (db->kept[i].sql == sql)
			return db->kept[i].name;
	}
	if (db->silent) {
		(void)fail(db, err);
		return NULL;
	}
	place = &db->kept[db->next_kept];
	if (place->sql != NULL) {
		(void)snprintf(
		    drop, sizeof(drop), "DEALLOCATE %s", place->name);
		PQclear(result_of(db, PQsendQuery(db->conn, drop), ANSWER_MS));
	}
	/* Use a new name: the old one may still exist. */
	(void)snprintf(place->name, sizeof(place->name), "s%u", db->names++);
	place->sql = NULL;
	if (!finish(db,
		result_of(db,
		    PQsendPrepare(db->conn, place->name, sql, 0, NULL),
		    ANSWER_MS),
		NULL, err))
		return NULL;
	place->sql = sql;
	db->next_kept = (db->next_kept + 1) % PST_DB_KEPT_STATEMENTS;
	return place->name;
}

/* Values in the form that libpq expects: C strings, also for numbers. */
struct parameters {
	const char *texts[PST_DB_MAX_VALUES];
	int lengths[PST_DB_MAX_VALUES]; /* used for blobs only */
	int formats[PST_DB_MAX_VALUES]; /* 1: a blob, as it is */
	char numbers[PST_DB_MAX_VALUES][NUMBER_SIZE];
	char *memory;
};

static void
write_parameters(
    struct parameters *out, const struct pst_db_value *values, size_t count)
{
	size_t i, size = 1;
	char *at;

	for (i = 0; i < count; i++)
		size += values[i].text.len + 1;
	out->memory = at = malloc(size);
	if (at == NULL)
		abort();
	for (i = 0; i < count; i++) {
		out->formats[i] = out->lengths[i] = 0;
		if (values[i].type == PST_DB_INT) {
			(void)snprintf(out->numbers[i], NUMBER_SIZE, "%" PRId64,
			    values[i].number);
			out->texts[i] = out->numbers[i];
			continue;
		}
		out->texts[i] = at;
		out->formats[i] = values[i].type == PST_DB_BLOB;
		out->lengths[i] = (int)values[i].text.len;
		if (values[i].text.len > 0)
			memcpy(at, values[i].text.ptr, values[i].text.len);
		at += values[i].text.len;
		*at++ = '\0';
	}
}

static bool
run(struct pst_db *base, const struct pst_db_statement *statement,
    int64_t *changed, struct pst_err *err)
{
	struct postgres_db *db = own(base);
	struct parameters parameters;
	const char *name;
	bool ok;

	assert(!db->selecting);
	name = prepare(db, statement->sql, err);
	if (name == NULL)
		return false;
	write_parameters(&parameters, statement->values, statement->count);
	ok = finish(db,
	    result_of(db,
		PQsendQueryPrepared(db->conn, name, (int)statement->count,
		    parameters.texts, parameters.lengths, parameters.formats,
		    0),
		ANSWER_MS),
	    changed, err);
	free(parameters.memory);
	return ok;
}

static bool
limit(struct pst_db *base, unsigned ms, struct pst_err *err)
{
	struct postgres_db *db = own(base);
	char sql[64];

	(void)snprintf(
	    sql, sizeof(sql), "SET SESSION statement_timeout = %u", ms);
	db->limit_ms = ms;
	return execute(base, sql, ANSWER_MS, err);
}

static bool
begin(struct pst_db *base, struct pst_err *err)
{
	/* Comments on concurrency in this code assume this level. */
	return execute(
	    base, "BEGIN ISOLATION LEVEL READ COMMITTED", ANSWER_MS, err);
}

/* In a failed transaction, COMMIT rolls back and reports no error. */
static bool
commit(struct pst_db *base, struct pst_err *err)
{
	struct postgres_db *db = own(base);

	if (PQtransactionStatus(db->conn) == PQTRANS_INERROR)
		return pst_err_set(err,
		    "shared database: a statement before the commit failed; "
		    "report this as a bug");
	return execute(base, "COMMIT", ANSWER_MS, err);
}

static void
rollback(struct pst_db *base)
{
	struct postgres_db *db = own(base);

	if (PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		(void)execute(base, "ROLLBACK", ANSWER_MS, NULL);
}

/* An advisory lock needs no right to any table. The number is "postern". */
#define LOCK_NUMBER "31647739056321134"

static bool
lock_schema(struct pst_db *base, enum pst_db_lock lock, struct pst_err *err)
{
	const char *sql = "SELECT pg_advisory_xact_lock(" LOCK_NUMBER ")";

	switch (lock) {
	case PST_DB_LOCK_SHARED:
		sql = "SELECT pg_advisory_xact_lock_shared(" LOCK_NUMBER ")";
		break;
	case PST_DB_LOCK_EXCLUSIVE:
		break;
	}
	return execute(base, sql, ANSWER_MS, err);
}

static bool
open_selection(struct pst_db *base, const char *sql,
    const struct pst_db_value *values, size_t count, struct pst_err *err)
{
	struct postgres_db *db = own(base);
	struct parameters parameters;
	const char *name;
	bool ok;

	assert(!db->selecting);
	name = prepare(db, sql, err);
	if (name == NULL)
		return false;
	write_parameters(&parameters, values, count);
	/* Row by row: otherwise libpq would keep all rows in memory. */
	ok = PQsendQueryPrepared(db->conn, name, (int)count, parameters.texts,
		 parameters.lengths, parameters.formats, 0) == 1 &&
	    PQsetSingleRowMode(db->conn) == 1;
	free(parameters.memory);
	if (!ok)
		return fail(db, err);
	db->selecting = true;
	db->at_end = false;
	db->failed = false;
	return true;
}

static bool
next(struct pst_db *base)
{
	struct postgres_db *db = own(base);

	assert(db->selecting);
	while (!db->at_end) {
		ExecStatusType status;

		forget_row(db);
		if (!wait_for_result(db, SELECT_MS)) {
			db->at_end = db->failed = true;
			(void)fail(db, &db->what);
			break;
		}
		db->row = PQgetResult(db->conn);
		if (db->row == NULL) {
			db->at_end = true;
			break;
		}
		status = PQresultStatus(db->row);
		if (status == PGRES_SINGLE_TUPLE)
			return true;
		if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
			db->failed = true;
			note_reason(db, db->row);
			(void)fail(db, &db->what);
		}
	}
	return false;
}

static bool
end(struct pst_db *base, struct pst_err *err)
{
	struct postgres_db *db = own(base);

	while (next(base))
		continue;
	db->selecting = false;
	return !db->failed || pst_err_set(err, "%s", db->what.text);
}

static int64_t
number(struct pst_db *base, unsigned column)
{
	return strtoll(PQgetvalue(own(base)->row, 0, (int)column), NULL, 10);
}

static struct pst_str
text(struct pst_db *base, unsigned column)
{
	return pst_str(PQgetvalue(own(base)->row, 0, (int)column));
}

static struct pst_str
octets(struct pst_db *base, unsigned column)
{
	struct postgres_db *db = own(base);
	const void *escaped = PQgetvalue(db->row, 0, (int)column);
	const void *plain;
	size_t len = 0;

	assert(column < PST_COUNT(db->octets));
	PQfreemem(db->octets[column]);
	plain = db->octets[column] = PQunescapeBytea(escaped, &len);
	return plain == NULL ? PST_STR("") : (struct pst_str){plain, len};
}

static const struct pst_db_driver driver = {
    .is_shared = true,
    .close = close_postgres,
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

/* Drops notices such as "relation already exists, skipping". */
static void
drop_notice(void *arg, const PGresult *notice)
{
	(void)arg;
	(void)notice;
}

struct pst_db *
pst_db_open_postgres(const char *conninfo, struct pst_err *err)
{
	struct postgres_db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		abort();
	db->base.driver = &driver;
	db->conninfo = strdup(conninfo);
	db->conn =
	    PQconnectdbParams(parameter_names, PARAMETER_VALUES(conninfo), 1);
	if (db->conninfo == NULL || db->conn == NULL)
		abort();
	(void)PQsetNoticeReceiver(db->conn, drop_notice, NULL);
	/* Otherwise a server that is frozen could hold us while we send. */
	if (PQstatus(db->conn) == CONNECTION_OK &&
	    PQsetnonblocking(db->conn, 1) == 0)
		return &db->base;
	(void)fail(db, err);
	close_postgres(&db->base);
	return NULL;
}

/* Without an equal sign, and not a URI, it is the name of a database. */
static bool
is_database_name(const char *conninfo)
{
	return strpbrk(conninfo, "=:/ ") == NULL;
}

bool
pst_db_check_conninfo(const char *conninfo, struct pst_err *err)
{
	char *why = NULL;
	PQconninfoOption *options;
	bool is_option;

	if (is_database_name(conninfo))
		return true;
	options = PQconninfoParse(conninfo, &why);
	if (options != NULL) {
		PQconninfoFree(options);
		return true;
	}
	is_option =
	    why != NULL && strstr(why, "invalid connection option") != NULL;
	(void)pst_err_set(err,
	    "this is not a connection string of PostgreSQL: %s; write one such "
	    "as \"host=db.example.com dbname=postern user=postern\"",
	    is_option ? "it has an option that libpq does not know" :
			"each part is of the form NAME=VALUE, or it is a URI "
			"that begins with postgresql://");
	PQfreemem(why);
	return false;
}

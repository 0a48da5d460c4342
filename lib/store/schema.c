/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/schema.h"

#include <stdio.h>

#include "store/migrations.h"

/* The first table: it tells which of the others exist. */
static const char meta[] = "CREATE TABLE IF NOT EXISTS meta ("
			   " name TEXT NOT NULL PRIMARY KEY,"
			   " value TEXT NOT NULL)";

bool
pst_schema_read(struct pst_db *db, struct pst_schema *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT name, CAST(value AS BIGINT) FROM meta"
	    " WHERE name = 'version' OR name = 'oldest_writer'";

	out->version = 0;
	/* A store of version 1 does not name its oldest writer. */
	out->oldest_writer = 1;
	if (!pst_db_select(db, sql, NULL, 0, err))
		return false;
	while (pst_db_next(db)) {
		if (pst_str_eq(pst_db_column(db, 0), PST_STR("version")))
			out->version = pst_db_number(db, 1);
		else
			out->oldest_writer = pst_db_number(db, 1);
	}
	return pst_db_end(db, err);
}

static bool
is_closed(const struct pst_schema *schema)
{
	return schema->oldest_writer > PST_SCHEMA_VERSION;
}

static bool
fail_closed(const struct pst_schema *schema, struct pst_err *err)
{
	return pst_err_set(err,
	    "the store has version %lld, and this program, which knows version "
	    "%d, must not use it any more; install the newer Postern here, too",
	    (long long)schema->version, PST_SCHEMA_VERSION);
}

static bool
check_writer(const struct pst_schema *schema, struct pst_err *err)
{
	if (is_closed(schema))
		return fail_closed(schema, err);
	return schema->version >= PST_SCHEMA_VERSION ||
	    pst_err_set(err,
		"the store has version %lld, but this program writes version "
		"%d; restart the program, which brings the store forward",
		(long long)schema->version, PST_SCHEMA_VERSION);
}

bool
pst_schema_is_closed(struct pst_db *db)
{
	struct pst_schema schema;

	return pst_schema_read(db, &schema, NULL) && is_closed(&schema);
}

bool
pst_schema_check(struct pst_db *db, struct pst_err *err)
{
	struct pst_schema schema;

	if (!pst_schema_read(db, &schema, err))
		return false;
	if (is_closed(&schema))
		return fail_closed(&schema, err);
	return schema.version >= PST_SCHEMA_OLDEST_READABLE ||
	    pst_err_set(err,
		"the store has version %lld and cannot be read; start posternd "
		"once, which brings it to version %d",
		(long long)schema.version, PST_SCHEMA_VERSION);
}

bool
pst_schema_begin(struct pst_db *db, struct pst_err *err)
{
	struct pst_schema schema;

	if (!pst_db_begin(db, err))
		return false;
	if (pst_db_lock(db, PST_DB_LOCK_SHARED, err) &&
	    pst_schema_read(db, &schema, err) && check_writer(&schema, err))
		return true;
	pst_db_rollback(db);
	return false;
}

/* ---- steps ---- */

static bool
put_number(struct pst_db *db, const char *name, int number, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO meta (name, value) VALUES ($1, $2)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	char text[12];

	(void)snprintf(text, sizeof(text), "%d", number);
	return pst_db_run(db, sql,
	    (struct pst_db_value[]){pst_db_text(name), pst_db_text(text)}, 2,
	    NULL, err);
}

/*
 * Takes the step inside a transaction of the caller, unless another process
 * was faster.
 */
static bool
take_step(
    struct pst_db *db, const struct pst_migration *step, struct pst_err *err)
{
	struct pst_schema schema;

	if (!pst_db_lock(db, PST_DB_LOCK_EXCLUSIVE, err) ||
	    !pst_db_script(db, meta, err) || !pst_schema_read(db, &schema, err))
		return false;
	return schema.version >= step->version ||
	    (pst_db_script(db, step->sql, err) &&
		put_number(db, "version", step->version, err) &&
		put_number(db, "oldest_writer", step->oldest_writer, err));
}

static bool
migrate(
    struct pst_db *db, const struct pst_migration *step, struct pst_err *err)
{
	struct pst_err why;

	if (!pst_db_begin(db, err))
		return false;
	if (take_step(db, step, &why) && pst_db_commit(db, &why))
		return true;
	pst_db_rollback(db);
	return pst_err_set(err,
	    "the store cannot be brought to version %d and is unchanged: %s",
	    step->version, why.text);
}

bool
pst_schema_make(struct pst_db *db, struct pst_err *err)
{
	struct pst_schema schema;

	/* Look first: some users may use tables but not create them. */
	if (!pst_schema_read(db, &schema, NULL))
		schema.version = 0;
	for (size_t i = 0; i < pst_migrations_count; i++) {
		if (pst_migrations[i].version > schema.version &&
		    !migrate(db, &pst_migrations[i], err))
			return false;
	}
	return pst_schema_read(db, &schema, err) && check_writer(&schema, err);
}

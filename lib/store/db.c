/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/db.h"

#include <assert.h>

#include "store/db_driver.h"

void
pst_db_close(struct pst_db *db)
{
	if (db != NULL)
		db->driver->close(db);
}

bool
pst_db_is_shared(const struct pst_db *db)
{
	return db->driver->is_shared;
}

bool
pst_db_is_alive(const struct pst_db *db)
{
	return db->driver->is_alive(db);
}

bool
pst_db_limit(struct pst_db *db, unsigned ms, struct pst_err *err)
{
	return db->driver->limit(db, ms, err);
}

bool
pst_db_begin(struct pst_db *db, struct pst_err *err)
{
	return db->driver->begin(db, err);
}

bool
pst_db_commit(struct pst_db *db, struct pst_err *err)
{
	return db->driver->commit(db, err);
}

void
pst_db_rollback(struct pst_db *db)
{
	db->driver->rollback(db);
}

bool
pst_db_finish(struct pst_db *db, bool ok, struct pst_err *err)
{
	if (ok && pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	return false;
}

bool
pst_db_lock(struct pst_db *db, enum pst_db_lock lock, struct pst_err *err)
{
	return db->driver->lock(db, lock, err);
}

bool
pst_db_run(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *changed,
    struct pst_err *err)
{
	const struct pst_db_statement statement = {sql, values, count};
	int64_t ignored;

	assert(count <= PST_DB_MAX_VALUES);
	return db->driver->run(
	    db, &statement, changed == NULL ? &ignored : changed, err);
}

bool
pst_db_script(struct pst_db *db, const char *sql, struct pst_err *err)
{
	return db->driver->script(db, sql, err);
}

bool
pst_db_select(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, struct pst_err *err)
{
	assert(count <= PST_DB_MAX_VALUES);
	return db->driver->select(db, sql, values, count, err);
}

bool
pst_db_next(struct pst_db *db)
{
	return db->driver->next(db);
}

bool
pst_db_end(struct pst_db *db, struct pst_err *err)
{
	return db->driver->end(db, err);
}

int64_t
pst_db_number(struct pst_db *db, unsigned column)
{
	return db->driver->number(db, column);
}

struct pst_str
pst_db_column(struct pst_db *db, unsigned column)
{
	return db->driver->column(db, column);
}

struct pst_str
pst_db_octets(struct pst_db *db, unsigned column)
{
	return db->driver->octets(db, column);
}

bool
pst_db_get_number(struct pst_db *db, const char *sql,
    const struct pst_db_value *values, size_t count, int64_t *out, bool *found,
    struct pst_err *err)
{
	int64_t number = 0;
	bool there;

	if (!pst_db_select(db, sql, values, count, err))
		return false;
	there = pst_db_next(db);
	if (there)
		number = pst_db_number(db, 0);
	if (!pst_db_end(db, err))
		return false;
	if (there)
		*out = number;
	if (found != NULL)
		*found = there;
	return true;
}

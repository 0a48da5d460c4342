/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/memory_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/day.h"
#include "store/schema.h"
#include "store/trusted_clock.h"

/* Rows that one transaction deletes. */
#define PRUNE_ROWS 5000

/* The version of the schema that has the table. */
#define TABLE_VERSION 3

void
pst_memory_file_path(
    const struct pst_config *config, char path[PST_MEMORY_PATH_SIZE])
{
	(void)snprintf(
	    path, PST_MEMORY_PATH_SIZE, "%s-memory", config->store.path);
}

bool
pst_memory_file_exists(const struct pst_config *config)
{
	char path[PST_MEMORY_PATH_SIZE];

	pst_memory_file_path(config, path);
	return access(path, F_OK) == 0;
}

struct pst_db *
pst_memory_file_open(const struct pst_config *config, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	char path[PST_MEMORY_PATH_SIZE];
	struct pst_db *db;

	pst_memory_file_path(config, path);
	db = pst_db_open_private(path, access, patience_ms, err);
	if (db == NULL ||
	    (access == PST_DB_READ ? pst_schema_check(db, err) :
				     pst_schema_make(db, err)))
		return db;
	pst_db_close(db);
	return NULL;
}

/*
 * Begins a transaction that changes rows: numbers of changes must be committed
 * in their order, or a reader would miss some.
 */
static bool
begin(struct pst_db *db, struct pst_err *err)
{
	if (!pst_db_begin(db, err))
		return false;
	if (!pst_db_lock(db, PST_DB_LOCK_EXCLUSIVE, err)) {
		pst_db_rollback(db);
		return false;
	}
	if (!pst_schema_is_closed(db))
		return true;
	pst_db_rollback(db);
	return pst_schema_check(db, err);
}

/*
 * The number of the newest change. It is not that of a row, which may have been
 * deleted since: a number must not occur twice.
 */
static bool
newest_change(struct pst_db *db, int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'change'";

	*out = 0;
	return pst_db_get_number(db, sql, NULL, 0, out, NULL, err);
}

/* Stores a number in meta, with a statement that has it as its value. */
static bool
put_number(
    struct pst_db *db, const char *sql, int64_t number, struct pst_err *err)
{
	char text[24];
	struct pst_db_value value;

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	value = pst_db_text(text);
	return pst_db_run(db, sql, &value, 1, NULL, err);
}

/* pst_memory_combine() in SQL; it changes nothing if nothing is new. */
#define DAYS_ARE_NEWS                                                          \
	"(excluded.last_day - memory.last_day > $10"                           \
	" OR (memory.last_day - excluded.last_day <= $10"                      \
	" AND excluded.days > memory.days))"
#define LARGER(column)                                                         \
	column " = CASE WHEN excluded." column " > memory." column             \
	       " THEN excluded." column " ELSE memory." column " END"
static const char upsert[] =
    "INSERT INTO memory (domain, record, record_s, days, last_day, first_s,"
    " aligned_s, seen_s, change_n)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (domain) DO UPDATE SET"
    " record = CASE WHEN excluded.record_s > memory.record_s"
    " THEN excluded.record ELSE memory.record END,"
    " days = CASE WHEN " DAYS_ARE_NEWS
    " THEN excluded.days ELSE memory.days END,"
    " first_s = CASE WHEN excluded.first_s < memory.first_s"
    " THEN excluded.first_s ELSE memory.first_s END,"
    " " LARGER("record_s") ", " LARGER("last_day") ", " LARGER("aligned_s") ", " LARGER(
	"seen_s") ", change_n = excluded.change_n"
		  " WHERE " DAYS_ARE_NEWS
		  " OR excluded.record_s > memory.record_s"
		  " OR excluded.last_day > memory.last_day"
		  " OR excluded.aligned_s > memory.aligned_s"
		  " OR excluded.first_s < memory.first_s";

static bool
write_row(struct pst_db *db, const struct pst_memory_row *row, int64_t change,
    int64_t *changed, struct pst_err *err)
{
	const struct pst_db_value values[] = {
	    pst_db_text(row->domain),
	    pst_db_str(row->record),
	    pst_db_int(row->record_epoch),
	    pst_db_int(row->days),
	    pst_db_int(row->last_day),
	    pst_db_int(row->first_epoch),
	    pst_db_int(row->aligned_epoch),
	    pst_db_int(pst_memory_seen(row)),
	    pst_db_int(change),
	    pst_db_int(PST_MEMORY_KEEP_DAYS),
	};

	return pst_db_run(db, upsert, values, PST_COUNT(values), changed, err);
}

static bool
write_rows(struct pst_db *db, const struct pst_memory_row *rows, size_t count,
    int64_t *changed, struct pst_err *err)
{
	static const char store[] =
	    "INSERT INTO meta (name, value) VALUES ('change', $1)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	int64_t newest_s = INT64_MAX - PST_DAY_SECONDS, change, one;

	if (!newest_change(db, &change, err) ||
	    !pst_trusted_clock_server(db, &newest_s, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		/* A row of a clock that is ahead would win over all others. */
		if (!pst_memory_is_sound(&rows[i]) ||
		    pst_memory_seen(&rows[i]) > newest_s + PST_DAY_SECONDS)
			continue;
		if (!write_row(db, &rows[i], ++change, &one, err))
			return false;
		*changed += one;
	}
	return put_number(db, store, change, err);
}

bool
pst_memory_file_write(struct pst_db *db, const struct pst_memory_row *rows,
    size_t count, int64_t *changed, struct pst_err *err)
{
	int64_t news = 0;

	assert(count <= PST_MEMORY_BATCH);
	if (!begin(db, err))
		return false;
	if (!write_rows(db, rows, count, &news, err) ||
	    !pst_db_commit(db, err)) {
		pst_db_rollback(db);
		return false;
	}
	if (changed != NULL)
		*changed += news;
	return true;
}

#define COLUMNS                                                                \
	"domain, record, record_s, days, last_day, first_s, aligned_s,"        \
	" change_n"

/* Reads the current row; its texts live until the next step. */
static struct pst_memory_row
row_of(struct pst_db *db)
{
	int64_t days = pst_db_number(db, 3);

	return (struct pst_memory_row){
	    .domain = pst_db_column(db, 0).ptr,
	    .record = pst_db_column(db, 1),
	    .record_epoch = pst_db_number(db, 2),
	    .days = days < 0 || days > PST_MEMORY_MAX_DAYS ?
		PST_MEMORY_MAX_DAYS :
		(unsigned)days,
	    .last_day = pst_db_number(db, 4),
	    .first_epoch = pst_db_number(db, 5),
	    .aligned_epoch = pst_db_number(db, 6),
	};
}

bool
pst_memory_file_read(struct pst_db *db, struct pst_memory *memory,
    int64_t *last, struct pst_err *err)
{
	/* What was seen last comes last, as pst_memory_merge() expects it. */
	static const char all[] =
	    "SELECT " COLUMNS " FROM memory ORDER BY seen_s";
	static const char newer[] = "SELECT " COLUMNS " FROM memory"
				    " WHERE change_n > $1 ORDER BY change_n";
	struct pst_db_value after;
	int64_t newest;

	/* What is written meanwhile is read again, which does no harm. */
	if (!newest_change(db, &newest, err))
		return false;
	after = pst_db_int(*last > newest ? 0 : *last);
	if (!(after.number == 0 ? pst_db_select(db, all, NULL, 0, err) :
				  pst_db_select(db, newer, &after, 1, err)))
		return false;
	while (pst_db_next(db)) {
		const struct pst_memory_row row = row_of(db);

		pst_memory_merge(memory, &row);
	}
	if (!pst_db_end(db, err))
		return false;
	*last = newest;
	return true;
}

/* Reads the next batch into the arena. */
static bool
read_batch(struct pst_db *db, struct pst_arena *arena, int64_t *last,
    struct pst_memory_row *rows, size_t *count, struct pst_err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM memory"
				  " WHERE change_n > $1"
				  " ORDER BY change_n LIMIT $2";
	const struct pst_db_value values[] = {
	    pst_db_int(*last), pst_db_int(PST_MEMORY_BATCH)};

	*count = 0;
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (*count < PST_MEMORY_BATCH && pst_db_next(db)) {
		struct pst_memory_row *row = &rows[(*count)++];

		*row = row_of(db);
		row->domain = pst_arena_strdup(arena, row->domain);
		row->record.ptr =
		    pst_arena_memdup(arena, row->record.ptr, row->record.len);
		*last = pst_db_number(db, 7);
	}
	return pst_db_end(db, err);
}

bool
pst_memory_file_copy(struct pst_db *from, struct pst_db *to, int64_t *last,
    bool *more, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory_row *rows =
	    pst_arena_array(arena, PST_MEMORY_BATCH, sizeof(*rows));
	int64_t reached = *last, newest;
	size_t count;
	bool ok = newest_change(from, &newest, err);

	if (ok && reached > newest)
		reached = 0;
	ok = ok && read_batch(from, arena, &reached, rows, &count, err) &&
	    (count == 0 || pst_memory_file_write(to, rows, count, NULL, err));

	pst_arena_free(arena);
	if (!ok)
		return false;
	*last = reached;
	*more = count > 0;
	return true;
}

bool
pst_memory_file_born(struct pst_db *db, enum pst_db_access access,
    int64_t *born, struct pst_err *err)
{
	static const char store[] =
	    "INSERT INTO meta (name, value) VALUES ('born', $1)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	    " WHERE CAST(excluded.value AS BIGINT)"
	    " < CAST(meta.value AS BIGINT)";
	static const char load[] =
	    "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'born'";

	return (access == PST_DB_READ || put_number(db, store, *born, err)) &&
	    pst_db_get_number(db, load, NULL, 0, born, NULL, err);
}

static bool
load_open(struct pst_db *db, struct pst_memory *memory, int64_t *last,
    struct pst_err *err)
{
	int64_t born = INT64_MAX;
	struct pst_schema schema;

	if (!pst_schema_read(db, &schema, err))
		return false;
	/* Somebody is making the tables. */
	if (schema.version < TABLE_VERSION)
		return true;
	if (!pst_memory_file_born(db, PST_DB_READ, &born, err) ||
	    !pst_memory_file_read(db, memory, last, err))
		return false;
	pst_memory_set_born(memory, born);
	return true;
}

bool
pst_memory_file_load(const struct pst_config *config, struct pst_memory *memory,
    unsigned patience_ms, int64_t *last, struct pst_err *err)
{
	struct pst_db *db;
	bool ok;

	*last = 0;
	if (!pst_memory_file_exists(config))
		return true;
	db = pst_memory_file_open(config, PST_DB_READ, patience_ms, err);
	if (db == NULL)
		return false;
	ok = load_open(db, memory, last, err);
	pst_db_close(db);
	return ok;
}

/* Deletes rows; *deleted is how many. */
static bool
delete_old(
    struct pst_db *db, int64_t now_epoch, int64_t *deleted, struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM memory WHERE domain IN (SELECT domain FROM memory"
	    " WHERE seen_s < $1 ORDER BY seen_s LIMIT $2)";
	const struct pst_db_value values[] = {
	    pst_db_int(
		now_epoch - (int64_t)PST_MEMORY_KEEP_DAYS * PST_DAY_SECONDS),
	    pst_db_int(PRUNE_ROWS)};

	return pst_db_run(db, sql, values, PST_COUNT(values), deleted, err);
}

static bool
delete_lowest(
    struct pst_db *db, int64_t max_rows, int64_t *deleted, struct pst_err *err)
{
	static const char count_sql[] = "SELECT COUNT(*) FROM memory";
	static const char sql[] =
	    "DELETE FROM memory WHERE domain IN (SELECT domain FROM memory"
	    " ORDER BY CASE WHEN aligned_s > 0 THEN 1 ELSE 0 END, days, seen_s"
	    " LIMIT $1)";
	struct pst_db_value value;
	int64_t count;

	*deleted = 0;
	if (!pst_db_get_number(db, count_sql, NULL, 0, &count, NULL, err))
		return false;
	if (count <= max_rows)
		return true;
	value = pst_db_int(
	    count - max_rows < PRUNE_ROWS ? count - max_rows : PRUNE_ROWS);
	return pst_db_run(db, sql, &value, 1, deleted, err);
}

bool
pst_memory_file_prune(struct pst_db *db, int64_t now_epoch, int64_t max_rows,
    bool *more, struct pst_err *err)
{
	int64_t old, lowest;

	if (!begin(db, err))
		return false;
	if (!delete_old(db, now_epoch, &old, err) ||
	    !delete_lowest(db, max_rows, &lowest, err) ||
	    !pst_db_commit(db, err)) {
		pst_db_rollback(db);
		return false;
	}
	*more = old == PRUNE_ROWS || lowest == PRUNE_ROWS;
	return true;
}

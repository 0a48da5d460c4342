/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keyed_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "store/store.h"

#define MAX_SQL 256

#define MOVE_IT                                                                \
	"move it away together with the files of the same name that end in "   \
	"-wal and -shm%s; a new one will be created"

/* What is in a file. */
enum content { NOTHING, OURS, ANOTHER };

static bool
look(struct pst_keyed_file *file, enum content *out, struct pst_err *err)
{
	static const char all[] = "SELECT COUNT(*) FROM sqlite_master";
	char ours[MAX_SQL];
	int64_t count;

	*out = NOTHING;
	if (!pst_db_get_number(file->db, all, NULL, 0, &count, NULL, err))
		return false;
	if (count == 0)
		return true;
	(void)snprintf(ours, sizeof(ours),
	    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
	    " AND name IN (%s)",
	    file->kind->table_names);
	if (!pst_db_get_number(file->db, ours, NULL, 0, &count, NULL, err))
		return false;
	*out = count == file->kind->table_count ? OURS : ANOTHER;
	return true;
}

static bool
check_version(struct pst_keyed_file *file, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST(value AS BIGINT) FROM meta WHERE name = $1";
	const struct pst_keyed_kind *kind = file->kind;
	const struct pst_db_value name = pst_db_text(kind->name);
	int64_t version = 0;

	if (!pst_db_get_number(file->db, sql, &name, 1, &version, NULL, err))
		return false;
	return version == kind->version ||
	    pst_err_set(err,
		"the %s %s has version %lld, but this program knows version %d "
		"only; " MOVE_IT,
		kind->what, file->path, (long long)version, kind->version,
		kind->move);
}

bool
pst_keyed_file_damaged(
    const struct pst_keyed_kind *kind, const char *path, struct pst_err *err)
{
	return pst_err_set(err, "the %s %s is damaged; " MOVE_IT, kind->what,
	    path, kind->move);
}

static bool
read_secret(struct pst_keyed_file *file, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT value FROM meta WHERE name = 'secret'";
	bool good;

	if (!pst_db_select(file->db, sql, NULL, 0, err))
		return false;
	good = pst_db_next(file->db) &&
	    pst_hex_decode(
		pst_db_column(file->db, 0), file->secret, sizeof(file->secret));
	if (!pst_db_end(file->db, err))
		return false;
	return good || pst_keyed_file_damaged(file->kind, file->path, err);
}

/* Says what a file is that exists, without changing it. */
static bool
peek(struct pst_keyed_file *file, unsigned patience_ms, enum content *out,
    struct pst_err *err)
{
	file->db =
	    pst_db_open_sqlite(file->path, PST_DB_READ, patience_ms, err);
	if (file->db == NULL || !look(file, out, err))
		return false;
	if (*out == ANOTHER)
		return pst_err_set(err,
		    "%s is not a %s but another database; " MOVE_IT, file->path,
		    file->kind->what, file->kind->move);
	return *out == NOTHING || check_version(file, err);
}

static bool
make_tables(struct pst_keyed_file *file, struct pst_err *err)
{
	static const char secret_sql[] =
	    "INSERT INTO meta VALUES ('secret', $1) ON CONFLICT DO NOTHING";
	static const char version_sql[] =
	    "INSERT INTO meta VALUES ($1, CAST($2 AS TEXT))"
	    " ON CONFLICT DO NOTHING";
	const struct pst_keyed_kind *kind = file->kind;
	const struct pst_db_value version[] = {
	    pst_db_text(kind->name), pst_db_int(kind->version)};
	char secret[PST_STORE_ID_SIZE];
	struct pst_db_value value;

	pst_store_random_id(secret);
	value = pst_db_text(secret);
	if ((kind->prepare != NULL &&
		!pst_db_script(file->db, kind->prepare, err)) ||
	    !pst_db_begin(file->db, err))
		return false;
	return pst_db_finish(file->db,
	    pst_db_script(file->db, kind->tables, err) &&
		pst_db_run(file->db, version_sql, version, 2, NULL, err) &&
		pst_db_run(file->db, secret_sql, &value, 1, NULL, err),
	    err);
}

static bool
open_to_write(
    struct pst_keyed_file *file, unsigned patience_ms, struct pst_err *err)
{
	enum content content = NOTHING;
	struct stat st;

	/* Opening it to write would change a file of another kind. */
	if (stat(file->path, &st) == 0 && st.st_size > 0 &&
	    !peek(file, patience_ms, &content, err))
		return false;
	pst_db_close(file->db);
	file->db =
	    pst_db_open_sqlite(file->path, PST_DB_CREATE, patience_ms, err);
	return file->db != NULL &&
	    pst_db_script(file->db, file->kind->settings, err) &&
	    (content == OURS || make_tables(file, err)) &&
	    check_version(file, err);
}

static bool
open_to_read(
    struct pst_keyed_file *file, unsigned patience_ms, struct pst_err *err)
{
	const struct pst_keyed_kind *kind = file->kind;
	enum content content;
	struct stat st;

	if (stat(file->path, &st) == -1)
		return pst_err_set(err, "%s %s; the daemon creates it %s",
		    kind->missing, file->path, kind->made);
	if (!peek(file, patience_ms, &content, err))
		return false;
	return content == OURS ||
	    pst_err_set(err,
		"the %s %s is empty; the daemon makes its tables %s",
		kind->what, file->path, kind->made);
}

bool
pst_keyed_file_open(struct pst_keyed_file *file, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	bool ok;

	file->db = NULL;
	ok = access == PST_DB_READ ? open_to_read(file, patience_ms, err) :
				     open_to_write(file, patience_ms, err);
	if (ok && read_secret(file, err))
		return true;
	pst_db_close(file->db);
	file->db = NULL;
	return false;
}

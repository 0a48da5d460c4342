/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/spool.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/upload.h"

void
pst_spool_path(const struct pst_config *config, char path[PST_SPOOL_PATH_SIZE])
{
	(void)snprintf(
	    path, PST_SPOOL_PATH_SIZE, "%s-spool", config->store.path);
}

bool
pst_spool_exists(const struct pst_config *config)
{
	char path[PST_SPOOL_PATH_SIZE];

	pst_spool_path(config, path);
	return access(path, F_OK) == 0;
}

struct pst_db *
pst_spool_open(const struct pst_config *config, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	char path[PST_SPOOL_PATH_SIZE];
	struct pst_db *spool;

	pst_spool_path(config, path);
	spool = pst_db_open_private(path, access, patience_ms, err);
	if (spool == NULL ||
	    (access == PST_DB_READ ? pst_schema_check(spool, err) :
				     pst_schema_make(spool, err)))
		return spool;
	pst_db_close(spool);
	return NULL;
}

bool
pst_spool_count(
    const struct pst_config *config, int64_t *count, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST((SELECT COALESCE(SUM(n), 0) FROM record)"
	    " + (SELECT COALESCE(SUM(n), 0) FROM failure) AS BIGINT)";
	struct pst_db *spool;
	bool ok;

	*count = 0;
	if (!pst_spool_exists(config))
		return true;
	spool = pst_spool_open(config, PST_DB_READ, PST_STORE_PATIENCE_MS, err);
	if (spool == NULL)
		return false;
	ok = pst_db_get_number(spool, sql, NULL, 0, count, NULL, err);
	pst_db_close(spool);
	return ok;
}

bool
pst_spool_move(struct pst_db *spool, struct pst_db *store,
    const struct pst_config *config, bool *more, int64_t *moved,
    struct pst_err *err)
{
	/*
	 * The id of the last batch is enough: a spool has at most one batch
	 * that is closed, and the next one is closed after this one is gone.
	 */
	static const char mark[] =
	    "INSERT INTO meta (name, value) VALUES ('spool', $1)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	    " WHERE meta.value <> excluded.value";
	const struct pst_upload upload = {
	    .from = spool,
	    .to = store,
	    .mark = mark,
	    .mark_values = 1,
	    .now_s = pst_clock_epoch(&pst_clock_system),
	    .max_rows = config->store.max_rows,
	};

	return pst_upload_batch(&upload, more, moved, err);
}

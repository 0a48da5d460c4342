/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/writer_db.h"

#include "store/schema.h"
#include "store/spool.h"

#define PATIENCE_MS 2000 /* wait for a lock; a stop waits that long, too */

void
pst_writer_db_init(struct pst_writer_db *db, const struct pst_config *config,
    struct pst_writer_log log)
{
	*db = (struct pst_writer_db){.config = config, .log = log};
}

void
pst_writer_db_close(struct pst_writer_db *db)
{
	pst_db_close(db->store);
	pst_db_close(db->spool);
	db->store = db->spool = db->target = NULL;
}

/*
 * Opens the store, and the spool if it has a file. A store that only newer
 * programs may write to stays open: choose() looks at its version again.
 */
static bool
open_db(struct pst_writer_db *db, struct pst_err *err)
{
	const struct pst_config *config = db->config;
	struct pst_db *store = pst_db_open_sqlite(
	    config->store.path, PST_DB_CREATE, PATIENCE_MS, err);

	if (store == NULL)
		return false;
	if (!pst_schema_make(store, err) && !pst_schema_is_closed(store)) {
		pst_db_close(store);
		return false;
	}
	db->store = store;
	if (pst_spool_exists(config))
		db->spool =
		    pst_spool_open(config, PST_DB_WRITE, PATIENCE_MS, err);
	return db->spool != NULL || !pst_spool_exists(config);
}

/* Tells the log when rows begin to go into the spool. */
static void
note_closed(const struct pst_writer_db *db)
{
	char path[PST_SPOOL_PATH_SIZE];
	struct pst_err why, text;

	if (pst_schema_check(db->store, &why))
		return;
	pst_spool_path(db->config, path);
	(void)pst_err_set(&text, "%s: %s", path, why.text);
	db->log.call(db->log.arg, PST_WRITER_SPOOLING, text.text);
}

/* Chooses the database that rows go into now. */
static bool
choose(struct pst_writer_db *db, bool *switched, struct pst_err *err)
{
	bool closed = pst_schema_is_closed(db->store);

	if (closed && db->spool == NULL)
		db->spool =
		    pst_spool_open(db->config, PST_DB_CREATE, PATIENCE_MS, err);
	if (closed && db->spool == NULL)
		return false;
	db->target = closed ? db->spool : db->store;
	*switched = db->closed != closed;
	db->closed = closed;
	if (*switched && closed)
		note_closed(db);
	return true;
}

/* Moves a batch out of the spool if the store may be written to. */
static bool
unspool(struct pst_writer_db *db, struct pst_err *err)
{
	struct pst_err text;
	bool more;

	if (db->closed || db->spool == NULL)
		return true;
	if (!pst_spool_move(
		db->spool, db->store, db->config, &more, &db->moved, err))
		return false;
	if (more)
		return true;
	pst_db_close(db->spool);
	db->spool = NULL;
	if (db->moved > 0) {
		(void)pst_err_set(&text, "%lld", (long long)db->moved);
		db->log.call(db->log.arg, PST_WRITER_UNSPOOLED, text.text);
	}
	db->moved = 0;
	return true;
}

static bool
is_alive(const struct pst_writer_db *db)
{
	return pst_db_is_alive(db->store) &&
	    (db->spool == NULL || pst_db_is_alive(db->spool));
}

bool
pst_writer_db_ready(
    struct pst_writer_db *db, bool *switched, struct pst_err *err)
{
	*switched = false;
	if (db->store != NULL && !is_alive(db))
		pst_writer_db_close(db);
	return (db->store != NULL || open_db(db, err)) &&
	    choose(db, switched, err) && unspool(db, err);
}

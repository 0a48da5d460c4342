/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "store/open.h"
#include "store/schema.h"

/*
 * A server that goes by the user of the process (peer) knows root only by that
 * name, which usually has no account there.
 */
static void
advise_root(const struct pst_config *config, struct pst_err *err)
{
	struct pst_err why;

	if (err == NULL || geteuid() != 0 || config->user[0] == '\0' ||
	    (strstr(err->text, "Peer authentication") == NULL &&
		strstr(err->text, "\"root\"") == NULL))
		return;
	why = *err;
	(void)pst_err_set(err,
	    "%.300s; the server knows root by that name only: run the command "
	    "as the daemon's user, as in \"runuser -u %.32s -- postern ...\"",
	    why.text, config->user);
}

/* A reader does not bring the tables forward. */
static bool
open_shared(struct pst_store *store, bool read_only, struct pst_err *err)
{
	assert(pst_store_has_shared(store->config));
	store->db = pst_db_open_postgres(store->config->store.postgresql, err);
	if (store->db == NULL) {
		advise_root(store->config, err);
		return false;
	}
	if (read_only ? pst_schema_check(store->db, err) :
			pst_schema_make(store->db, err))
		return true;
	pst_store_close(store);
	return false;
}

bool
pst_store_open_shared(struct pst_store *store, struct pst_err *err)
{
	return open_shared(store, false, err);
}

bool
pst_store_open(
    struct pst_store *store, enum pst_store_use use, struct pst_err *err)
{
	static const enum pst_db_access access[] = {
	    [PST_STORE_READ] = PST_DB_READ,
	    [PST_STORE_WRITE] = PST_DB_WRITE,
	    [PST_STORE_REPORTS] = PST_DB_CREATE,
	};

	if (use != PST_STORE_WRITE && pst_store_has_shared(store->config))
		return open_shared(store, use == PST_STORE_READ, err);
	return pst_store_open_file(store, access[use], err);
}

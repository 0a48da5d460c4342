/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/open.h"

#include "store/schema.h"

bool
pst_store_has_shared(const struct pst_config *config)
{
	return config->store.postgresql[0] != '\0';
}

bool
pst_store_open_file(
    struct pst_store *store, enum pst_db_access access, struct pst_err *err)
{
	store->db = pst_db_open_sqlite(
	    store->config->store.path, access, PST_STORE_PATIENCE_MS, err);
	if (store->db == NULL)
		return false;
	if (access == PST_DB_READ ? pst_schema_check(store->db, err) :
				    pst_schema_make(store->db, err))
		return true;
	pst_store_close(store);
	return false;
}

void
pst_store_close(struct pst_store *store)
{
	pst_db_close(store->db);
	store->db = NULL;
}

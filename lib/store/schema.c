/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/schema.h"

#include <stdio.h>

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS meta ("
    " name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS lease ("
    " name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL,"
    " until_s BIGINT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS policy ("
    " day BIGINT NOT NULL, domain TEXT NOT NULL, owner TEXT NOT NULL,"
    " seen_s BIGINT NOT NULL, adkim TEXT NOT NULL, aspf TEXT NOT NULL,"
    " p TEXT NOT NULL, sp TEXT NOT NULL, np TEXT NOT NULL,"
    " testing TEXT NOT NULL, fo TEXT NOT NULL, discovery TEXT NOT NULL,"
    " rua TEXT NOT NULL, fault TEXT NOT NULL, rows_n BIGINT NOT NULL,"
    " PRIMARY KEY (day, domain, owner));"

    "CREATE TABLE IF NOT EXISTS record ("
    " day BIGINT NOT NULL, domain TEXT NOT NULL, owner TEXT NOT NULL,"
    " id TEXT NOT NULL, source_ip TEXT NOT NULL, disposition TEXT NOT NULL,"
    " dkim TEXT NOT NULL, spf TEXT NOT NULL, reason TEXT NOT NULL,"
    " comment TEXT NOT NULL, header_from TEXT NOT NULL,"
    " envelope_from TEXT NOT NULL, envelope_to TEXT NOT NULL,"
    " auth TEXT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (day, domain, owner, id));"
    "CREATE INDEX IF NOT EXISTS record_owner ON record (owner);"

    "CREATE TABLE IF NOT EXISTS batch ("
    " id TEXT NOT NULL PRIMARY KEY, gateway TEXT NOT NULL,"
    " host TEXT NOT NULL, shipped_s BIGINT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS report ("
    " id TEXT NOT NULL PRIMARY KEY, day BIGINT NOT NULL,"
    " domain TEXT NOT NULL, made_s BIGINT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS delivery ("
    " report TEXT NOT NULL, kind TEXT NOT NULL, address TEXT NOT NULL,"
    " state TEXT NOT NULL, token TEXT NOT NULL, tries BIGINT NOT NULL,"
    " next_s BIGINT NOT NULL, done_s BIGINT NOT NULL, why TEXT NOT NULL,"
    " PRIMARY KEY (report, kind, address));"
    "CREATE INDEX IF NOT EXISTS delivery_state ON delivery (state);"
    "CREATE INDEX IF NOT EXISTS delivery_token ON delivery (token);"

    "CREATE TABLE IF NOT EXISTS suppress ("
    " address TEXT NOT NULL PRIMARY KEY, since_s BIGINT NOT NULL,"
    " until_s BIGINT NOT NULL, why TEXT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS failure ("
    " id TEXT NOT NULL, owner TEXT NOT NULL, seen_s BIGINT NOT NULL,"
    " domain TEXT NOT NULL, ruf TEXT NOT NULL, fields TEXT NOT NULL,"
    " header TEXT NOT NULL, subject TEXT NOT NULL, n BIGINT NOT NULL,"
    " PRIMARY KEY (id, owner));"

    "CREATE TABLE IF NOT EXISTS feedback ("
    " id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
    " imported_s BIGINT NOT NULL, valid BIGINT NOT NULL,"
    " org TEXT NOT NULL, email TEXT NOT NULL, report_id TEXT NOT NULL,"
    " begin_s BIGINT NOT NULL, end_s BIGINT NOT NULL,"
    " domain TEXT NOT NULL, fault TEXT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS source ("
    " feedback TEXT NOT NULL, line BIGINT NOT NULL,"
    " source_ip TEXT NOT NULL, n BIGINT NOT NULL,"
    " disposition TEXT NOT NULL, dkim TEXT NOT NULL, spf TEXT NOT NULL,"
    " header_from TEXT NOT NULL, envelope_from TEXT NOT NULL,"
    " PRIMARY KEY (feedback, line));";

/* If several processes create the same table, PostgreSQL lets one succeed. */
#define MAX_TRIES 5

static bool
check_version(int64_t version, struct pst_err *err)
{
	return version == PST_SCHEMA_VERSION ||
	    pst_err_set(err,
		"the store has version %lld, but this program needs version "
		"%d; use the newer program, or another store",
		(long long)version, PST_SCHEMA_VERSION);
}

static bool
read_version(
    struct pst_db *db, int64_t *version, bool *found, struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'version'",
	    NULL, 0, version, found, err);
}

static bool
make_tables(struct pst_db *db, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO meta (name, value) VALUES ('version', $1)"
	    " ON CONFLICT (name) DO NOTHING";
	char version[12];
	struct pst_db_value value;

	(void)snprintf(version, sizeof(version), "%d", PST_SCHEMA_VERSION);
	value = pst_db_text(version);
	if (!pst_db_begin(db, err))
		return false;
	if (pst_db_script(db, tables, err) &&
	    pst_db_run(db, sql, &value, 1, NULL, err) && pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	return false;
}

bool
pst_schema_check(struct pst_db *db, struct pst_err *err)
{
	int64_t version = 0;

	return read_version(db, &version, NULL, err) &&
	    check_version(version, err);
}

bool
pst_schema_make(struct pst_db *db, struct pst_err *err)
{
	int64_t version = 0;
	bool found = false;
	int tries = 0;

	/* Check first: some users may use tables but not create them. */
	if (read_version(db, &version, &found, NULL) && found)
		return check_version(version, err);
	while (!make_tables(db, err)) {
		if (++tries == MAX_TRIES || !pst_db_is_alive(db))
			return false;
	}
	return pst_schema_check(db, err);
}

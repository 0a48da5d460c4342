/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/migrations.h"

static const char first_tables[] =
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

/*
 * What the read side selects by: open incidents in the order of their age, the
 * deliveries of one address, and the reports of one day and domain.
 */
static const char indexes[] =
    "CREATE INDEX IF NOT EXISTS failure_open"
    " ON failure (owner, seen_s, id);"
    "CREATE INDEX IF NOT EXISTS delivery_address ON delivery (address);"
    "CREATE INDEX IF NOT EXISTS report_day ON report (day, domain);";

/* What is remembered of domains (store/memory_file.h). */
static const char memory[] =
    "CREATE TABLE IF NOT EXISTS memory ("
    " domain TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL,"
    " record_s BIGINT NOT NULL, days BIGINT NOT NULL,"
    " last_day BIGINT NOT NULL, first_s BIGINT NOT NULL,"
    " aligned_s BIGINT NOT NULL, seen_s BIGINT NOT NULL,"
    " change_n BIGINT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS memory_change ON memory (change_n);"
    "CREATE INDEX IF NOT EXISTS memory_seen ON memory (seen_s);";

/*
 * What a report says of a source beyond its verdicts, and what the owner of the
 * domains says of it (store/query_sources.h).
 */
static const char source_marks[] =
    "ALTER TABLE source ADD COLUMN authenticated TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE source ADD COLUMN reasons TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE IF NOT EXISTS source_mark ("
    " source TEXT NOT NULL PRIMARY KEY, mark TEXT NOT NULL,"
    " note TEXT NOT NULL, set_s BIGINT NOT NULL);";

/* Selectors of DKIM that imported reports name (feedback/selectors.h). */
static const char source_selectors[] =
    "CREATE TABLE IF NOT EXISTS source_selector ("
    " domain TEXT NOT NULL, selector TEXT NOT NULL,"
    " days BIGINT NOT NULL, imported_s BIGINT NOT NULL,"
    " PRIMARY KEY (domain, selector));";

const struct pst_migration pst_migrations[] = {
    {.version = 1, .oldest_writer = 1, .sql = first_tables},
    {.version = 2, .oldest_writer = 1, .sql = indexes},
    {.version = 3, .oldest_writer = 1, .sql = memory},
    {.version = 4, .oldest_writer = 1, .sql = source_marks},
    {.version = 5, .oldest_writer = 1, .sql = source_selectors},
};

const size_t pst_migrations_count = PST_COUNT(pst_migrations);

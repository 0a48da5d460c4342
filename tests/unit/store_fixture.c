/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/store_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/day.h"
#include "base/macros.h"
#include "store/schema.h"

static char dir[64];

int
store_set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_store.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

int
store_tear_down(void **state)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;

	(void)state;
	while (entries != NULL && (entry = readdir(entries)) != NULL)
		(void)remove(store_path(entry->d_name));
	if (entries != NULL)
		(void)closedir(entries);
	return rmdir(dir);
}

const char *
store_path(const char *name)
{
	static char paths[4][384];
	static unsigned at;

	at = (at + 1) % 4;
	(void)snprintf(paths[at], sizeof(paths[at]), "%s/%s", dir, name);
	return paths[at];
}

struct pst_config *
store_config(const char *extra)
{
	const char *path = store_path("conf");
	FILE *file = fopen(path, "w");
	struct pst_config *config;
	struct pst_err err;

	assert_non_null(file);
	(void)fprintf(file,
	    "store { path = \"%s\" %s }\n"
	    "reports { from = \"dmarc@gw.example\" }\n",
	    store_path("db"), extra);
	assert_int_equal(fclose(file), 0);
	config = pst_config_load(path, &err);
	if (config == NULL)
		fail_msg("%s", err.text);
	return config;
}

struct pst_db *
store_open_shared(void)
{
	const char *conninfo = getenv("POSTERN_TEST_POSTGRES");
	struct pst_err err;
	struct pst_db *db;

	if (conninfo == NULL)
		return store_open("shared");
	db = pst_db_open_postgres(conninfo, &err);
	if (db == NULL || !pst_schema_make(db, &err))
		fail_msg("%s", err.text);
	return db;
}

void
store_wipe(struct pst_db *db)
{
	struct pst_err err;

	if (!pst_db_script(db,
		"DELETE FROM record; DELETE FROM policy; DELETE FROM batch;"
		"DELETE FROM failure; DELETE FROM meta WHERE name <> 'version'",
		&err))
		fail_msg("%s", err.text);
}

struct pst_db *
store_open(const char *name)
{
	struct pst_err err;
	struct pst_db *db =
	    pst_db_open_sqlite(store_path(name), PST_DB_CREATE, 0, &err);

	if (db == NULL || !pst_schema_make(db, &err))
		fail_msg("%s", err.text);
	return db;
}

/* Returns the octets of a file below tests/fixtures, followed by a NUL. */
static char *
read_fixture(const char *name, size_t *len)
{
	const char *root = getenv("POSTERN_SRCDIR");
	char path[512];
	char *octets;
	FILE *file;
	long size;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/%s",
	    root == NULL ? "." : root, name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	*len = (size_t)size;
	octets = calloc(1, *len + 1);
	assert_non_null(octets);
	assert_int_equal(fread(octets, 1, *len, file), *len);
	(void)fclose(file);
	return octets;
}

static struct pst_db *
open_patiently(const char *name)
{
	struct pst_err err;
	struct pst_db *db = pst_db_open_sqlite(
	    store_path(name), PST_DB_WRITE, PST_STORE_PATIENCE_MS, &err);

	if (db == NULL)
		fail_msg("%s", err.text);
	return db;
}

struct pst_db *
store_copy_v1(const char *name)
{
	size_t len;
	char *octets = read_fixture("store-v1.db", &len);
	FILE *file = fopen(store_path(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(octets);
	return open_patiently(name);
}

struct pst_db *
store_reopen_v1(void)
{
	const char *conninfo = getenv("POSTERN_TEST_POSTGRES");
	struct pst_err err;
	struct pst_db *db;

	if (conninfo == NULL)
		return open_patiently("v1");
	db = pst_db_open_postgres(conninfo, &err);
	if (db == NULL)
		fail_msg("%s", err.text);
	return db;
}

struct pst_db *
store_open_v1(void)
{
	struct pst_err err;
	struct pst_db *db;
	size_t len;
	char *sql;

	if (getenv("POSTERN_TEST_POSTGRES") == NULL)
		return store_copy_v1("v1");
	db = store_reopen_v1();
	sql = read_fixture("store-v1.sql", &len);
	if (!pst_db_script(db,
		"DROP TABLE IF EXISTS meta, lease, policy, record, batch,"
		" report, delivery, suppress, failure, feedback, source,"
		" memory, source_mark, source_selector",
		&err) ||
	    !pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
	free(sql);
	return db;
}

int64_t
store_number(struct pst_db *db, const char *sql)
{
	struct pst_err err;
	int64_t out = -1;

	if (!pst_db_get_number(db, sql, NULL, 0, &out, NULL, &err))
		fail_msg("%s", err.text);
	return out;
}

const char *
store_sum(struct pst_db *db)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "%lld rows, %lld messages",
	    (long long)store_number(db, "SELECT COUNT(*) FROM record"),
	    (long long)store_number(
		db, "SELECT COALESCE(SUM(n), 0) FROM record"));
	return text;
}

struct pst_report_row
store_record(unsigned number)
{
	static char addresses[16][32];
	static unsigned at;
	char *address = addresses[at = (at + 1) % 16];

	(void)snprintf(address, sizeof(addresses[0]), "10.%u.%u.%u",
	    number >> 16 & 255, number >> 8 & 255, number & 255);
	return (struct pst_report_row){
	    .day = STORE_DAY,
	    .seen_s = pst_day_begin(STORE_DAY) + 5,
	    .policy = {.domain = "example.org",
		.adkim = "r",
		.aspf = "r",
		.p = "reject",
		.sp = "reject",
		.np = "reject",
		.testing = "n",
		.fo = "0",
		.discovery = "treewalk",
		.rua = "mailto:a@example.org",
		.fault = ""},
	    .source_ip = address,
	    .disposition = "none",
	    .dkim = "pass",
	    .spf = "fail",
	    .reason = "",
	    .comment = "",
	    .header_from = "example.org",
	    .envelope_from = "example.org",
	    .envelope_to = "",
	    .auth = "dkim example.org s pass\ndkim other.example t fail\n"
		    "spf example.org fail\n",
	    .auth_short = "dkim example.org s pass\nspf example.org fail\n",
	};
}

struct pst_message
store_message(struct pst_config *config, unsigned number)
{
	static const char *rua[] = {"mailto:a@example.org"};
	static const char *ruf[] = {"mailto:f@example.org"};
	static struct pst_dkim_sig sigs[] = {
	    {.result = PST_RESULT_FAIL,
		.domain = "other.example",
		.selector = "t",
		.identity = "joe@other.example",
		.checked = true},
	};
	static struct pst_header_field fields[] = {
	    {.name = PST_STR_INIT("From"),
		.value = PST_STR_INIT(" joe@example.org"),
		.nth = 1},
	    {.name = PST_STR_INIT("X-Secret"),
		.value = PST_STR_INIT(" not quoted"),
		.nth = 1},
	    {.name = PST_STR_INIT("Subject"),
		.value = PST_STR_INIT(" hello"),
		.nth = 1},
	};
	static const struct pst_header header = {.fields = fields, .count = 3};
	struct pst_message message = {
	    .client = {.family = PST_IP_V4},
	    .client_name = "",
	    .mail_from = PST_STR("<joe@example.org>"),
	    .queue_id = "Q",
	    .authserv_id = "mx.example",
	    .header = &header,
	    .config = config,
	};
	struct pst_findings *findings = &message.findings;

	message.client.octets[0] = 10;
	message.client.octets[1] = number >> 16 & 255;
	message.client.octets[2] = number >> 8 & 255;
	message.client.octets[3] = number & 255;
	findings->mail_from = "example.org";
	findings->spf.result = PST_RESULT_NONE;
	findings->spf.domain = "example.org";
	findings->dkim.sigs = sigs;
	findings->dkim.count = PST_COUNT(sigs);
	findings->dmarc = (struct pst_dmarc){
	    .result = PST_RESULT_FAIL,
	    .author_domain = "example.org",
	    .policy_domain = "example.org",
	    .org_domain = "example.org",
	    .discovery = "treewalk",
	    .record = {.fo = "0",
		.rua = rua,
		.rua_count = 1,
		.ruf = ruf,
		.ruf_count = 1},
	};
	message.decision.rule = "dmarc-none";
	message.done = pst_done_as_decided(&message.decision);
	return message;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/macros.h"
#include "report/compose.h"
#include "store/fields.h"
#include "store/upload.h"
#include "tests/unit/store_fixture.h"

#define LIMIT 50000
#define MAX_TEXT (1U << 20)

static struct pst_arena *arena;

static int
set_up(void **state)
{
	arena = pst_arena_new();
	return store_set_up(state);
}

static int
tear_down(void **state)
{
	pst_arena_free(arena);
	return store_tear_down(state);
}

/* A row whose fields differ from each other, within each of the two tables. */
static struct pst_report_row
distinct_row(void)
{
	const struct pst_field *field = NULL;
	struct pst_report_row row;
	unsigned i = 0;

	memset(&row, 0, sizeof(row));
	while ((field = pst_field_any(field)) != NULL) {
		i++;
		if (field->kind == PST_FIELD_NUMBER)
			*pst_field_number(field, &row) = STORE_DAY + i;
		else
			*pst_field_text(field, &row) =
			    pst_arena_printf(arena, "f%u", i);
	}
	/* A report shows these as one of a few words. */
	row.policy.adkim = "s";
	row.policy.aspf = "r";
	row.policy.p = "reject";
	row.policy.sp = "quarantine";
	row.policy.np = "none";
	row.policy.testing = "y";
	row.policy.discovery = "psl";
	row.disposition = "quarantine";
	row.dkim = "pass";
	row.spf = "fail";
	row.reason = "trusted_forwarder";
	row.auth = "dkim f.example s pass\nspf f.example fail\n";
	return row;
}

/* Fails and names each field with that use which differs. */
static void
assert_same(const struct pst_report_row *seen,
    const struct pst_report_row *wanted, unsigned uses, const char *where)
{
	const struct pst_field *field = NULL;
	struct pst_report_row one = *seen, two = *wanted;
	bool ok = true;

	while ((field = pst_field_any(field)) != NULL) {
		bool same = (field->uses & uses) == 0 && uses != 0;

		if (!same && field->kind == PST_FIELD_NUMBER)
			same = *pst_field_number(field, &one) ==
			    *pst_field_number(field, &two);
		else if (!same)
			same = strcmp(*pst_field_text(field, &one),
				   *pst_field_text(field, &two)) == 0;
		if (same)
			continue;
		print_error("%s: %s differs\n", where, field->name);
		ok = false;
	}
	assert_true(ok);
}

/* Each octet of the struct belongs to one field. */
static void
test_complete(void **state)
{
	unsigned char used[sizeof(struct pst_report_row)] = {0};
	const struct pst_field *field = NULL;

	(void)state;
	while ((field = pst_field_any(field)) != NULL) {
		size_t size = field->kind == PST_FIELD_NUMBER ?
		    sizeof(int64_t) :
		    sizeof(const char *);

		for (size_t i = 0; i < size; i++)
			used[field->offset + i]++;
	}
	for (size_t i = 0; i < sizeof(used); i++) {
		if (used[i] != 1)
			fail_msg("octet %zu is in %u fields", i, used[i]);
	}
}

/* Each column of the tables has a field, except for those named here. */
static void
test_columns(void **state)
{
	static const struct {
		unsigned use;
		const char *sql;
	} tables[] = {
	    {PST_FIELD_POLICY,
		"SELECT name FROM pragma_table_info('policy')"
		" WHERE name NOT IN ('owner', 'rows_n')"},
	    {PST_FIELD_RECORD,
		"SELECT name FROM pragma_table_info('record')"
		" WHERE name NOT IN ('owner', 'id', 'n')"},
	};
	struct pst_db *db = store_open("db");
	struct pst_err err;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(tables); i++) {
		const struct pst_field *field = NULL;

		assert_true(pst_db_select(db, tables[i].sql, NULL, 0, &err));
		while ((field = pst_field_next(field, tables[i].use)) != NULL) {
			if (!pst_db_next(db))
				fail_msg(
				    "there is no column for %s", field->name);
			assert_string_equal(
			    pst_db_column(db, 0).ptr, field->name);
		}
		if (pst_db_next(db))
			fail_msg("there is no field for column %s",
			    pst_db_column(db, 0).ptr);
		assert_true(pst_db_end(db, &err));
	}
	pst_db_close(db);
}

static void
test_sql(void **state)
{
	static const char policy[] =
	    "a ({policy}, x) VALUES ({policy.values}, '') {policy.set} z";
	static const char record[] =
	    "({record}) ({record.values}) {next}, {next}";
	const char *made = pst_fields_sql(policy);

	(void)state;
	assert_string_equal(made,
	    "a (day, domain, seen_s, adkim, aspf, p, sp, np, testing, fo,"
	    " discovery, rua, fault, x) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
	    " $9, $10, $11, $12, $13, '') seen_s = excluded.seen_s,"
	    " adkim = excluded.adkim, aspf = excluded.aspf, p = excluded.p,"
	    " sp = excluded.sp, np = excluded.np, testing = excluded.testing,"
	    " fo = excluded.fo, discovery = excluded.discovery,"
	    " rua = excluded.rua, fault = excluded.fault z");
	assert_string_equal(pst_fields_sql(record),
	    "(day, domain, source_ip, disposition, dkim, spf, reason, comment,"
	    " header_from, envelope_from, envelope_to, auth) ($1, $2, $3, $4,"
	    " $5, $6, $7, $8, $9, $10, $11, $12) $13, $14");
	/* Prepared statements are looked up by this address. */
	assert_ptr_equal(pst_fields_sql(policy), made);
}

/* The ids are those of version 1: rows of before and after are merged. */
static void
test_ids(void **state)
{
	struct pst_db *v1 = store_copy_v1("v1"), *db = store_open("db");
	struct pst_report_row row;
	struct pst_err err;
	size_t count = 0;

	(void)state;
	assert_true(pst_db_begin(db, &err));
	assert_true(pst_db_select(v1,
	    pst_fields_sql("SELECT {record}, id, n FROM record"), NULL, 0,
	    &err));
	while (pst_db_next(v1)) {
		unsigned at = pst_fields_read(PST_FIELD_RECORD, v1, &row);
		const struct pst_db_value values[] = {pst_db_int(row.day),
		    pst_db_text(row.policy.domain),
		    pst_db_str(pst_db_column(v1, at)),
		    pst_db_int(pst_db_number(v1, at + 1))};
		int64_t there = 0;

		assert_true(pst_store_add(
		    db, &row, pst_db_number(v1, at + 1), LIMIT, &err));
		assert_true(pst_db_get_number(db,
		    "SELECT COUNT(*) FROM record WHERE day = $1"
		    " AND domain = $2 AND id = $3 AND n = $4",
		    values, PST_COUNT(values), &there, NULL, &err));
		if (there != 1)
			fail_msg("the row %s has another id",
			    pst_db_column(v1, at).ptr);
		count++;
	}
	assert_true(pst_db_end(v1, &err));
	assert_true(pst_db_commit(db, &err));
	assert_int_equal(count, 108);
	pst_db_close(v1);
	pst_db_close(db);
}

/* One id, written down, in case that the fixture is ever made again. */
static void
test_fixed_id(void **state)
{
	struct pst_report_row row = store_record(1);
	struct pst_db *db = store_open("db");
	struct pst_err err;

	(void)state;
	row.source_ip = "192.0.2.10";
	row.disposition = "pass";
	row.dkim = "fail";
	row.spf = "pass";
	row.header_from = row.envelope_from = "bank.example";
	row.envelope_to = "rcpt1.example";
	row.auth = "spf bank.example pass\n";
	assert_true(pst_store_add(db, &row, 1, LIMIT, &err));
	assert_int_equal(store_number(db,
			     "SELECT COUNT(*) FROM record WHERE"
			     " id = '309f3e9bb7ee37863591a8dfe8315c82'"),
	    1);
	pst_db_close(db);
}

static bool
keep(void *arg, const void *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
	return true;
}

/* Fails unless the report of the row contains each text that it shows. */
static void
check_report(struct pst_db *db, const struct pst_report_row *row)
{
	const struct pst_compose what = {.day = row->day,
	    .domain = row->policy.domain,
	    .owner = "",
	    .id = "id"};
	struct pst_config *config = store_config("");
	struct pst_composed size;
	struct pst_buf buf;
	struct pst_err err;
	const struct {
		const char *name, *text;
	} shown[] = {{"domain", row->policy.domain},
	    {"adkim", row->policy.adkim}, {"aspf", row->policy.aspf},
	    {"p", row->policy.p}, {"sp", row->policy.sp},
	    {"np", row->policy.np}, {"testing", row->policy.testing},
	    {"discovery_method", row->policy.discovery},
	    {"error", row->policy.fault}, {"source_ip", row->source_ip},
	    {"disposition", row->disposition}, {"dkim", row->dkim},
	    {"spf", row->spf}, {"type", row->reason}, {"comment", row->comment},
	    {"header_from", row->header_from},
	    {"envelope_from", row->envelope_from},
	    {"envelope_to", row->envelope_to}, {"selector", "s"}};

	pst_buf_init(&buf, arena, MAX_TEXT);
	if (!pst_compose_write(
		&(struct pst_store){
		    .config = config, .clock = &pst_clock_system, .db = db},
		&what, (struct pst_aggregate_sink){keep, &buf}, &size, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < PST_COUNT(shown); i++) {
		const char *element = pst_arena_printf(arena, "<%s>%s</%s>",
		    shown[i].name, shown[i].text, shown[i].name);

		if (strstr(pst_buf_str(&buf), element) == NULL)
			fail_msg("%s is not in %s", element, pst_buf_str(&buf));
	}
	pst_config_unref(config);
}

/* Writes the first line of `postern store export` into `line`. */
static void
export_line(char *line, int size)
{
	const char *build = getenv("POSTERN_BUILDDIR");
	const char *program =
	    pst_arena_printf(arena, "%s/postern", build == NULL ? "." : build);
	const char *option =
	    pst_arena_printf(arena, "--config=%s", store_path("conf"));
	int ends[2], status;
	FILE *out;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execl(program, "postern", "store", "export", option,
		    (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	out = fdopen(ends[0], "r");
	assert_non_null(out);
	assert_non_null(fgets(line, size, out));
	(void)fclose(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Fails unless `postern store export` prints each field of a record. */
static void
check_export(const struct pst_report_row *row)
{
	const struct pst_field *field = NULL;
	char line[4096];

	export_line(line, sizeof(line));
	while ((field = pst_field_next(field, PST_FIELD_ID)) != NULL) {
		const char *wanted = pst_arena_printf(arena, "\"%s\":\"%s\"",
		    field->name, pst_field_text_of(field, row));

		/* It is an array, which the next comparison looks into. */
		if (strcmp(field->name, "auth") == 0)
			wanted = "\"auth\":[{\"method\":\"dkim\"";
		if (strstr(line, wanted) == NULL)
			fail_msg("%s is not in %s", wanted, line);
	}
	assert_non_null(strstr(line, "\"selector\":\"s\""));
	assert_non_null(strstr(line, row->policy.domain));
	assert_non_null(strstr(line, "\"count\":3"));
}

/* Reads the row that a store has, for one use. */
static struct pst_report_row
read_back(struct pst_db *db, unsigned use)
{
	const char *sql = use == PST_FIELD_POLICY ?
	    pst_fields_sql("SELECT {policy} FROM policy") :
	    pst_fields_sql("SELECT {record} FROM record");
	struct pst_report_row row;
	struct pst_err err;

	assert_true(pst_db_select(db, sql, NULL, 0, &err));
	assert_true(pst_db_next(db));
	(void)pst_fields_read(use, db, &row);
	pst_fields_keep(arena, &row);
	assert_false(pst_db_next(db));
	assert_true(pst_db_end(db, &err));
	return row;
}

/*
 * Each field goes the whole way: a copy, INSERT, the upload, SELECT,
 * a report, the export. "other" is an older policy, which each value of the
 * newer one must replace.
 */
static void
test_round_trip(void **state)
{
	const struct pst_report_row row = distinct_row();
	struct pst_report_row other = store_record(1), kept = row, seen;
	struct pst_db *local = store_open("local"), *shared = store_open("db");
	struct pst_err err;

	(void)state;
	pst_fields_keep(arena, &kept);
	assert_same(&kept, &row, 0, "the copy");
	assert_ptr_not_equal(kept.auth, row.auth);
	other.policy.domain = row.policy.domain;
	other.day = row.day;
	other.seen_s = row.seen_s - 1;
	for (int i = 0; i < 2; i++) {
		struct pst_db *db = i == 0 ? local : shared;

		assert_true(pst_store_add(db, &other, 1, LIMIT, &err));
		if (!pst_db_script(db, "DELETE FROM record", &err))
			fail_msg("%s", err.text);
	}
	assert_true(pst_store_add(local, &kept, 3, LIMIT, &err));
	seen = read_back(local, PST_FIELD_RECORD);
	assert_same(&seen, &row, PST_FIELD_RECORD, "the record");
	seen = read_back(local, PST_FIELD_POLICY);
	assert_same(&seen, &row, PST_FIELD_POLICY, "the policy");
	if (!pst_upload_all(local, shared, 1, LIMIT, NULL, &err))
		fail_msg("%s", err.text);
	seen = read_back(shared, PST_FIELD_RECORD);
	assert_same(&seen, &row, PST_FIELD_RECORD, "the uploaded record");
	seen = read_back(shared, PST_FIELD_POLICY);
	assert_same(&seen, &row, PST_FIELD_POLICY, "the uploaded policy");
	check_report(shared, &row);
	check_export(&row);
	pst_db_close(local);
	pst_db_close(shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_complete),
	    cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
	    cmocka_unit_test(test_sql),
	    cmocka_unit_test_setup_teardown(test_ids, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_fixed_id, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

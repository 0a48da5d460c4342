/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/query.h"
#include "tests/unit/store_fixture.h"

static void
add(struct pst_db *db, int64_t day, const char *domain, unsigned number)
{
	struct pst_report_row row = store_record(number);
	struct pst_err err;

	row.day = day;
	row.policy.domain = domain;
	if (!pst_db_begin(db, &err) ||
	    !pst_store_add(db, &row, 3, 50000, &err) ||
	    !pst_db_commit(db, &err))
		fail_msg("%s", err.text);
}

static void
run(struct pst_db *db, const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static void
test_facts(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_query_facts facts;

	(void)state;
	assert_true(pst_query_facts(db, &facts, NULL));
	assert_int_equal(facts.first_day, -1);
	assert_int_equal(facts.last_day, -1);
	assert_int_equal(facts.rows, 0);
	assert_int_equal(facts.messages, 0);
	add(db, STORE_DAY, "a.example", 1);
	add(db, STORE_DAY + 2, "a.example", 2);
	add(db, STORE_DAY, "b.example", 1);
	add(db, STORE_DAY, "c.example", 1);
	/* One row is in a report, one in a batch that is not uploaded yet. */
	run(db,
	    "UPDATE record SET owner = 'r' WHERE domain = 'b.example';"
	    "UPDATE record SET owner = 'u' WHERE domain = 'c.example';"
	    "INSERT INTO batch VALUES ('u', 'g', 'h', 5);"
	    "INSERT INTO delivery VALUES"
	    " ('r', 'aggregate', 'x', 'waiting', '', 0, 0, 0, ''),"
	    " ('r', 'aggregate', 'y', 'retry', '', 0, 0, 0, ''),"
	    " ('r', 'aggregate', 'z', 'sent', '', 0, 0, 0, '');"
	    "INSERT INTO failure VALUES ('i', '', 1, 'd', '', '', '', '', 1)");
	assert_true(pst_query_facts(db, &facts, NULL));
	assert_int_equal(facts.first_day, STORE_DAY);
	assert_int_equal(facts.last_day, STORE_DAY + 2);
	assert_int_equal(facts.domains, 3);
	assert_int_equal(facts.rows, 4);
	assert_int_equal(facts.messages, 12);
	assert_int_equal(facts.open_rows, 3);
	assert_int_equal(facts.incidents, 1);
	assert_int_equal(facts.waiting_deliveries, 2);
	assert_int_equal(facts.batches, 1);
	pst_db_close(db);
}

struct seen {
	char text[1000];
	unsigned count, max;
};

static void
note_gateway(void *arg, const struct pst_query_gateway *gateway)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len,
	    "%.*s %.*s %d;", PST_STR_ARG(gateway->id),
	    PST_STR_ARG(gateway->host), (int)gateway->uploaded_s);
}

static void
test_gateways(void **state)
{
	struct pst_db *db = store_open("db");
	struct seen seen = {.max = 0};

	(void)state;
	run(db,
	    "INSERT INTO batch VALUES ('1', 'ga', 'one', 5),"
	    " ('2', 'gb', 'two', 9), ('3', 'ga', 'one', 7)");
	assert_true(pst_query_gateways(db, note_gateway, &seen, NULL));
	assert_string_equal(seen.text, "gb two 9;ga one 7;");
	pst_db_close(db);
}

static bool
note_row(void *arg, const struct pst_query_row *row)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len,
	    "%d %s %s %s %d;", (int)(row->fields.day - STORE_DAY),
	    row->fields.policy.domain, row->fields.source_ip, row->report,
	    (int)row->messages);
	assert_true(pst_str_starts(
	    pst_str(row->fields.auth), PST_STR("dkim example.org s pass\n")));
	return ++seen->count != seen->max;
}

static void
test_rows(void **state)
{
	struct seen seen = {.max = 0};
	struct pst_query_rows query = {
	    .day = -1, .domain = "", .visit = note_row, .arg = &seen};
	struct pst_db *db = store_open("db");

	(void)state;
	add(db, STORE_DAY + 1, "a.example", 3);
	add(db, STORE_DAY, "b.example", 2);
	add(db, STORE_DAY, "a.example", 1);
	run(db, "UPDATE record SET owner = 'r' WHERE domain = 'b.example'");
	assert_true(pst_query_rows(db, &query, NULL));
	assert_string_equal(seen.text,
	    "0 a.example 10.0.0.1  3;0 b.example 10.0.0.2 r 3;"
	    "1 a.example 10.0.0.3  3;");
	seen = (struct seen){.max = 1};
	query.domain = "a.example";
	assert_true(pst_query_rows(db, &query, NULL));
	assert_string_equal(seen.text, "0 a.example 10.0.0.1  3;");
	seen = (struct seen){.max = 0};
	query.day = STORE_DAY + 1;
	assert_true(pst_query_rows(db, &query, NULL));
	assert_string_equal(seen.text, "1 a.example 10.0.0.3  3;");
	pst_db_close(db);
}

static void
test_compact(void **state)
{
	struct pst_db *db = store_open("db");
	int64_t before;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		add(db, STORE_DAY, "a.example", i);
	before = store_number(db, "SELECT * FROM pragma_page_count()");
	run(db, "DELETE FROM record");
	assert_true(pst_query_compact(db, NULL));
	assert_in_range(store_number(db, "SELECT * FROM pragma_page_count()"),
	    1, before - 10);
	pst_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_facts, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_gateways, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_rows, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_compact, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

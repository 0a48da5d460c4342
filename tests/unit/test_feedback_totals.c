/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "feedback/totals.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;

static void
run(const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

/* Reports of the days 10 and 11; 5 is invalid, and 6 is a failure report. */
static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	db = store_open_shared();
	run("DELETE FROM source; DELETE FROM feedback;"
	    "INSERT INTO feedback VALUES"
	    " ('1', 'aggregate', 1, 1, 'Big', 'old@big.example', 'i',"
	    " 864000, 950399, 'a.example', ''),"
	    " ('2', 'aggregate', 1, 1, 'Big', 'new@big.example', 'j',"
	    " 950400, 1036799, 'a.example', ''),"
	    " ('3', 'aggregate', 1, 1, 'Small', 's@small.example', 'k',"
	    " 864000, 950400, 'a.example', ''),"
	    " ('5', 'aggregate', 1, 0, 'Bad', '', 'l',"
	    " 864000, 950399, 'a.example', 'no domain'),"
	    " ('6', 'failure', 1, 1, 'Big', '', '',"
	    " 864000, 950399, 'a.example', '');"
	    "INSERT INTO source (feedback, line, source_ip, n,"
	    " disposition, dkim, spf, header_from, envelope_from) VALUES"
	    " ('1', 1, '192.0.2.1', 5, 'none', 'pass', 'fail',"
	    " 'a.example', ''),"
	    " ('1', 2, '192.0.2.2', 2, 'reject', 'fail', 'fail',"
	    " 'x_y.a.example', ''),"
	    " ('2', 1, '192.0.2.1', 7, 'pass', 'fail', 'pass',"
	    " 'a.example', ''),"
	    " ('3', 1, '192.0.2.9', 20, 'quarantine', 'fail', 'fail',"
	    " 'b.example', ''),"
	    " ('3', 2, '192.0.2.9', 1, 'none', 'pass', 'pass',"
	    " 'a.example', ''),"
	    " ('5', 1, '192.0.2.9', 100, 'none', 'pass', 'pass',"
	    " 'a.example', ''),"
	    " ('6', 1, '192.0.2.9', 100, 'none', 'pass', 'pass',"
	    " 'a.example', '')");
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	return store_tear_down(state);
}

static void
add_sum(struct pst_buf *buf, const struct pst_feedback_sum *sum)
{
	pst_buf_printf(buf, " %lld %lld %lld/%lld/%lld;",
	    (long long)sum->messages, (long long)sum->passed,
	    (long long)sum->delivered, (long long)sum->quarantined,
	    (long long)sum->rejected);
}

static void
test_domains(void **state)
{
	static const struct {
		int64_t since_s;
		const char *want;
	} rows[] = {
	    {0,
		"3: b.example 1 1 20 0 0/20/0; a.example 3 2 13 13 13/0/0;"
		" x_y.a.example 1 1 2 0 0/0/2;"},
	    {950400, "2: b.example 1 1 20 0 0/20/0; a.example 2 2 8 8 8/0/0;"},
	    {1036799, "1: a.example 1 1 7 7 7/0/0;"},
	    {1036800, "0:"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].since_s)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_feedback_domains found;
		struct pst_err err = {""};
		struct pst_buf buf;

		if (!pst_feedback_domains(
			db, arena, rows[i].since_s, &found, &err))
			fail_msg("%s", err.text);
		pst_buf_init(&buf, arena, 4096);
		pst_buf_printf(&buf, "%lld:", (long long)found.all);
		for (size_t k = 0; k < found.count; k++) {
			pst_buf_printf(&buf, " %s %lld %lld",
			    found.items[k].name,
			    (long long)found.items[k].reports,
			    (long long)found.items[k].reporters);
			add_sum(&buf, &found.items[k].sum);
		}
		assert_string_equal(pst_buf_str(&buf), rows[i].want);
		pst_arena_free(arena);
	}
}

/* The list is bounded, and says how many there are. */
static void
test_many_domains(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_feedback_domains found;
	char sql[200];

	(void)state;
	for (int i = 0; i < PST_FEEDBACK_MAX_LIST + 7; i++) {
		(void)snprintf(sql, sizeof(sql),
		    "INSERT INTO source (feedback, line, source_ip, n,"
		    " disposition, dkim, spf, header_from, envelope_from)"
		    " VALUES ('1', %d, '192.0.2.1', %d,"
		    " 'none', 'pass', 'pass', 'd%d.example', '')",
		    i + 10, i + 100, i);
		run(sql);
	}
	assert_true(pst_feedback_domains(db, arena, 0, &found, NULL));
	assert_int_equal(found.all, PST_FEEDBACK_MAX_LIST + 10);
	assert_int_equal(found.count, PST_FEEDBACK_MAX_LIST);
	assert_string_equal(found.items[0].name, "d506.example");
	assert_int_equal(found.items[0].sum.messages, 606);
	pst_arena_free(arena);
}

static void
test_reporters(void **state)
{
	static const struct {
		const char *label;
		struct pst_feedback_filter filter;
		const char *want;
	} rows[] = {
	    {"all", {"", 0, 0, false},
		"2: Small s@small.example 1 950400 21 1 1/20/0;"
		" Big new@big.example 2 1036799 14 12 12/0/2;"},
	    {"domain and below", {"a.example", 0, 0, false},
		"2: Big new@big.example 2 1036799 14 12 12/0/2;"
		" Small s@small.example 1 950400 1 1 1/0/0;"},
	    {"an underscore matches itself", {"x_y.a.example", 0, 0, false},
		"1: Big new@big.example 1 950399 2 0 0/0/2;"},
	    {"no wildcard", {"%", 0, 0, false}, "0:"},
	    {"no escape", {"!", 0, 0, false}, "0:"},
	    {"later", {"", 950401, 0, false},
		"1: Big new@big.example 1 1036799 7 7 7/0/0;"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_feedback_reporters found;
		struct pst_err err = {""};
		struct pst_buf buf;

		if (!pst_feedback_reporters(
			db, arena, &rows[i].filter, &found, &err))
			fail_msg("%s", err.text);
		pst_buf_init(&buf, arena, 4096);
		pst_buf_printf(&buf, "%lld:", (long long)found.all);
		for (size_t k = 0; k < found.count; k++) {
			const struct pst_feedback_reporter *item =
			    &found.items[k];

			pst_buf_printf(&buf, " %s %s %lld %lld", item->org,
			    item->email, (long long)item->reports,
			    (long long)item->last_s);
			add_sum(&buf, &item->sum);
		}
		assert_string_equal(pst_buf_str(&buf), rows[i].want);
		pst_arena_free(arena);
	}
}

static void
test_days(void **state)
{
	static const struct {
		const char *label;
		struct pst_feedback_filter filter;
		const char *want;
	} rows[] = {
	    {"all", {"", 0, 0, false}, " 10 28 6 6/20/2; 11 7 7 7/0/0;"},
	    {"domain", {"b.example", 0, 0, false}, " 10 20 0 0/20/0;"},
	    {"later", {"", 1000000, 0, false}, " 11 7 7 7/0/0;"},
	    {"none", {"c.example", 0, 0, false}, ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_feedback_days found;
		struct pst_err err = {""};
		struct pst_buf buf;

		if (!pst_feedback_days(
			db, arena, &rows[i].filter, &found, &err))
			fail_msg("%s", err.text);
		pst_buf_init(&buf, arena, 4096);
		pst_buf_add_text(&buf, "");
		for (size_t k = 0; k < found.count; k++) {
			pst_buf_printf(
			    &buf, " %lld", (long long)found.items[k].day);
			add_sum(&buf, &found.items[k].sum);
		}
		assert_string_equal(pst_buf_str(&buf), rows[i].want);
		pst_arena_free(arena);
	}
}

/* Any day can be in a report; the latest ones are shown. */
static void
test_many_days(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_feedback_filter filter = {"", 0, 0, false};
	struct pst_feedback_days found;
	char sql[300];

	(void)state;
	for (int i = 0; i < PST_FEEDBACK_MAX_DAYS; i++) {
		(void)snprintf(sql, sizeof(sql),
		    "INSERT INTO feedback VALUES ('d%d', 'aggregate', 1, 1,"
		    " 'X', '', '', 0, %d, 'a.example', '');"
		    "INSERT INTO source (feedback, line, source_ip, n,"
		    " disposition, dkim, spf, header_from, envelope_from) VALUES ('d%d', 1, '192.0.2.1', 1,"
		    " 'none', 'pass', 'pass', 'a.example', '')",
		    i, (20 + i) * 86400, i);
		run(sql);
	}
	assert_true(pst_feedback_days(db, arena, &filter, &found, NULL));
	assert_int_equal(found.count, PST_FEEDBACK_MAX_DAYS);
	assert_int_equal(found.items[0].day, 19);
	assert_int_equal(
	    found.items[found.count - 1].day, 19 + PST_FEEDBACK_MAX_DAYS - 1);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_domains, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_many_domains, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reporters, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_days, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_many_days, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

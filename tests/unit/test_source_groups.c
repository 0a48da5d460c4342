/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "feedback/source_groups.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define DAY 20780 /* 2026-11-23, a Monday */
#define AT(day) ((int64_t)(day)*PST_DAY_SECONDS)

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;

static void
run(const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static void
wipe(void)
{
	run("DELETE FROM source; DELETE FROM feedback");
}

/* A report of that day, which ends a second before the next one. */
static void
add_report(const char *id, int64_t day, const char *org)
{
	char sql[400];

	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO feedback VALUES ('%s', 'aggregate', 1, 1, '%s', '',"
	    " 'i', %lld, %lld, 'a.example', '')",
	    id, org, (long long)AT(day), (long long)AT(day + 1) - 1);
	run(sql);
}

/* A row; values is the rest of it: from the address to the identifiers. */
static void
add_row(const char *id, int line, const char *values)
{
	char sql[500];

	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO source (feedback, line, source_ip, n, disposition,"
	    " dkim, spf, header_from, authenticated, envelope_from, reasons)"
	    " VALUES ('%s', %d, %s, '', '')",
	    id, line, values);
	run(sql);
}

/* Four days of two receivers; 'bad' is invalid, and 'fail' a failure report. */
static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	db = store_open_shared();
	wipe();
	add_report("1", DAY - 2, "Big");
	add_report("2", DAY - 1, "Small");
	add_report("3", DAY, "Big");
	add_row("1", 1,
	    "'192.0.2.1', 5, 'none', 'pass', 'pass', 'a.example',"
	    " 'dkim:a.example spf:a.example spf:m.example'");
	add_row("1", 2,
	    "'198.51.100.7', 2, 'reject', 'fail', 'fail', 'x.a.example',"
	    " 'spf:evil.example'");
	add_row("2", 1,
	    "'192.0.2.1', 7, 'none', 'fail', 'pass', 'a.example',"
	    " 'spf:a.example'");
	add_row("2", 2,
	    "'2001:db8::1', 30, 'quarantine', 'fail', 'fail', 'b.example',"
	    " ''");
	add_row("3", 1,
	    "'192.0.2.9', 1, 'none', 'pass', 'fail', 'a.example',"
	    " 'dkim:a.example'");
	add_row("3", 2,
	    "'2001:db8::2', 3, 'reject', 'fail', 'fail', 'a.example', ''");
	run("INSERT INTO feedback SELECT 'bad', kind, 1, 0, org, '', 'b',"
	    " begin_s, end_s, domain, 'no domain' FROM feedback WHERE id = '3';"
	    "INSERT INTO feedback SELECT 'fail', 'failure', 1, 1, org, '', 'f',"
	    " begin_s, end_s, domain, '' FROM feedback WHERE id = '3'");
	add_row("bad", 1,
	    "'192.0.2.1', 100, 'none', 'pass', 'fail', 'a.example', ''");
	add_row("fail", 1,
	    "'192.0.2.1', 100, 'none', 'pass', 'fail', 'a.example', ''");
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	return store_tear_down(state);
}

/* All of both domains, of all days. */
static const struct pst_source_groups_request all = {.filter = {.domain = ""},
    .by = PST_SOURCE_BY_SOURCE,
    .max_rows = 1000,
    .max_groups = 1000};

static void
read_groups(struct pst_arena *arena,
    const struct pst_source_groups_request *request,
    struct pst_source_groups *out)
{
	struct pst_err err = {""};

	if (!pst_source_groups(db, arena, request, out, &err))
		fail_msg("%s", err.text);
}

static void
add_group(struct pst_buf *buf, const struct pst_source_group *group)
{
	pst_buf_printf(buf, " %s %lld=%lld/%lld/%lld,%lld/%lld;", group->key,
	    (long long)group->messages, (long long)group->passed,
	    (long long)group->dkim, (long long)group->spf,
	    (long long)group->quarantined, (long long)group->rejected);
}

/* ---- words ---- */

static void
test_words(void **state)
{
	static const struct {
		const char *word;
		bool want;
		enum pst_source_by by;
		bool is_date;
	} rows[] = {
	    {"day", true, PST_SOURCE_BY_DAY, true},
	    {"week", true, PST_SOURCE_BY_WEEK, true},
	    {"source", true, PST_SOURCE_BY_SOURCE, false},
	    {"network", true, PST_SOURCE_BY_NETWORK, false},
	    {"receiver", true, PST_SOURCE_BY_RECEIVER, false},
	    {"authenticated-domain", true, PST_SOURCE_BY_AUTHENTICATED, false},
	    {"", false, PST_SOURCE_BY_DAY, false},
	    {"Day", false, PST_SOURCE_BY_DAY, false},
	    {"days", false, PST_SOURCE_BY_DAY, false},
	    {"authenticated", false, PST_SOURCE_BY_DAY, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].word) {
		enum pst_source_by by = PST_SOURCE_BY_DAY;

		assert_int_equal(
		    pst_source_by_parse(rows[i].word, &by), rows[i].want);
		if (!rows[i].want)
			continue;
		assert_int_equal(by, rows[i].by);
		assert_string_equal(pst_source_by_word(by), rows[i].word);
		assert_int_equal(pst_source_by_is_date(by), rows[i].is_date);
	}
}

/* ---- groups ---- */

static void
test_groups(void **state)
{
	static const struct {
		enum pst_source_by by;
		const char *domain;
		const char *want;
	} rows[] = {
	    {PST_SOURCE_BY_SOURCE, "",
		" 2001:db8::1 30=0/0/0,30/0; 192.0.2.1 12=12/5/12,0/0;"
		" 2001:db8::2 3=0/0/0,0/3; 198.51.100.7 2=0/0/0,0/2;"
		" 192.0.2.9 1=1/1/0,0/0; total 48=13/6/12,30/5;"},
	    {PST_SOURCE_BY_NETWORK, "",
		" 2001:db8::/64 33=0/0/0,30/3; 192.0.2.0/24 13=13/6/12,0/0;"
		" 198.51.100.0/24 2=0/0/0,0/2; total 48=13/6/12,30/5;"},
	    {PST_SOURCE_BY_RECEIVER, "",
		" Small 37=7/0/7,30/0; Big 11=6/6/5,0/5;"
		" total 48=13/6/12,30/5;"},
	    {PST_SOURCE_BY_DAY, "",
		" 2026-11-21 7=5/5/5,0/2; 2026-11-22 37=7/0/7,30/0;"
		" 2026-11-23 4=1/1/0,0/3; total 48=13/6/12,30/5;"},
	    {PST_SOURCE_BY_WEEK, "",
		" 2026-11-16 44=12/5/12,30/2; 2026-11-23 4=1/1/0,0/3;"
		" total 48=13/6/12,30/5;"},
	    /* a.example counts once in a row that has it twice. */
	    {PST_SOURCE_BY_AUTHENTICATED, "",
		" (none) 33=0/0/0,30/3; a.example 13=13/6/12,0/0;"
		" m.example 5=5/5/5,0/0; evil.example 2=0/0/0,0/2;"
		" total 48=13/6/12,30/5;"},
	    {PST_SOURCE_BY_SOURCE, "a.example",
		" 192.0.2.1 12=12/5/12,0/0; 2001:db8::2 3=0/0/0,0/3;"
		" 198.51.100.7 2=0/0/0,0/2; 192.0.2.9 1=1/1/0,0/0;"
		" total 18=13/6/12,0/5;"},
	    {PST_SOURCE_BY_SOURCE, "x.a.example",
		" 198.51.100.7 2=0/0/0,0/2; total 2=0/0/0,0/2;"},
	    {PST_SOURCE_BY_SOURCE, "c.example", " total 0=0/0/0,0/0;"},
	};

	(void)state;
	for (unsigned any_order = 0; any_order < 2; any_order++) {
		FOR_ROWS(i, rows, rows[i].want) {
			struct pst_arena *arena = pst_arena_new();
			struct pst_source_groups_request request = all;
			struct pst_source_groups found;
			struct pst_buf buf;

			request.by = rows[i].by;
			request.filter.domain = rows[i].domain;
			request.any_order = any_order == 1;
			read_groups(arena, &request, &found);
			pst_buf_init(&buf, arena, 4096);
			for (size_t k = 0; k < found.count; k++) {
				add_group(&buf, &found.items[k]);
				assert_null(found.items[k].by_day);
			}
			add_group(&buf, &found.total);
			assert_string_equal(pst_buf_str(&buf), rows[i].want);
			assert_int_equal(found.invalid, 1);
			assert_false(found.cut);
			assert_false(found.too_many);
			pst_arena_free(arena);
		}
	}
}

static void
test_period(void **state)
{
	static const struct {
		int64_t since_s, until_s;
		int64_t reports, messages;
	} rows[] = {
	    {0, 0, 3, 48},
	    {AT(DAY), 0, 1, 4},
	    {AT(DAY) - 1, 0, 2, 41},
	    {0, AT(DAY), 2, 44},
	    {0, AT(DAY) + 1, 3, 48},
	    {AT(DAY - 1), AT(DAY), 1, 37},
	    {AT(DAY + 1), 0, 0, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].messages)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_source_groups_request request = all;
		struct pst_source_groups found;

		request.filter.since_s = rows[i].since_s;
		request.filter.until_s = rows[i].until_s;
		read_groups(arena, &request, &found);
		assert_int_equal(found.reports, rows[i].reports);
		assert_int_equal(found.total.messages, rows[i].messages);
		pst_arena_free(arena);
	}
}

static void
test_bounds(void **state)
{
	static const struct {
		size_t max_rows, max_groups;
		bool any_order, cut, too_many;
		size_t count;
		int64_t messages; /* -1: that is not known */
	} rows[] = {
	    {6, 5, false, false, false, 5, 48},
	    {6, 5, true, false, false, 5, 48},
	    {5, 5, false, true, false, 5, 43},
	    {5, 5, true, true, false, 0, -1},
	    {2, 5, false, true, false, 2, 4},
	    {6, 4, false, false, true, 0, 0},
	    {6, 4, true, false, true, 0, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(i)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_source_groups_request request = all;
		struct pst_source_groups found;

		request.max_rows = rows[i].max_rows;
		request.max_groups = rows[i].max_groups;
		request.any_order = rows[i].any_order;
		read_groups(arena, &request, &found);
		assert_int_equal(found.cut, rows[i].cut);
		assert_int_equal(found.too_many, rows[i].too_many);
		if (!rows[i].too_many && rows[i].messages >= 0) {
			assert_int_equal(found.count, rows[i].count);
			assert_int_equal(
			    found.total.messages, rows[i].messages);
		}
		if (rows[i].messages == -1)
			assert_in_range(found.total.messages, 18, 47);
		pst_arena_free(arena);
	}
}

/* More groups than the first table has room for, in any order of arrival. */
static void
test_many(void **state)
{
	enum { MANY = 3000 };
	struct pst_arena *arena = pst_arena_new();
	struct pst_source_groups_request request = all;
	struct pst_source_groups found;

	(void)state;
	wipe();
	add_report("1", DAY, "Big");
	run("BEGIN");
	for (int i = 0; i < MANY; i++) {
		char values[200];

		(void)snprintf(values, sizeof(values),
		    "'10.0.%d.%d', %d, 'none', 'pass', 'fail', 'a.example',"
		    " ''",
		    i % MANY / 250, i % 250, 1 + i * 7 % MANY);
		add_row("1", i + 1, values);
	}
	run("COMMIT");
	request.max_rows = MANY;
	request.max_groups = MANY;
	read_groups(arena, &request, &found);
	assert_int_equal(found.count, MANY);
	assert_int_equal(found.total.messages, (int64_t)MANY * (MANY + 1) / 2);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(found.items[i].messages, MANY - i);
	pst_arena_free(arena);
}

/* ---- trends ---- */

static void
test_trends(void **state)
{
	static const struct {
		int64_t first_day;
		size_t days, trends;
		const char *want;
	} rows[] = {
	    {DAY - 2, 3, 5,
		"2001:db8::1 0 30 0; 192.0.2.1 5 7 0; 2001:db8::2 0 0 3;"
		" 198.51.100.7 2 0 0; 192.0.2.9 0 0 1; "},
	    {DAY - 1, 1, 5,
		"2001:db8::1 30; 192.0.2.1 7; 2001:db8::2 0;"
		" 198.51.100.7 0; 192.0.2.9 0; "},
	    {DAY - 1, 1, 2, "2001:db8::1 30; 192.0.2.1 7; "},
	    {DAY - 1, 0, 5, ""},
	    {DAY - 1, 1, 0, ""},
	    {DAY - 1, PST_SOURCE_TREND_DAYS + 1, 5, ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(i)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_source_groups_request request = all;
		struct pst_source_groups found;
		struct pst_buf buf;

		request.first_day = rows[i].first_day;
		request.days = rows[i].days;
		request.trends = rows[i].trends;
		read_groups(arena, &request, &found);
		assert_int_equal(found.count, 5);
		pst_buf_init(&buf, arena, 4096);
		for (size_t k = 0; k < found.count; k++) {
			const struct pst_source_group *one = &found.items[k];

			if (one->by_day == NULL)
				continue;
			pst_buf_add_text(&buf, one->key);
			for (size_t n = 0; n < rows[i].days; n++)
				pst_buf_printf(&buf, " %llu",
				    (unsigned long long)one->by_day[n]);
			pst_buf_add_text(&buf, "; ");
		}
		assert_string_equal(pst_buf_str(&buf), rows[i].want);
		pst_arena_free(arena);
	}
}

/* A group whose days come in turns has the same sums. */
static void
test_trend_order(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_source_groups_request request = all;
	struct pst_source_groups found;

	(void)state;
	wipe();
	for (int i = 0; i < 40; i++) {
		char id[20];

		(void)snprintf(id, sizeof(id), "r%d", i);
		add_report(id, DAY + i % 4, "Big");
		add_row(id, 1,
		    "'192.0.2.1', 3, 'none', 'pass', 'fail', 'a.example', ''");
	}
	request.first_day = DAY;
	request.days = 4;
	request.trends = 1;
	request.any_order = true;
	read_groups(arena, &request, &found);
	assert_int_equal(found.count, 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(found.items[0].by_day[i], 30);
	pst_arena_free(arena);
}

/* ---- the newest reports ---- */

static void
test_newest(void **state)
{
	static const struct {
		size_t max_rows;
		int64_t since_s, until_s;
		bool later;
		int64_t want_s;
	} rows[] = {
	    {6, 0, 0, false, 0},
	    {6, 77, 0, false, 77},
	    {5, 0, 0, true, AT(DAY) - 1},
	    {4, 0, 0, true, AT(DAY) - 1},
	    {3, 0, 0, true, AT(DAY + 1) - 1},
	    {2, 0, 0, true, AT(DAY + 1) - 1},
	    /* What ends in the same second stays together. */
	    {1, 0, 0, true, AT(DAY + 1) - 1},
	    {2, AT(DAY), 0, false, AT(DAY)},
	    {2, 0, AT(DAY), true, AT(DAY) - 1},
	    {4, 0, AT(DAY), false, 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].max_rows)) {
		struct pst_feedback_filter filter = {.domain = "",
		    .since_s = rows[i].since_s,
		    .until_s = rows[i].until_s};
		struct pst_err err = {""};
		bool later = !rows[i].later;

		if (!pst_source_groups_newest(
			db, &filter, rows[i].max_rows, &later, &err))
			fail_msg("%s", err.text);
		assert_int_equal(later, rows[i].later);
		assert_int_equal(filter.since_s, rows[i].want_s);
		assert_int_equal(filter.until_s, rows[i].until_s);
	}
}

/* More reports than it looks at first, with more and more rows in older ones. */
static void
test_newest_many(void **state)
{
	enum { MANY = 2500 };
	static const struct {
		size_t max_rows;
		int64_t want; /* reports */
	} rows[] = {
	    {10, 10},
	    {499, 499},
	    {500, 500},
	    {501, 501},
	    {1000, 1000},
	    /* 2 rows in each of those that are older than 1200 */
	    {1400, 1300},
	    {3798, 2499},
	    {3800, 2500},
	};

	(void)state;
	wipe();
	run("BEGIN");
	for (int i = 0; i < MANY; i++) {
		char id[20];

		(void)snprintf(id, sizeof(id), "r%d", i);
		add_report(id, DAY - i, "Big");
		for (int line = 1; line <= (i < 1200 ? 1 : 2); line++)
			add_row(id, line,
			    "'192.0.2.1', 1, 'none', 'pass', 'fail',"
			    " 'a.example', ''");
	}
	run("COMMIT");
	FOR_ROWS(i, rows, rows_number(rows[i].max_rows)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_source_groups_request request = all;
		struct pst_source_groups found;
		struct pst_err err = {""};
		bool later = false;

		request.max_rows = rows[i].max_rows;
		request.any_order = true;
		if (!pst_source_groups_newest(
			db, &request.filter, request.max_rows, &later, &err))
			fail_msg("%s", err.text);
		assert_int_equal(later, rows[i].want < MANY);
		read_groups(arena, &request, &found);
		assert_int_equal(found.reports, rows[i].want);
		assert_false(found.cut);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_period, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_trends, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_trend_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_newest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_newest_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

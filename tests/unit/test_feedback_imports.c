/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/imports.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define DAY INT64_C(86400)

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;

static int
set_up(void **state)
{
	struct pst_err err;

	if (store_set_up(state) != 0)
		return -1;
	db = store_open_shared();
	if (!pst_db_script(
		db, "DELETE FROM source; DELETE FROM feedback", &err))
		fail_msg("%s", err.text);
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	return store_tear_down(state);
}

static struct pst_feedback_row
row_of(const char *ip, int64_t count, const char *words, const char *from)
{
	struct pst_feedback_row row;

	pst_feedback_row_init(&row);
	row.source_ip = ip;
	row.count = count;
	row.header_from = from;
	/* 'p' or 'f' for DKIM and for SPF, then the disposition's letter. */
	row.dkim = words[0] == 'p' ? "pass" : "fail";
	row.spf = words[1] == 'p' ? "pass" : "fail";
	row.disposition = words[2] == 'n' ? "none" :
	    words[2] == 'p'               ? "pass" :
	    words[2] == 'q'               ? "quarantine" :
					    "reject";
	return row;
}

static struct pst_feedback
report_of(const char *id, int64_t day, struct pst_feedback_row *rows)
{
	struct pst_feedback report;

	pst_feedback_init(&report);
	report.org = "Org";
	report.report_id = id;
	report.domain = "example.org";
	report.begin_s = day * DAY;
	report.end_s = day * DAY + DAY - 1;
	report.rows = rows;
	return report;
}

static enum pst_feedback_added
add(const struct pst_feedback *report)
{
	struct pst_clock clock = pst_clock_manual(100 * DAY);
	const struct pst_store store = {.clock = &clock, .db = db};
	enum pst_feedback_added added;
	struct pst_err err;

	if (!pst_feedback_add(&store, report, &added, &err))
		fail_msg("%s", err.text);
	return added;
}

/* "reports/invalid: ip messages dkim spf passed d/q/r failures days from;" */
static void
expect(const char *domain, int64_t since_day, const char *wanted)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_feedback_filter filter = {
	    .domain = domain, .since_s = since_day * DAY};
	struct pst_feedback_sources found;
	struct pst_err err;
	struct pst_buf buf;

	if (!pst_feedback_sources(db, arena, &filter, &found, &err))
		fail_msg("%s", err.text);
	pst_buf_init(&buf, arena, 65536);
	pst_buf_printf(&buf, "%lld/%lld:", (long long)found.reports,
	    (long long)found.invalid);
	for (size_t i = 0; i < found.count; i++) {
		const struct pst_feedback_source *s = &found.sources[i];

		pst_buf_printf(&buf,
		    " %s %lld %lld %lld %lld %lld/%lld/%lld %lld %lld-%lld",
		    s->ip, (long long)s->messages, (long long)s->dkim,
		    (long long)s->spf, (long long)s->passed,
		    (long long)s->delivered, (long long)s->quarantined,
		    (long long)s->rejected, (long long)s->failures,
		    (long long)(s->begin_s / DAY), (long long)(s->end_s / DAY));
		for (size_t k = 0; k < s->domain_count; k++)
			pst_buf_printf(&buf, " %s", s->domains[k]);
		pst_buf_add_char(&buf, ';');
	}
	if (strcmp(pst_buf_str(&buf), wanted) != 0)
		fail_msg("\"%s\", not \"%s\"", buf.ptr, wanted);
	pst_arena_free(arena);
}

static void
test_idempotent(void **state)
{
	struct pst_feedback_row row =
	    row_of("192.0.2.1", 2, "pfn", "example.org");
	struct pst_feedback report = report_of("1", 10, &row);

	(void)state;
	expect("", 0, "0/0:");
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	expect("", 0, "1/0: 192.0.2.1 2 2 0 2 2/0/0 0 10-10 example.org;");
	/* Another id, sender, domain or period is another report. */
	report.report_id = "2";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	report.org = "Org 2";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	report.domain = "example.com";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	report.end_s++;
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	expect("", 0, "5/0: 192.0.2.1 10 10 0 10 10/0/0 0 10-11 example.org;");
}

/* A report without an id is identified by its content. */
static void
test_no_id(void **state)
{
	struct pst_feedback_row row =
	    row_of("192.0.2.1", 2, "pfn", "example.org");
	struct pst_feedback report = report_of("", 10, &row);

	(void)state;
	report.fault = "report_id is missing";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	row.count = 3;
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	row.dkim = "";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	expect("", 0, "0/3:");
}

/* An invalid report is kept, but not counted. A valid copy replaces it. */
static void
test_invalid(void **state)
{
	struct pst_feedback_row rows[] = {
	    row_of("192.0.2.1", 2, "ppn", "example.org"),
	    row_of("host", 5, "ppn", "example.org"),
	    row_of("192.0.2.2", 0, "ppn", "example.org")};
	struct pst_feedback report = report_of("1", 10, rows);

	(void)state;
	rows[0].next = &rows[1];
	rows[1].next = &rows[2];
	report.fault = "record 2: source_ip is not an address";
	assert_int_equal(add(&report), PST_FEEDBACK_NEW);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	assert_int_equal(store_number(db, "SELECT COUNT(*) FROM source"), 1);
	expect("", 0, "0/1:");
	rows[0].next = NULL;
	rows[0].count = 7;
	report.fault = "";
	assert_int_equal(add(&report), PST_FEEDBACK_BETTER);
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	report.fault = "the XML is broken or cut short at line 3";
	assert_int_equal(add(&report), PST_FEEDBACK_KNOWN);
	expect("", 0, "1/0: 192.0.2.1 7 7 7 7 7/0/0 0 10-10 example.org;");
}

static void
test_sources(void **state)
{
	struct pst_feedback_row first[] = {
	    row_of("192.0.2.1", 1, "ppn", "example.org"),
	    row_of("2001:db8::1", 10, "ffr", "mail.example.org"),
	    row_of("192.0.2.1", 4, "fpp", "mail.example.org")};
	struct pst_feedback_row second[] = {
	    row_of("192.0.2.1", 8, "pfq", "example.org"),
	    row_of("192.0.2.9", 1, "fff", "notexample.org")};
	struct pst_feedback_row failure =
	    row_of("192.0.2.9", 3, "ffr", "example.org");
	struct pst_feedback report = report_of("1", 10, first);

	(void)state;
	first[0].next = &first[1];
	first[1].next = &first[2];
	second[0].next = &second[1];
	(void)add(&report);
	report = report_of("2", 12, second);
	(void)add(&report);
	report = report_of("3", 11, &failure);
	report.kind = PST_FEEDBACK_FAILURE;
	(void)add(&report);
	report.kind = PST_FEEDBACK_ABUSE;
	(void)add(&report);
	expect("", 0,
	    "3/0: 192.0.2.1 13 9 5 13 5/8/0 0 10-12 example.org "
	    "mail.example.org; "
	    "2001:db8::1 10 0 0 0 0/0/10 0 10-10 mail.example.org; "
	    "192.0.2.9 1 0 0 0 0/0/1 3 11-12 notexample.org example.org;");
	expect("example.org", 0,
	    "3/0: 192.0.2.1 13 9 5 13 5/8/0 0 10-12 example.org "
	    "mail.example.org; "
	    "2001:db8::1 10 0 0 0 0/0/10 0 10-10 mail.example.org; "
	    "192.0.2.9 0 0 0 0 0/0/0 3 11-11 example.org;");
	expect("mail.example.org", 0,
	    "1/0: 2001:db8::1 10 0 0 0 0/0/10 0 10-10 mail.example.org; "
	    "192.0.2.1 4 0 4 4 4/0/0 0 10-10 mail.example.org;");
	expect("example.org", 12,
	    "1/0: 192.0.2.1 8 8 0 8 0/8/0 0 12-12 example.org;");
	expect("example.org", 13, "0/0:");
	expect("mail_example.org", 0, "0/0:");
	expect("org", 11,
	    "2/0: 192.0.2.1 8 8 0 8 0/8/0 0 12-12 example.org; "
	    "192.0.2.9 1 0 0 0 0/0/1 3 11-12 notexample.org example.org;");
}

/* The other ends of a filter: until a time, and aggregate reports only. */
static void
test_count(void **state)
{
	static const struct {
		struct pst_feedback_filter filter;
		int64_t reports, messages;
	} rows[] = {
	    {{"", 0, 0, false}, 3, 5},
	    {{"", 0, 0, true}, 2, 5},
	    {{"", 0, 12 * DAY, false}, 2, 1},
	    {{"", 0, 12 * DAY + 1, true}, 2, 5},
	    {{"", 11 * DAY, 12 * DAY, true}, 0, 0},
	    {{"x.example", 0, 0, false}, 0, 0},
	};
	struct pst_arena *arena = pst_arena_new();
	struct pst_feedback_row row =
	    row_of("192.0.2.1", 1, "ppn", "example.org");
	struct pst_feedback report = report_of("1", 10, &row);

	(void)state;
	(void)add(&report);
	report = report_of("2", 12, &row);
	row.count = 4;
	(void)add(&report);
	report = report_of("3", 11, &row);
	report.kind = PST_FEEDBACK_FAILURE;
	(void)add(&report);
	FOR_ROWS(i, rows, rows_number(rows[i].filter.until_s)) {
		struct pst_feedback_sources found, counted = {.count = 0};
		struct pst_err err;
		int64_t sum = 0;

		if (!pst_feedback_sources(
			db, arena, &rows[i].filter, &found, &err) ||
		    !pst_feedback_count(
			db, arena, &rows[i].filter, &counted, &err))
			fail_msg("%s", err.text);
		for (size_t k = 0; k < found.count; k++)
			sum += found.sources[k].messages;
		assert_int_equal(found.reports, rows[i].reports);
		assert_int_equal(counted.reports, rows[i].reports);
		assert_int_equal(sum, rows[i].messages);
	}
	pst_arena_free(arena);
}

/* At most PST_FEEDBACK_MAX_DOMAINS are named, but all are counted. */
static void
test_many_domains(void **state)
{
	struct pst_feedback_row rows[PST_FEEDBACK_MAX_DOMAINS + 3];
	char names[PST_FEEDBACK_MAX_DOMAINS + 3][32];
	struct pst_feedback report = report_of("1", 10, rows);
	struct pst_arena *arena = pst_arena_new();
	const struct pst_feedback_filter all = {.domain = ""};
	struct pst_feedback_sources found;
	size_t count = PST_COUNT(rows);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "d%zu.example", i);
		rows[i] = row_of("192.0.2.1", (int64_t)i + 1, "ppn", names[i]);
		if (i > 0)
			rows[i - 1].next = &rows[i];
	}
	(void)add(&report);
	assert_true(pst_feedback_sources(db, arena, &all, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.sources[0].domain_count, count);
	assert_string_equal(found.sources[0].domains[0], names[count - 1]);
	assert_string_equal(
	    found.sources[0].domains[PST_FEEDBACK_MAX_DOMAINS - 1], names[3]);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_idempotent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_id, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_invalid, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_many_domains, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

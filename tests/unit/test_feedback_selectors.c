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

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/extract.h"
#include "feedback/imports.h"
#include "feedback/selectors.h"
#include "store/query_sources.h"
#include "store/schema.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define DAY INT64_C(86400)
#define MAX_TEXT 65536

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;
static struct pst_arena *arena;
static unsigned reports; /* that were made, for their ids */

static int
set_up(void **state)
{
	struct pst_err err;

	if (store_set_up(state) != 0)
		return -1;
	arena = pst_arena_new();
	db = store_open_shared();
	if (!pst_db_script(db,
		"DELETE FROM source; DELETE FROM feedback;"
		"DELETE FROM source_selector",
		&err))
		fail_msg("%s", err.text);
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	pst_arena_free(arena);
	return store_tear_down(state);
}

/* ---- reports ---- */

/* Adds "DOMAIN/SELECTOR=RESULT", or "spf:..." for SPF. */
static void
sign(struct pst_feedback_row *row, const char *text)
{
	struct pst_feedback_auth *auth = pst_arena_alloc(arena, sizeof(*auth));
	struct pst_feedback_auth **end = &row->auths;
	bool is_spf = strncmp(text, "spf:", 4) == 0;
	char *at = pst_arena_strdup(arena, is_spf ? text + 4 : text);
	char *selector = strchr(at, '/'), *result;

	*selector++ = '\0';
	result = strrchr(selector, '=');
	*result++ = '\0';
	*auth = (struct pst_feedback_auth){.is_spf = is_spf,
	    .domain = at,
	    .selector = selector,
	    .scope = "",
	    .result = result,
	    .human_result = ""};
	while (*end != NULL)
		end = &(*end)->next;
	*end = auth;
}

static struct pst_feedback_row *
row_of(const char *from, const char *signatures)
{
	struct pst_feedback_row *row = pst_arena_alloc(arena, sizeof(*row));
	struct pst_str rest = pst_str(signatures), part;
	bool more = rest.len > 0;

	pst_feedback_row_init(row);
	row->source_ip = "192.0.2.1";
	row->count = 1;
	row->disposition = "none";
	row->dkim = row->spf = "pass";
	row->header_from = from;
	while (more && pst_str_split(&rest, ' ', &part, &more))
		sign(row, pst_arena_memdup(arena, part.ptr, part.len));
	return row;
}

static struct pst_feedback
report_of(struct pst_feedback_row *row)
{
	struct pst_feedback report;

	pst_feedback_init(&report);
	report.org = "Org";
	report.report_id = pst_arena_printf(arena, "%u", ++reports);
	report.domain = "example.org";
	report.begin_s = 10 * DAY;
	report.end_s = 11 * DAY;
	report.rows = row;
	return report;
}

static enum pst_feedback_added
add_to(struct pst_db *to, const struct pst_feedback *report, int64_t now_s)
{
	struct pst_clock clock = pst_clock_manual(now_s);
	const struct pst_store store = {.clock = &clock, .db = to};
	enum pst_feedback_added added;
	struct pst_err err;

	if (!pst_feedback_add(&store, report, &added, &err))
		fail_msg("%s", err.text);
	return added;
}

static void
add(const char *from, const char *signatures, int64_t now_s)
{
	struct pst_feedback report = report_of(row_of(from, signatures));

	assert_int_equal(add_to(db, &report, now_s), PST_FEEDBACK_NEW);
}

/* What is in the table: "domain/selector days;" for each. */
static const char *
kept(void)
{
	struct pst_err err;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	pst_buf_add_text(&buf, "");
	if (!pst_db_select(db,
		"SELECT domain, selector, days FROM source_selector"
		" WHERE selector <> '' ORDER BY domain, selector",
		NULL, 0, &err))
		fail_msg("%s", err.text);
	while (pst_db_next(db))
		pst_buf_printf(&buf, "%.*s/%.*s %lld;",
		    PST_STR_ARG(pst_db_column(db, 0)),
		    PST_STR_ARG(pst_db_column(db, 1)),
		    (long long)pst_db_number(db, 2));
	assert_true(pst_db_end(db, &err));
	return pst_buf_str(&buf);
}

static void
find(struct pst_db *from, const char *domain, struct pst_query_selectors *out)
{
	struct pst_err err;

	if (!pst_query_selectors(from, arena, domain, out, &err))
		fail_msg("%s", err.text);
}

/* The selectors of a domain as pst_query_selectors() has them. */
static const char *
found(const char *domain)
{
	struct pst_query_selectors selectors;
	struct pst_buf buf;

	find(db, domain, &selectors);
	pst_buf_init(&buf, arena, MAX_TEXT);
	pst_buf_add_text(&buf, "");
	for (size_t i = 0; i < selectors.count; i++)
		pst_buf_printf(&buf, "%s ", selectors.items[i]);
	return pst_buf_str(&buf);
}

/* ---- what is kept ---- */

#define TEXT_63                                                                \
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
/* With "._domainkey.example.org" it has 253 octets, the most of a name. */
#define LONGEST                                                                \
	TEXT_63 "." TEXT_63 "." TEXT_63                                        \
		".aaaaaaaaaabbbbbbbbbbccccccccccdddddddd"

static void
test_kept(void **state)
{
	static const struct {
		const char *from, *signatures, *wanted;
	} rows[] = {
	    {"example.org", "", ""},
	    {"example.org", "example.org/s1=pass", "example.org/s1 1;"},
	    {"example.org", "Example.ORG./S1=pass example.org/s1=pass",
		"example.org/s1 1;"},
	    {"example.org", "example.org/s1._x.2026=pass",
		"example.org/s1._x.2026 1;"},
	    {"example.org", "example.org/20260101=pass",
		"example.org/20260101 1;"},
	    /* Only DKIM that passed. */
	    {"example.org",
		"example.org/a=fail example.org/b=temperror example.org/c= "
		"spf:example.org/d=pass",
		""},
	    /* Only names in the neighbourhood. */
	    {"a.example.org",
		"example.org/s1=pass b.example.org/s2=pass "
		"c.a.example.org/s3=pass mail.example/s4=pass org/s5=pass",
		"b.example.org/s2 1;c.a.example.org/s3 1;example.org/s1 1;"},
	    {"example.org", "axexample.org/s1=pass notexample.org/s2=pass", ""},
	    {"", "example.org/s1=pass org/s2=pass", ""},
	    {"not a domain", "example.org/s1=pass", ""},
	    /* What cannot be a selector. */
	    {"example.org", "example.org/=pass", ""},
	    {"example.org", "example.org/a\tb=pass", ""},
	    {"example.org", "example.org/a\x1b[31m=pass", ""},
	    {"example.org", "example.org/a\r\nb=pass", ""},
	    {"example.org", "example.org/s\xc3\xa9=pass", ""},
	    {"example.org", "example.org/*=pass", ""},
	    {"example.org", "example.org/-a=pass", ""},
	    {"example.org", "example.org/a.=pass", ""},
	    {"example.org", "example.org/.=pass", ""},
	    {"example.org", "example.org/a..b=pass", ""},
	    {"example.org", "example.org/a=b=pass", ""},
	    {"example.org", "example.org/a%00b'--=pass", ""},
	    {"example.org", "example.org/" LONGEST "=pass",
		"example.org/" LONGEST " 1;"},
	    {"example.org", "example.org/" LONGEST "x=pass", ""},
	    {"example.org", "/s1=pass a\x01.example.org/s1=pass", ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].signatures) {
		struct pst_err err;

		assert_true(
		    pst_db_script(db, "DELETE FROM source_selector", &err));
		add(rows[i].from, rows[i].signatures, 100 * DAY);
		assert_string_equal(kept(), rows[i].wanted);
	}
}

static void
on_report(void *arg, struct pst_arena *of, const struct pst_feedback *feedback)
{
	(void)arg;
	(void)of;
	assert_string_equal(feedback->fault, "");
	(void)add_to(db, feedback, 100 * DAY);
}

/* A selector of 10 kB, one with a character of XML, and none, in a report. */
static void
test_document(void **state)
{
	static const char head[] =
	    "<feedback><report_metadata><org_name>o</org_name>"
	    "<report_id>x</report_id><date_range><begin>1600000000</begin>"
	    "<end>1600086399</end></date_range></report_metadata>"
	    "<policy_published><domain>example.org</domain></policy_published>"
	    "<record><row><source_ip>192.0.2.1</source_ip><count>1</count>"
	    "<policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"
	    "<spf>pass</spf></policy_evaluated></row><identifiers>"
	    "<header_from>example.org</header_from></identifiers>"
	    "<auth_results>";
	static const char *const texts[] = {"", "good", " padded\n", "a&#10;b",
	    "a&amp;b", "<b>c</b>", "s\xc3\xa9"};
	struct pst_feedback_visitor visitor = {on_report, NULL};
	struct pst_buf xml;
	struct pst_err err;

	(void)state;
	pst_buf_init(&xml, arena, MAX_TEXT);
	pst_buf_add_text(&xml, head);
	for (size_t i = 0; i < PST_COUNT(texts); i++)
		pst_buf_printf(&xml,
		    "<dkim><domain>example.org</domain><selector>%s</selector>"
		    "<result>pass</result></dkim>",
		    texts[i]);
	pst_buf_add_text(&xml,
	    "<dkim><domain>example.org</domain><result>pass</result></dkim>"
	    "<dkim><domain>example.org</domain><selector>");
	for (size_t i = 0; i < 10240; i++)
		pst_buf_add_char(&xml, 'x');
	pst_buf_add_text(&xml,
	    "</selector><result>pass</result></dkim></auth_results></record>"
	    "</feedback>");
	assert_int_equal(
	    pst_feedback_read(pst_str(pst_buf_str(&xml)), visitor, &err),
	    PST_FEEDBACK_READ);
	assert_string_equal(kept(), "example.org/good 1;example.org/padded 1;");
}

/* The same report again changes nothing, and a day counts once. */
static void
test_again(void **state)
{
	struct pst_feedback report =
	    report_of(row_of("example.org", "example.org/s1=pass"));

	(void)state;
	assert_int_equal(add_to(db, &report, 100 * DAY), PST_FEEDBACK_NEW);
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_KNOWN);
	assert_string_equal(kept(), "example.org/s1 1;");
	add("example.org", "example.org/s1=pass", 101 * DAY - 1);
	assert_string_equal(kept(), "example.org/s1 1;");
	add("example.org", "example.org/s1=pass", 101 * DAY);
	assert_string_equal(kept(), "example.org/s1 2;");
	/* An invalid one counts when a valid copy replaces it. */
	report = report_of(row_of("example.org", "example.org/s2=pass"));
	report.fault = "broken";
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_NEW);
	assert_string_equal(kept(), "example.org/s1 2;");
	report.fault = "";
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_BETTER);
	assert_string_equal(kept(), "example.org/s1 2;example.org/s2 1;");
	/* A failure report has no results that passed. */
	report = report_of(row_of("example.org", "example.org/s3=pass"));
	report.kind = PST_FEEDBACK_FAILURE;
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_NEW);
	/* Neither has a row that is not stored. */
	report = report_of(row_of("example.org", "example.org/s4=pass"));
	report.rows->source_ip = "host";
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_NEW);
	report = report_of(row_of("example.org", "example.org/s5=pass"));
	report.rows->count = 0;
	assert_int_equal(add_to(db, &report, 101 * DAY), PST_FEEDBACK_NEW);
	assert_string_equal(kept(), "example.org/s1 2;example.org/s2 1;");
}

static void
test_newest_first(void **state)
{
	(void)state;
	add("example.org", "example.org/old=pass", 100 * DAY);
	add("example.org", "example.org/b=pass example.org/a=pass", 102 * DAY);
	add("example.org", "example.org/b=pass", 103 * DAY);
	add("example.org", "sub.example.org/x=pass", 103 * DAY);
	assert_string_equal(found("example.org"), "b a old ");
	assert_string_equal(found("sub.example.org"), "x ");
	assert_string_equal(found("org"), "");
	assert_string_equal(found("%"), "");
}

/* ---- bounds ---- */

static int64_t
rows_in_table(void)
{
	return store_number(
	    db, "SELECT COUNT(*) FROM source_selector WHERE selector <> ''");
}

/* A neighbour that signs a lot cannot keep the owner's selector out. */
static void
test_bounds_of_report(void **state)
{
	struct pst_feedback_row *row = row_of("victim.co.example", "");
	struct pst_feedback report = report_of(row);

	(void)state;
	report.rows = row;
	for (unsigned i = 0; i < 40; i++)
		sign(row,
		    pst_arena_printf(arena, "a.victim.co.example/n%u=pass", i));
	for (unsigned i = 0; i < 2 * PST_FEEDBACK_SELECTORS_OF_REPORT; i++)
		sign(row, pst_arena_printf(arena, "d%u.co.example/x=pass", i));
	sign(row, "victim.co.example/mine=pass");
	assert_int_equal(add_to(db, &report, 100 * DAY), PST_FEEDBACK_NEW);
	assert_int_equal(rows_in_table(), PST_FEEDBACK_SELECTORS_OF_REPORT);
	assert_string_equal(found("victim.co.example"), "mine ");
	assert_int_equal(store_number(db,
			     "SELECT COUNT(*) FROM source_selector"
			     " WHERE domain = 'a.victim.co.example'"
			     " AND selector <> ''"),
	    PST_FEEDBACK_SELECTORS_OF_DOMAIN);
}

/* Imports so many reports with 16 selectors each that nobody uses. */
static void
lie(unsigned count, int64_t now_s)
{
	static unsigned serial;

	for (unsigned i = 0; i < count; i++) {
		struct pst_feedback_row *row = row_of("example.org", "");
		struct pst_feedback report = report_of(row);

		for (unsigned k = 0; k < PST_FEEDBACK_SELECTORS_OF_DOMAIN; k++)
			sign(row,
			    pst_arena_printf(
				arena, "example.org/aa%u=pass", serial++));
		assert_int_equal(add_to(db, &report, now_s), PST_FEEDBACK_NEW);
	}
}

/* A liar cannot remove what was named on two days, but what is new comes in. */
static void
test_bounds_of_domain(void **state)
{
	struct pst_query_selectors selectors;
	const char *text;

	(void)state;
	for (int64_t day = 100; day < 102; day++)
		for (unsigned i = 0; i < PST_FEEDBACK_SELECTORS_STEADY; i++)
			add("example.org",
			    pst_arena_printf(arena, "example.org/z%u=pass", i),
			    day * DAY);
	assert_int_equal(rows_in_table(), PST_FEEDBACK_SELECTORS_STEADY);
	lie(20, 102 * DAY);
	assert_int_equal(rows_in_table(), 2 * PST_FEEDBACK_SELECTORS_STEADY);
	find(db, "example.org", &selectors);
	assert_int_equal(selectors.count, PST_QUERY_MAX_SELECTORS);
	text = kept();
	for (unsigned i = 0; i < PST_FEEDBACK_SELECTORS_STEADY; i++)
		assert_non_null(strstr(
		    text, pst_arena_printf(arena, "example.org/z%u 2;", i)));
	/* It is there the next day, too, and then it stays. */
	add("example.org", "example.org/new=pass", 102 * DAY + 1);
	assert_non_null(strstr(kept(), "example.org/new 1;"));
	add("example.org", "example.org/new=pass", 103 * DAY);
	add("example.org", "example.org/new=pass", 104 * DAY);
	lie(20, 105 * DAY);
	assert_non_null(strstr(kept(), "example.org/new 3;"));
	assert_int_equal(rows_in_table(), 2 * PST_FEEDBACK_SELECTORS_STEADY);
}

/* ---- several programs, and several versions ---- */

#define AT_ONCE 200 /* reports of each process */

/*
 * Imports reports that name new selectors, and those of the other process that
 * are about to be deleted: each may wait for rows that the other has changed.
 */
static void
import_many(struct pst_db *to, unsigned process)
{
	for (unsigned i = 4; i < AT_ONCE + 4; i++) {
		struct pst_feedback_row *row = row_of("example.org", "");
		struct pst_feedback report = report_of(row);

		for (unsigned k = 0; k < 8; k++) {
			sign(row,
			    pst_arena_printf(arena,
				"example.org/p%u-%u-%u=pass", process, i, k));
			sign(row,
			    pst_arena_printf(arena,
				"example.org/p%u-%u-%u=pass", 1 - process,
				i - 4, k));
		}
		report.report_id =
		    pst_arena_printf(arena, "many-%u-%u", process, i);
		(void)add_to(to, &report, 100 * DAY + i);
	}
}

/* Opens it again so that it waits for others. */
static struct pst_db *
open_patiently(void)
{
	struct pst_err err;
	struct pst_db *again;

	if (getenv("POSTERN_TEST_POSTGRES") != NULL)
		return store_open_shared();
	again = pst_db_open_sqlite(store_path("shared"), PST_DB_WRITE,
	    10 * PST_STORE_PATIENCE_MS, &err);
	if (again == NULL)
		fail_msg("%s", err.text);
	return again;
}

static void
test_at_once(void **state)
{
	struct pst_db *mine;
	int status;
	pid_t pid;

	(void)state;
	pst_db_close(db);
	db = NULL;
	pid = fork();
	if (pid == 0) {
		mine = open_patiently();
		import_many(mine, 0);
		pst_db_close(mine);
		_exit(0);
	}
	assert_true(pid > 0);
	db = open_patiently();
	import_many(db, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(
	    store_number(db, "SELECT COUNT(*) FROM feedback"), 2 * AT_ONCE);
	assert_int_equal(rows_in_table(), 2 * PST_FEEDBACK_SELECTORS_STEADY);
}

static void
test_old_store(void **state)
{
	struct pst_db *old = store_copy_v1("old");
	struct pst_query_selectors selectors;
	struct pst_feedback report =
	    report_of(row_of("example.org", "example.org/s1=pass"));
	struct pst_err err;

	(void)state;
	find(old, "example.org", &selectors);
	assert_int_equal(selectors.count, 0);
	assert_true(pst_schema_make(old, &err));
	find(old, "example.org", &selectors);
	assert_int_equal(selectors.count, 0);
	assert_int_equal(add_to(old, &report, 100 * DAY), PST_FEEDBACK_NEW);
	find(old, "example.org", &selectors);
	assert_int_equal(selectors.count, 1);
	assert_string_equal(selectors.items[0], "s1");
	pst_db_close(old);
}

/* What somebody else has written there does not get into a name. */
static void
test_damaged(void **state)
{
	struct pst_err err;

	(void)state;
	assert_true(pst_db_script(db,
	    "INSERT INTO source_selector VALUES ('example.org', 'a b', 1, 5),"
	    " ('example.org', 'good', 1, 4), ('example.org', '*', 1, 3)",
	    &err));
	assert_string_equal(found("example.org"), "good ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_document, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_newest_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_bounds_of_report, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_bounds_of_domain, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_old_store, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

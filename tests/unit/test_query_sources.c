/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/identifiers.h"
#include "feedback/imports.h"
#include "store/query_sources.h"
#include "store/schema.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define DAY INT64_C(86400)
#define MAX_TEXT 65536

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;
static struct pst_arena *arena;

static void
script(const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	arena = pst_arena_new();
	db = store_open_shared();
	script("DELETE FROM source; DELETE FROM feedback;"
	       "DELETE FROM source_mark");
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	pst_arena_free(arena);
	return store_tear_down(state);
}

/* ---- what is kept of a row ---- */

static void
add_auth(struct pst_feedback_row *row, const char *text)
{
	struct pst_feedback_auth *auth = pst_arena_alloc(arena, sizeof(*auth));
	struct pst_feedback_auth **end = &row->auths;
	char *at = pst_arena_strdup(arena, text);
	char *domain = strchr(at, ':'), *result;

	*domain++ = '\0';
	result = strchr(domain, '=');
	*result++ = '\0';
	*auth = (struct pst_feedback_auth){.is_spf = strcmp(at, "spf") == 0,
	    .domain = domain,
	    .selector = "",
	    .scope = "",
	    .result = result,
	    .human_result = ""};
	while (*end != NULL)
		end = &(*end)->next;
	*end = auth;
}

static void
add_auths(struct pst_feedback_row *row, const char *list)
{
	struct pst_str rest = pst_str(list), part;
	bool more = rest.len > 0;

	while (more && pst_str_split(&rest, ' ', &part, &more))
		add_auth(row, pst_arena_memdup(arena, part.ptr, part.len));
}

static void
add_reasons(struct pst_feedback_row *row, const char *list)
{
	struct pst_feedback_reason **end = &row->reasons;
	struct pst_str rest = pst_str(list), part;
	bool more = rest.len > 0;

	while (more && pst_str_split(&rest, ',', &part, &more)) {
		*end = pst_arena_alloc(arena, sizeof(**end));
		(*end)->type = pst_arena_memdup(arena, part.ptr, part.len);
		(*end)->comment = "";
		end = &(*end)->next;
	}
}

static void
test_kept(void **state)
{
	static const struct {
		const char *auths, *reasons, *authenticated, *kept;
	} rows[] = {
	    {"", "", "", ""},
	    {"dkim:example.org=pass spf:bounce.example.org=pass", "forwarded",
		"dkim:example.org spf:bounce.example.org", "forwarded"},
	    {"spf:a.example=pass dkim:b.example=pass dkim:b.example=pass", "",
		"dkim:b.example spf:a.example", ""},
	    {"dkim:b.example=fail spf:a.example=softfail dkim:c.example=none",
		"other,mailing_list,other", "", "mailing_list other"},
	    {"dkim:B.Example.=pass spf:=pass dkim:a\x1b[31m=pass", "a b,\x1b[m",
		"dkim:b.example", ""},
	    {"dkim:b.example=pass",
		"abcdefghijabcdefghijabcdefghijabcd,local_policy",
		"dkim:b.example", "local_policy"},
	    /* A forger signs more often than there is room. */
	    {"dkim:e1.x=pass dkim:e2.x=pass dkim:e3.x=pass dkim:e4.x=pass "
	     "dkim:e5.x=pass dkim:e6.x=pass dkim:e7.x=pass dkim:e8.x=pass "
	     "spf:host.provider.example=pass dkim:mail.example.org=pass",
		"a,b,c,d,e,f,g,h,i",
		"dkim:e1.x dkim:e2.x dkim:e3.x dkim:e4.x dkim:e5.x dkim:e6.x "
		"dkim:mail.example.org spf:host.provider.example",
		"a b c d e f g h"},
	    /* Its names may even look like ours, as those below co.uk do. */
	    {"dkim:e1.example.org=pass dkim:e2.example.org=pass "
	     "dkim:e3.example.org=pass dkim:e4.example.org=pass "
	     "dkim:e5.example.org=pass dkim:e6.example.org=pass "
	     "dkim:e7.example.org=pass dkim:e8.example.org=pass "
	     "dkim:example.org=pass",
		"",
		"dkim:e1.example.org dkim:e2.example.org dkim:e3.example.org "
		"dkim:e4.example.org dkim:e5.example.org dkim:e6.example.org "
		"dkim:e7.example.org dkim:example.org",
		""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].auths) {
		struct pst_feedback_row row;

		pst_feedback_row_init(&row);
		row.header_from = "example.org";
		add_auths(&row, rows[i].auths);
		add_reasons(&row, rows[i].reasons);
		assert_string_equal(pst_feedback_authenticated(arena, &row),
		    rows[i].authenticated);
		assert_string_equal(
		    pst_feedback_reasons(arena, &row), rows[i].kept);
	}
}

/* ---- rows ---- */

struct sample {
	const char *id;
	int64_t day;
	enum pst_feedback_kind kind;
	const char *fault, *ip, *from, *auths, *reasons;
	bool dkim;
	int64_t count;
};

static void
add_report(const struct sample *sample)
{
	struct pst_clock clock = pst_clock_manual(100 * DAY);
	const struct pst_store store = {.clock = &clock, .db = db};
	enum pst_feedback_added added;
	struct pst_feedback_row row;
	struct pst_feedback report;
	struct pst_err err;

	pst_feedback_row_init(&row);
	pst_feedback_init(&report);
	row.source_ip = sample->ip;
	row.count = sample->count;
	row.header_from = sample->from;
	row.dkim = sample->dkim ? "pass" : "fail";
	row.spf = "fail";
	row.disposition = "none";
	add_auths(&row, sample->auths);
	add_reasons(&row, sample->reasons);
	report.kind = sample->kind;
	report.fault = sample->fault;
	report.org = "Org";
	report.report_id = sample->id;
	report.domain = "example.org";
	report.begin_s = sample->day * DAY;
	report.end_s = sample->day * DAY + DAY - 1;
	report.rows = &row;
	if (!pst_feedback_add(&store, &report, &added, &err))
		fail_msg("%s", err.text);
	assert_int_equal(added, PST_FEEDBACK_NEW);
}

static const struct sample samples[] = {
    {"1", 12, PST_FEEDBACK_AGGREGATE, "", "192.0.2.1", "example.org",
	"dkim:example.org=pass spf:list.example=pass", "mailing_list,forwarded",
	true, 3},
    {"2", 10, PST_FEEDBACK_AGGREGATE, "", "2001:db8::1", "a.example.org", "",
	"", false, 4},
    {"3", 11, PST_FEEDBACK_AGGREGATE, "", "192.0.2.2", "axexample.org", "", "",
	false, 5},
    {"4", 11, PST_FEEDBACK_FAILURE, "", "192.0.2.3", "example.org", "", "",
	false, 6},
    {"5", 11, PST_FEEDBACK_AGGREGATE, "broken", "192.0.2.4", "example.org", "",
	"", false, 7},
};

struct seen {
	struct pst_buf text;
	unsigned max;
};

static bool
note(void *arg, const struct pst_query_source *source)
{
	struct seen *seen = arg;

	pst_buf_printf(&seen->text,
	    "%.*s %.*s %.*s [%.*s] [%.*s] %lld %d%d %.*s %lld-%lld;",
	    PST_STR_ARG(source->ip), PST_STR_ARG(source->header_from),
	    PST_STR_ARG(source->receiver), PST_STR_ARG(source->authenticated),
	    PST_STR_ARG(source->reasons), (long long)source->messages,
	    source->dkim, source->spf, PST_STR_ARG(source->disposition),
	    (long long)(source->begin_s / DAY),
	    (long long)((source->end_s + 1) / DAY));
	return --seen->max > 0;
}

#define ROW_1                                                                  \
	"192.0.2.1 example.org Org [dkim:example.org spf:list.example]"        \
	" [forwarded mailing_list] 3 10 none 12-13;"
#define ROW_2 "2001:db8::1 a.example.org Org [] [] 4 00 none 10-11;"
#define ROW_3 "192.0.2.2 axexample.org Org [] [] 5 00 none 11-12;"

static void
test_rows(void **state)
{
	static const struct {
		struct pst_query_source_filter filter;
		unsigned max;
		const char *wanted;
		bool cut;
	} rows[] = {
	    {{"", 0, 0, 9, false}, 9, ROW_2 ROW_3 ROW_1, false},
	    {{"", 0, 0, 3, false}, 9, ROW_2 ROW_3 ROW_1, false},
	    /* The newest rows stay. */
	    {{"", 0, 0, 2, false}, 9, ROW_3 ROW_1, true},
	    {{"", 0, 0, 0, false}, 9, "", true},
	    {{"", 0, 0, 9, false}, 1, ROW_2, false},
	    {{"example.org", 0, 0, 9, false}, 9, ROW_2 ROW_1, false},
	    {{"a_example.org", 0, 0, 9, false}, 9, "", false},
	    {{"", 11 * DAY, 0, 9, false}, 9, ROW_3 ROW_1, false},
	    {{"", 11 * DAY, 12 * DAY, 9, false}, 9, ROW_3, false},
	    {{"", 12 * DAY - 1, 12 * DAY + 1, 9, false}, 9, ROW_3 ROW_1, false},
	    {{"example.org", 11 * DAY, 0, 9, true}, 9, ROW_1, false},
	    {{"example.org", 11 * DAY, 0, 1, true}, 9, ROW_1, false},
	    {{"", 0, 0, 0, true}, 9, "", true},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(samples); i++)
		add_report(&samples[i]);
	FOR_ROWS(i, rows, rows[i].filter.domain) {
		struct seen seen = {.max = rows[i].max};
		struct pst_err err;
		bool cut;

		pst_buf_init(&seen.text, arena, MAX_TEXT);
		if (!pst_query_sources(db, &rows[i].filter,
			(struct pst_query_source_visitor){note, &seen}, &cut,
			&err))
			fail_msg("%s", err.text);
		assert_string_equal(pst_buf_str(&seen.text), rows[i].wanted);
		assert_int_equal(cut, rows[i].cut);
	}
}

/* Rows and marks of a store that nobody has brought forward. */
static void
test_old_store(void **state)
{
	const struct pst_query_source_filter all = {
	    .domain = "", .max_rows = 1000};
	const struct pst_query_source_filter unsorted = {
	    .domain = "", .max_rows = 1000, .any_order = true};
	struct pst_db *old = store_copy_v1("old");
	struct pst_source_marks marks;
	struct seen seen = {.max = 2};
	struct pst_err err;
	bool cut;

	(void)state;
	pst_buf_init(&seen.text, arena, MAX_TEXT);
	assert_true(pst_db_script(old,
	    "DELETE FROM feedback;"
	    "DELETE FROM source;"
	    "INSERT INTO feedback VALUES ('f', 'aggregate', 1, 1, 'Org', '',"
	    " '1', 864000, 950399, 'example.org', '');"
	    "INSERT INTO source VALUES ('f', 1, '192.0.2.1', 3, 'none',"
	    " 'pass', 'fail', 'example.org', '')",
	    &err));
	if (!pst_query_sources(old, &all,
		(struct pst_query_source_visitor){note, &seen}, &cut, &err))
		fail_msg("%s", err.text);
	assert_string_equal(pst_buf_str(&seen.text),
	    "192.0.2.1 example.org Org [] [] 3 10 none 10-11;");
	pst_buf_reset(&seen.text);
	seen.max = 2;
	assert_true(pst_query_sources(old, &unsorted,
	    (struct pst_query_source_visitor){note, &seen}, &cut, &err));
	assert_string_equal(pst_buf_str(&seen.text),
	    "192.0.2.1 example.org Org [] [] 3 10 none 10-11;");
	assert_true(pst_query_marks(old, arena, &marks, &err));
	assert_int_equal(marks.count, 0);
	/* It comes forward, and the old row says nothing more than before. */
	assert_true(pst_schema_make(old, &err));
	seen.max = 2;
	pst_buf_reset(&seen.text);
	assert_true(pst_query_sources(old, &all,
	    (struct pst_query_source_visitor){note, &seen}, &cut, &err));
	assert_string_equal(pst_buf_str(&seen.text),
	    "192.0.2.1 example.org Org [] [] 3 10 none 10-11;");
	pst_db_close(old);
}

/* ---- marks ---- */

static void
set_mark(const char *source, enum pst_mark_kind kind, const char *text)
{
	const struct pst_source_mark mark = {source, kind, text, 5};
	struct pst_err err;

	if (!pst_store_mark(db, &mark, &err))
		fail_msg("%s", err.text);
}

static const char *
marks_text(struct pst_source_marks *marks)
{
	struct pst_err err;
	struct pst_buf buf;

	if (!pst_query_marks(db, arena, marks, &err))
		fail_msg("%s", err.text);
	pst_buf_init(&buf, arena, MAX_TEXT);
	pst_buf_add_text(&buf, "");
	for (size_t i = 0; i < marks->count; i++)
		pst_buf_printf(&buf, "%s %s '%s' %lld;", marks->items[i].source,
		    pst_mark_word(marks->items[i].mark), marks->items[i].note,
		    (long long)marks->items[i].set_s);
	return pst_buf_str(&buf);
}

static void
test_marks(void **state)
{
	struct pst_source_marks marks;

	(void)state;
	assert_string_equal(marks_text(&marks), "");
	set_mark("198.51.100.0/24", PST_MARK_FORWARDER, "a list");
	set_mark("2001:db8::/32", PST_MARK_FORGER, "");
	set_mark("9.0.0.1", PST_MARK_MINE, "it's \"ours\"");
	set_mark("198.51.100.9", PST_MARK_FORGER, "old");
	set_mark("198.51.100.9", PST_MARK_MINE, "new");
	assert_string_equal(marks_text(&marks),
	    "9.0.0.1 mine 'it's \"ours\"' 5;"
	    "198.51.100.0/24 forwarder 'a list' 5;"
	    "198.51.100.9 mine 'new' 5;2001:db8::/32 forger '' 5;");
	set_mark("198.51.100.9", PST_MARK_NONE, "");
	set_mark("203.0.113.1", PST_MARK_NONE, "");
	/* What a newer program may have written does not harm. */
	script("INSERT INTO source_mark VALUES ('203.0.113.2', 'odd', '', 1),"
	       " ('not an address', 'mine', '', 1)");
	assert_string_equal(marks_text(&marks),
	    "9.0.0.1 mine 'it's \"ours\"' 5;"
	    "198.51.100.0/24 forwarder 'a list' 5;"
	    "2001:db8::/32 forger '' 5;");
}

static void
test_find(void **state)
{
	static const struct {
		const char *ip, *wanted;
	} rows[] = {
	    {"198.51.100.8", "198.51.100.0/24"},
	    {"198.51.100.9", "198.51.100.9"},
	    {"198.51.1.1", "198.51.0.0/16"},
	    {"::ffff:198.51.100.9", "198.51.100.9"},
	    {"2001:db8::1", "2001:db8::/32"},
	    {"2001:db9::1", NULL},
	    {"192.0.2.1", NULL},
	};
	struct pst_source_marks marks;

	(void)state;
	set_mark("198.51.100.9", PST_MARK_MINE, "");
	set_mark("198.51.0.0/16", PST_MARK_FORGER, "");
	set_mark("198.51.100.0/24", PST_MARK_FORWARDER, "");
	set_mark("2001:db8::/32", PST_MARK_MINE, "");
	(void)marks_text(&marks);
	FOR_ROWS(i, rows, rows[i].ip) {
		const struct pst_source_mark *mark;
		struct pst_ip ip;

		assert_true(pst_ip_parse(pst_str(rows[i].ip), &ip));
		mark = pst_mark_find(&marks, &ip);
		if (rows[i].wanted == NULL)
			assert_null(mark);
		else
			assert_string_equal(mark->source, rows[i].wanted);
	}
}

/* By looking at each mark. */
static const struct pst_source_mark *
find_slowly(const struct pst_source_marks *marks, const struct pst_ip *ip)
{
	const struct pst_source_mark *found = NULL;
	unsigned bits = 0;

	for (size_t i = 0; i < marks->count; i++) {
		struct pst_net net;

		if (pst_net_parse(pst_str(marks->items[i].source), &net) &&
		    pst_net_contains(&net, ip) &&
		    (found == NULL || net.prefix_bits >= bits)) {
			found = &marks->items[i];
			bits = net.prefix_bits;
		}
	}
	return found;
}

/* Returns an address with few different bits, so that networks nest. */
static struct pst_ip
make_ip(unsigned *seed)
{
	uint8_t octets[16] = {0x20};

	for (size_t i = 0; i < sizeof(octets); i++) {
		*seed = *seed * 1103515245 + 12345;
		octets[i] |= (*seed >> 16 & 3) * 0x41;
	}
	return *seed >> 20 & 1 ? pst_ip_v4(octets) : pst_ip_v6(octets);
}

static void
test_find_any(void **state)
{
	struct pst_source_marks marks;
	unsigned seed = 7, hits = 0;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct pst_ip ip = make_ip(&seed);
		unsigned bits = ip.family == PST_IP_V4 ? 32 : 128;
		char text[PST_IP_TEXT_SIZE];

		seed = seed * 1103515245 + 12345;
		bits -= (seed >> 16) % (bits - 16);
		for (unsigned i = bits; i < 128; i++)
			ip.octets[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
		(void)pst_ip_text(&ip, text);
		set_mark(pst_mark_source(arena,
			     pst_arena_printf(arena, "%s/%u", text, bits)),
		    PST_MARK_MINE, "");
	}
	(void)marks_text(&marks);
	assert_true(marks.count > 100);
	for (unsigned i = 0; i < 20000; i++) {
		struct pst_ip ip = make_ip(&seed);
		const struct pst_source_mark *mark = pst_mark_find(&marks, &ip);

		assert_ptr_equal(mark, find_slowly(&marks, &ip));
		hits += mark != NULL;
	}
	assert_in_range(hits, 1000, 19000);
}

static void
test_mark_source(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
	    {"198.51.100.9", "198.51.100.9"},
	    {"198.51.100.9/32", "198.51.100.9"},
	    {"198.51.100.0/24", "198.51.100.0/24"},
	    {"198.51.100.9/24", NULL},
	    {"2001:DB8:0::/32", "2001:db8::/32"},
	    {"2001:db8::1/128", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"example.org", NULL},
	    {"", NULL},
	    {"0.0.0.0/0", "0.0.0.0/0"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		const char *source = pst_mark_source(arena, rows[i].text);

		if (rows[i].wanted == NULL)
			assert_null(source);
		else
			assert_string_equal(source, rows[i].wanted);
	}
}

/* What cannot be kept is refused, and changes nothing. */
static void
test_limits(void **state)
{
	char text[PST_MARK_NOTE_MAX + 2];
	struct pst_source_mark mark = {"9.0.0.1", PST_MARK_MINE, text, 5};
	struct pst_source_marks marks;
	struct pst_err err;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(pst_store_mark(db, &mark, &err));
	assert_non_null(strstr(err.text, "shorter"));
	text[PST_MARK_NOTE_MAX] = '\0';
	assert_true(pst_store_mark(db, &mark, &err));
	script("INSERT INTO source_mark WITH RECURSIVE n(i) AS (SELECT 1"
	       " UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
	       " SELECT '10.0.' || (i / 200) || '.' || (i % 200), 'mine', '',"
	       " 1 FROM n");
	mark.source = "9.0.0.2";
	assert_false(pst_store_mark(db, &mark, &err));
	assert_non_null(strstr(err.text, "--none"));
	assert_true(pst_query_marks(db, arena, &marks, &err));
	assert_int_equal(marks.count, PST_MARKS_MAX);
	/* One that is there can be changed, or go. */
	mark.source = "9.0.0.1";
	assert_true(pst_store_mark(db, &mark, &err));
	mark.mark = PST_MARK_NONE;
	assert_true(pst_store_mark(db, &mark, &err));
	mark.mark = PST_MARK_MINE;
	mark.source = "9.0.0.2";
	assert_true(pst_store_mark(db, &mark, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_old_store, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_find_any, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_mark_source, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

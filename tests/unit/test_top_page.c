/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "auth/result.h"
#include "base/buf.h"
#include "config/choice.h"
#include "dns/dns.h"
#include "tests/unit/rows.h"
#include "tools/top_page.h"

#define NOW 1700000000 /* 22:13:20 UTC */

static struct pst_arena *arena;
static struct pst_top_history *history;

static int
set_up(void **state)
{
	(void)state;
	arena = pst_arena_new();
	history = pst_top_history_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pst_top_history_free(history);
	pst_arena_free(arena);
	return 0;
}

/* A daemon that is well and has decided n messages, half of them refused. */
static struct pst_status *
well(uint64_t n)
{
	struct pst_status *status = pst_arena_alloc(arena, sizeof(*status));
	uint64_t(*of)[PST_COUNTER_PLACES] = status->counters.of;

	status->version = "1.0";
	status->configuration = "/etc/postern/postern.conf";
	status->process = 7;
	status->now_epoch = NOW;
	of[PST_COUNTER_STARTED][0] = NOW - 7200;
	of[PST_COUNTER_WORKERS][0] = 2;
	of[PST_COUNTER_WORKERS_READY][0] = 2;
	of[PST_COUNTER_SESSIONS_OPEN][0] = 14;
	of[PST_COUNTER_MESSAGES][PST_ACTION_ACCEPT] = n - n / 2;
	of[PST_COUNTER_MESSAGES][PST_ACTION_REJECT] = n / 2;
	of[PST_COUNTER_SPF][PST_RESULT_PASS] = n;
	of[PST_COUNTER_DMARC][PST_RESULT_FAIL] = n / 2;
	of[PST_COUNTER_MESSAGE_MS][3] = n;
	of[PST_COUNTER_DNS_QUERIES][0] = n;
	of[PST_COUNTER_DNS_CACHED][0] = 3 * n;
	of[PST_COUNTER_DNS_ANSWERS][PST_DNS_TIMEOUT] = n / 10;
	return status;
}

static struct pst_top_view
view_of(const struct pst_status *status)
{
	return (struct pst_top_view){
	    .status = status,
	    .now = pst_top_history_span(arena, history, 0),
	    .minute = pst_top_history_span(arena, history, 60),
	    .five = pst_top_history_span(arena, history, 300),
	    .interval_s = 2,
	    .keys = true,
	};
}

/* All lines, each ended by a newline. */
static const char *
text_of(const struct pst_top_view *view, unsigned columns, unsigned rows)
{
	const struct pst_grid *grid = pst_top_page(arena, view, columns, rows);
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 200000);
	for (unsigned row = 0; row < grid->rows; row++) {
		pst_buf_add_text(&buf, pst_grid_line(arena, grid, row));
		pst_buf_add_char(&buf, '\n');
	}
	return pst_buf_str(&buf);
}

static void
expect(const char *page, const char *wanted)
{
	if (strstr(page, wanted) == NULL)
		fail_msg("\"%s\" is not in\n%s", wanted, page);
}

static void
expect_not(const char *page, const char *unwanted)
{
	if (strstr(page, unwanted) != NULL)
		fail_msg("\"%s\" is in\n%s", unwanted, page);
}

/* Rates of ten minutes: 10 messages a second, and 30 in the last second. */
static const struct pst_status *
fill_history(void)
{
	const struct pst_status *status = NULL;
	uint64_t n = 1000;

	for (int64_t second = 0; second <= 600; second++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);

		n += second == 600 ? 30 : 10;
		status = well(n);
		pst_top_history_add(history, status, second * 1000);
		if (second < 600)
			pst_arena_rewind(arena, mark);
	}
	return status;
}

static void
test_figures(void **state)
{
	struct pst_top_view view = view_of(fill_history());
	const char *page = text_of(&view, 80, 24);

	(void)state;
	expect(page, "postern 1.0   up 2 h 0 min   14 sessions open");
	expect(page, "22:13:20 UTC\n");
	expect(page, "OK: nothing is wrong");
	expect(page,
	    "\nall             30.0      10.3      10.1"
	    "                                    7030\n");
	expect(
	    page, "\nreject          15.0      5.17      5.03    50.0 %  |||");
	expect(page,
	    "\n5 minutes      pass    fail    none temperror permerror softfail "
	    "neutral  policy\n");
	expect(page, "\nspf            3020       0");
	expect(page, "\ndmarc             0    1510");
	expect(page, "10.1 asked/s   cache 75.0 %   0 open   1.01 failed/s");
	expect(page, "message p50 10 ms p99 10 ms");
	expect(page, "\nQueues     store 0   journal 0\n");
	expect(page, "2 of 2 ready   0 crashed");
	expect(page, "\nq quits, p pauses; every 2 s\n");
}

static const struct pst_slow_question slow_question = {
    "_dmarc.slow.example", "TXT", "TIMEOUT", 5000};

/* Whatever the size, the first things are there, and nothing is outside. */
static void
test_sizes(void **state)
{
	static const struct {
		unsigned columns, rows;
		const char *has[4];
	} rows[] = {
	    {40, 10, {"postern 1.0", "OK:", "all ", "reject "}},
	    {80, 24, {"since start", "dmarc", "Workers", "q quits"}},
	    {200, 60, {"since start", "dmarc", "Workers", "q quits"}},
	    {119, 24, {"since start", "dmarc", "Workers", "q quits"}},
	    {71, 24, {"share", "dmarc", "Workers", "q quits"}},
	    {500, 200, {"since start", "dmarc", "Workers", "q quits"}},
	    {9999, 9999, {"since start", "dmarc", "Workers", "q quits"}},
	    {20, 3, {"postern", "OK:"}},
	    {1, 1, {"p"}},
	    {0, 0, {"p"}},
	};
	struct pst_top_domain domains[60];
	struct pst_status status = *fill_history();

	(void)state;
	status.slow_questions = &slow_question;
	status.slow_question_count = 1;
	for (size_t i = 0; i < PST_COUNT(domains); i++)
		domains[i] = (struct pst_top_domain){
		    "a-rather-long-name-of-a-domain.bank.example", 99, 98, 97};
	FOR_ROWS(i, rows, rows_number(rows[i].columns)) {
		struct pst_top_view view = view_of(&status);
		const char *page, *line;

		view.domains = domains;
		view.domain_count = PST_COUNT(domains);
		page = text_of(&view, rows[i].columns, rows[i].rows);
		for (size_t k = 0; k < 4 && rows[i].has[k] != NULL; k++)
			expect(page, rows[i].has[k]);
		for (line = page; *line != '\0';) {
			size_t len = strcspn(line, "\n");

			assert_true(
			    len <= (rows[i].columns < 1 ? 1 : rows[i].columns));
			line += len + 1;
		}
	}
}

static void
test_lists(void **state)
{
	static const struct pst_top_domain domains[] = {
	    {"evil\\x1b[2J.example", 12, 9, 8}, {"b.example", 4, 3, 0}};
	struct pst_status *status = well(10);
	struct pst_top_view view = view_of(status);
	const char *page;

	(void)state;
	page = text_of(&view, 80, 24);
	expect(page, "none today");
	view.domains = domains;
	view.domain_count = PST_COUNT(domains);
	status->slow_questions = &slow_question;
	status->slow_question_count = 1;
	page = text_of(&view, 80, 24);
	expect(page, "\nevil\\x1b[2J.example           9       8  ");
	expect(page, "  ..low.example TXT");
	expect(page, "\nb.example                     3       0");
	expect(page, " TXT    TIMEOUT       5000\n");
	view.domain_note = "the tallies cannot be read";
	page = text_of(&view, 80, 24);
	expect(page, "the tallies cannot be read");
	expect_not(page, "b.example");
}

/* No text can leave its cells or hold a control character. */
static void
test_hostile(void **state)
{
	static const struct pst_top_domain domain = {
	    "\033[2J\r\n\xc3\xa4\x9b", 3, 2, 1};
	struct pst_status *status = well(10);
	struct pst_top_view view = view_of(status);
	const char *page;

	(void)state;
	status->version = "1.0\033]0;owned\007";
	view.domains = &domain;
	view.domain_count = 1;
	page = text_of(&view, 80, 24);
	for (const char *at = page; *at != '\0'; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	expect(page, "postern 1.0?]0;owned?");
	expect(page, "\n?[2J?????");
}

static void
test_problems(void **state)
{
	struct pst_status *status = well(10);
	struct pst_top_view view = view_of(status);
	uint64_t(*of)[PST_COUNTER_PLACES] = status->counters.of;
	const struct pst_grid *grid;
	const char *page;

	(void)state;
	of[PST_COUNTER_WORKERS_READY][0] = 0;
	of[PST_COUNTER_STORE_FAILING_SINCE][0] = NOW - 300;
	of[PST_COUNTER_STORE_QUEUE][0] = 501;
	of[PST_COUNTER_JOURNAL_FAILING_SINCE][0] = NOW - 300;
	of[PST_COUNTER_UPLOAD_FAILING_SINCE][0] = NOW - 9000;
	of[PST_COUNTER_DNS_DEAD_SINCE][0] = NOW - 150;
	page = text_of(&view, 80, 24);
	expect(page, "\nCRITICAL: no worker is ready, so mail is not checked");
	expect(page, "no answer for 2 min");
	expect(page, "store 501, failing for 5 min");
	expect(page, "upload failing for 2 h 30 min");
	expect(page, "0 of 2 ready");
	/* The foot is not written over, whatever the number of problems. */
	expect(page, "\nq quits, p pauses; every 2 s\n");
	grid = pst_top_page(arena, &view, 80, 24);
	assert_int_equal(grid->tones[80], PST_UI_BAD);
	/* On a small page, one line is enough. */
	page = text_of(&view, 40, 10);
	expect(page, "\nCRITICAL: no worker is ready, so mail ..\nMessages");
}

static void
test_trouble(void **state)
{
	struct pst_top_view view = view_of(fill_history());
	const char *page;

	(void)state;
	view.trouble = "no daemon answers at /run/postern/control";
	view.silent_s = 130;
	page = text_of(&view, 80, 24);
	expect(page, "NO ANSWER\n");
	expect(page, "\nno daemon answers at /run/postern/control; below is");
	expect(page, "what it said 2 min ago\n");
	/* A rate of now would be a lie. */
	expect(page, "\nall                -      10.3");
	view.status = NULL;
	page = text_of(&view, 80, 24);
	expect(page, "NO ANSWER\nno daemon answers at");
	expect_not(page, "Messages");
	page = text_of(&view, 40, 10);
	expect(page, "NO ANSWER\nno daemon answers at\n/run/postern/control\n");
}

static void
test_paused(void **state)
{
	struct pst_top_view view = view_of(well(10));
	const char *page;

	(void)state;
	view.paused = true;
	page = text_of(&view, 80, 24);
	expect(page, "PAUSED\n");
	expect(page, "p goes on");
	view.keys = false;
	expect_not(text_of(&view, 80, 24), "goes on");
}

/* Before two answers there is no rate, and shares are of all mail. */
static void
test_first(void **state)
{
	const struct pst_status *status = well(10);
	struct pst_top_view view;
	const char *page;

	(void)state;
	pst_top_history_add(history, status, 5000);
	view = view_of(status);
	page = text_of(&view, 80, 24);
	expect(page, "\nall                -         -         -");
	expect(page, "50.0 %  ||||");
	expect(page, "\nsince start    pass");
}

static void
test_history(void **state)
{
	struct pst_top_span span;
	struct pst_status *status;

	(void)state;
	span = pst_top_history_span(arena, history, 60);
	assert_true(span.seconds <= 0 && pst_top_span_rate(&span, 5) <= 0);
	(void)fill_history();
	span = pst_top_history_span(arena, history, 60);
	assert_int_equal(span.seconds * 1000, 60000);
	span = pst_top_history_span(arena, history, 0);
	assert_int_equal(span.seconds * 1000, 1000);
	assert_int_equal(
	    pst_counters_total(span.sum, PST_COUNTER_MESSAGES), 30);
	/* More is not kept than some minutes. */
	span = pst_top_history_span(arena, history, 100000);
	assert_in_range(span.seconds, 300, 400);
	/* A daemon that was started again begins at 0. */
	status = well(4);
	status->counters.of[PST_COUNTER_STARTED][0]++;
	pst_top_history_add(history, status, 601000);
	span = pst_top_history_span(arena, history, 60);
	assert_true(span.seconds <= 0);
	status = well(6);
	status->counters.of[PST_COUNTER_STARTED][0]++;
	pst_top_history_add(history, status, 603000);
	span = pst_top_history_span(arena, history, 60);
	assert_int_equal(span.seconds * 1000, 2000);
	assert_int_equal(pst_counters_total(span.sum, PST_COUNTER_MESSAGES), 2);
	/* So does another process. */
	status = well(6);
	status->counters.of[PST_COUNTER_STARTED][0]++;
	status->process = 8;
	pst_top_history_add(history, status, 604000);
	span = pst_top_history_span(arena, history, 60);
	assert_true(span.seconds <= 0);
}

static void
test_grid(void **state)
{
	static const struct {
		struct pst_grid_place place;
		bool right;
		const char *text, *want;
	} rows[] = {
	    {{0, 2, 8}, false, "abc", "  abc"},
	    {{0, 2, 8}, true, "abc", "       abc"},
	    {{0, 0, 6}, false, "abcdefgh", "abcd.."},
	    {{0, 0, 3}, false, "abcdefgh", "abc"},
	    {{0, 7, 90}, false, "abcdefgh", "       abc"},
	    {{0, 10, 5}, false, "abc", ""},
	    {{3, 0, 5}, false, "abc", ""},
	    {{0, 0, 0}, false, "abc", ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		struct pst_grid *grid = pst_grid_new(arena, 10, 3);

		(rows[i].right ? pst_grid_put_right : pst_grid_put)(
		    grid, rows[i].place, PST_UI_BAD, rows[i].text);
		assert_string_equal(
		    pst_grid_line(arena, grid, 0), rows[i].want);
		assert_int_equal(
		    pst_grid_used_rows(grid), rows[i].want[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_figures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_problems, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_trouble, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_paused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_history, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_grid, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

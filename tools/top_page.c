/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/top_page.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "auth/result.h"
#include "config/choice.h"
#include "dns/dns.h"
#include "tools/top_pen.h"

/* From here on there is room for two columns of sections. */
#define DOUBLE 150

#define MANY_ROWS 500 /* that wait: more than the writer takes at once */

static void
put_head(struct pst_top_pen *pen)
{
	struct pst_top_frame *page = pen->page;
	const struct pst_top_view *view = page->view;
	const struct pst_status *status = view->status;
	const char *right, *left = "postern";

	if (status != NULL)
		left = pst_arena_printf(page->arena,
		    "postern %s   up %s   %" PRIu64 " sessions open",
		    status->version,
		    pst_top_value(page, PST_COUNTER_STARTED) == 0 ?
			"?" :
			pst_top_since(page, PST_COUNTER_STARTED),
		    pst_top_value(page, PST_COUNTER_SESSIONS_OPEN));
	right = pen->width < 30   ? "" :
	    view->trouble != NULL ? "NO ANSWER" :
	    view->paused          ? "PAUSED" :
	    status == NULL        ? "" :
			     pst_arena_printf(page->arena, "%02u:%02u:%02u UTC",
				 (unsigned)(status->now_epoch / 3600 % 24),
				 (unsigned)(status->now_epoch / 60 % 60),
				 (unsigned)(status->now_epoch % 60));
	pst_top_put(pen, 0,
	    pen->width > strlen(right) + 1 ?
		pen->width - (unsigned)strlen(right) - 1 :
		pen->width,
	    PST_UI_PLAIN, left);
	pst_top_put_right(pen, 0, pen->width,
	    view->trouble != NULL ? PST_UI_BAD :
		view->paused      ? PST_UI_WARN :
				    PST_UI_DIM,
	    right);
	pen->row++;
}

static void
put_verdict(struct pst_top_pen *pen)
{
	struct pst_top_frame *page = pen->page;
	const struct pst_top_view *view = page->view;
	unsigned max_rows = page->grid->rows < 20 ? 1 : 3;
	enum pst_status_level level;
	const char *problems;

	if (view->trouble != NULL) {
		pst_top_wrap(pen, PST_UI_BAD,
		    view->status == NULL ?
			view->trouble :
			pst_arena_printf(page->arena,
			    "%s; below is what it said %s ago", view->trouble,
			    pst_status_span(page->arena, view->silent_s)),
		    page->grid->rows < 20 ? 2 : 4);
		return;
	}
	if (view->status == NULL)
		return;
	level = pst_status_judge(page->arena, view->status, &problems);
	if (problems[0] == '\0')
		pst_top_wrap(pen, PST_UI_GOOD, "OK: nothing is wrong", 1);
	else
		pst_top_wrap(pen,
		    level == PST_STATUS_CRITICAL ? PST_UI_BAD : PST_UI_WARN,
		    pst_arena_printf(page->arena, "%s: %s",
			pst_status_level_word(level), problems),
		    max_rows);
}

static enum pst_ui_tone
action_tone(unsigned action)
{
	switch ((enum pst_action)action) {
	case PST_ACTION_ACCEPT:
		return PST_UI_GOOD;
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
	case PST_ACTION_TEMPFAIL:
		return PST_UI_WARN;
	case PST_ACTION_REJECT:
		return PST_UI_BAD;
	}
	return PST_UI_PLAIN;
}

struct bar {
	uint64_t n, all;
	enum pst_ui_tone tone;
};

/* As long as the place for the whole; never empty for a part. */
static void
put_bar(const struct pst_top_pen *pen, unsigned column, unsigned width,
    const struct bar *bar)
{
	char text[PST_GRID_MAX_COLUMNS + 1];
	unsigned len;

	if (bar->n == 0 || width >= sizeof(text))
		return;
	len = (unsigned)((double)bar->n * width / (double)bar->all + 0.5);
	len = len == 0 ? 1 : len > width ? width : len;
	memset(text, '|', len);
	text[len] = '\0';
	pst_top_put(pen, column, width, bar->tone, text);
}

/* The columns after the label; of a narrow page without those marked "wide". */
enum { NOW = PST_TOP_LABEL, MINUTE = NOW + 10, SHARE = MINUTE + 10 };
enum { FIVE = MINUTE + 10, WIDE_SHARE = FIVE + 10, BAR = WIDE_SHARE + 10 };
#define TOTAL 12

static void
put_message_row(struct pst_top_pen *pen, const char *label, unsigned place,
    enum pst_ui_tone tone)
{
	struct pst_top_frame *page = pen->page;
	const struct pst_top_view *view = page->view;
	const enum pst_counter counter = PST_COUNTER_MESSAGES;
	const bool all = place == UINT_MAX, wide = pen->width >= PST_TOP_WIDE;
	const struct pst_top_span *spans[] = {
	    &view->now, &view->minute, &view->five};
	static const unsigned columns[] = {NOW, MINUTE, FIVE};
	const struct pst_counters_sum *sum = pst_top_recent(page);
	uint64_t whole = pst_counters_total(sum, counter);
	uint64_t n = all ? whole : sum->of[counter][place];
	uint64_t total = all ?
	    pst_counters_total(&view->status->counters, counter) :
	    view->status->counters.of[counter][place];

	pst_top_put(pen, 0, PST_TOP_LABEL, all ? PST_UI_PLAIN : tone, label);
	for (size_t i = 0; i < (wide ? 3u : 2u); i++) {
		const struct pst_top_span *span = spans[i];

		uint64_t of = all ? pst_counters_total(span->sum, counter) :
				    span->sum->of[counter][place];

		pst_top_put_right(pen, columns[i], 9,
		    of == 0 ? PST_UI_DIM : PST_UI_PLAIN,
		    i == 0 && view->trouble != NULL ?
			"-" :
			pst_top_rate(page, span, of));
	}
	if (!all)
		pst_top_put_right(pen, wide ? WIDE_SHARE : SHARE, 9,
		    n == 0 ? PST_UI_DIM : PST_UI_PLAIN,
		    pst_top_share(page, n, whole));
	if (wide) {
		if (!all && pen->width > BAR + TOTAL + 2)
			put_bar(pen, BAR + 1, pen->width - BAR - TOTAL - 2,
			    &(struct bar){n, whole, tone});
		pst_top_put_right(pen, pen->width - TOTAL, TOTAL, PST_UI_PLAIN,
		    pst_top_number(page, total));
	}
	pen->row++;
}

static void
put_messages(struct pst_top_pen *pen)
{
	const struct pst_counter_info *info =
	    pst_counter_info(PST_COUNTER_MESSAGES);
	const bool wide = pen->width >= PST_TOP_WIDE;

	pst_top_put(pen, 0, PST_TOP_LABEL, PST_UI_DIM, "Messages");
	pst_top_put_right(pen, NOW, 9, PST_UI_DIM, "now/s");
	pst_top_put_right(pen, MINUTE, 9, PST_UI_DIM, "1 min");
	if (wide) {
		pst_top_put_right(pen, FIVE, 9, PST_UI_DIM, "5 min");
		pst_top_put_right(
		    pen, pen->width - TOTAL, TOTAL, PST_UI_DIM, "since start");
	}
	pst_top_put_right(
	    pen, wide ? WIDE_SHARE : SHARE, 9, PST_UI_DIM, "share");
	pen->row++;
	put_message_row(pen, "all", UINT_MAX, PST_UI_PLAIN);
	for (unsigned i = 0; i < info->places; i++)
		put_message_row(pen, info->word(i), i, action_tone(i));
}

static enum pst_ui_tone
result_tone(enum pst_result result)
{
	switch (result) {
	case PST_RESULT_PASS:
		return PST_UI_GOOD;
	case PST_RESULT_FAIL:
		return PST_UI_BAD;
	case PST_RESULT_SOFTFAIL:
	case PST_RESULT_TEMPERROR:
	case PST_RESULT_PERMERROR:
		return PST_UI_WARN;
	case PST_RESULT_NONE:
	case PST_RESULT_NEUTRAL:
	case PST_RESULT_POLICY:
		return PST_UI_PLAIN;
	}
	return PST_UI_PLAIN;
}

/* The results with most to say come first: a narrow page shows only these. */
static const enum pst_result result_order[] = {PST_RESULT_PASS, PST_RESULT_FAIL,
    PST_RESULT_NONE, PST_RESULT_TEMPERROR, PST_RESULT_PERMERROR,
    PST_RESULT_SOFTFAIL, PST_RESULT_NEUTRAL, PST_RESULT_POLICY};

/* With the blank before it; all of them are on a page of 80 columns. */
static unsigned
result_width(enum pst_result result)
{
	unsigned len = (unsigned)strlen(pst_result_word(result));

	return len < 7 ? 8 : len + 1;
}

static void
put_result_row(struct pst_top_pen *pen, enum pst_counter counter)
{
	const uint64_t *of = pst_top_recent(pen->page)->of[counter];
	unsigned column = PST_TOP_LABEL;

	pst_top_put(pen, 0, PST_TOP_LABEL, PST_UI_PLAIN,
	    pst_counter_info(counter)->name);
	for (size_t i = 0; i < PST_COUNT(result_order); i++) {
		enum pst_result result = result_order[i];

		pst_top_put_right(pen, column, result_width(result),
		    of[result] == 0 ? PST_UI_DIM : result_tone(result),
		    pst_top_short(pen->page, of[result]));
		column += result_width(result);
	}
	pen->row++;
}

static void
put_results(struct pst_top_pen *pen)
{
	unsigned column = PST_TOP_LABEL;

	pst_top_put(
	    pen, 0, PST_TOP_LABEL, PST_UI_DIM, pst_top_recent_word(pen->page));
	for (size_t i = 0; i < PST_COUNT(result_order); i++) {
		pst_top_put_right(pen, column, result_width(result_order[i]),
		    PST_UI_DIM, pst_result_word(result_order[i]));
		column += result_width(result_order[i]);
	}
	pen->row++;
	put_result_row(pen, PST_COUNTER_SPF);
	put_result_row(pen, PST_COUNTER_DKIM);
	put_result_row(pen, PST_COUNTER_DMARC);
}

static void
put_dns(struct pst_top_pen *pen)
{
	struct pst_top_frame *page = pen->page;
	const struct pst_top_span *five = &page->view->five;
	const uint64_t *answers = five->sum->of[PST_COUNTER_DNS_ANSWERS];
	uint64_t failed = answers[PST_DNS_TIMEOUT] + answers[PST_DNS_SERVFAIL] +
	    answers[PST_DNS_BOGUS] + answers[PST_DNS_BUDGET] +
	    answers[PST_DNS_CROWDED] + answers[PST_DNS_PAUSED];
	uint64_t cached = pst_top_recent(page)->of[PST_COUNTER_DNS_CACHED][0];
	uint64_t missed = pst_top_recent(page)->of[PST_COUNTER_DNS_QUERIES][0];
	uint64_t asked = five->sum->of[PST_COUNTER_DNS_QUERIES][0];
	const char *dead = pst_top_since(page, PST_COUNTER_DNS_DEAD_SINCE);
	struct pst_top_flow flow = {.count = 0};

	if (dead != NULL)
		pst_top_add(&flow, PST_UI_BAD,
		    pst_arena_printf(page->arena, "no answer for %s", dead));
	pst_top_add(&flow, PST_UI_PLAIN,
	    pst_arena_printf(
		page->arena, "%s asked/s", pst_top_rate(page, five, asked)));
	pst_top_add(&flow, PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "cache %s",
		pst_top_share(page, cached, cached + missed)));
	pst_top_add(&flow, PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "%" PRIu64 " open",
		pst_top_value(page, PST_COUNTER_DNS_OPEN)));
	pst_top_add(&flow, failed > 0 ? PST_UI_WARN : PST_UI_PLAIN,
	    pst_arena_printf(
		page->arena, "%s failed/s", pst_top_rate(page, five, failed)));
	pst_top_add(&flow, PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "%" PRIu64 " wait",
		pst_top_value(page, PST_COUNTER_WAITING)));
	pst_top_put_flow(pen, "DNS", &flow);
}

static const char *
time_text(
    struct pst_top_frame *page, enum pst_counter counter, unsigned percent)
{
	unsigned ms =
	    pst_counters_percentile(pst_top_recent(page), counter, percent);

	if (pst_counters_total(pst_top_recent(page), counter) == 0)
		return "-";
	if (ms == UINT_MAX)
		return pst_arena_printf(page->arena, "> %u s",
		    pst_counter_bounds_ms[PST_COUNTER_BUCKETS - 2] / 1000);
	return pst_arena_printf(page->arena, ms >= 1000 ? "%u s" : "%u ms",
	    ms >= 1000 ? ms / 1000 : ms);
}

static void
put_times(struct pst_top_pen *pen)
{
	static const struct {
		const char *name;
		enum pst_counter counter;
	} rows[] = {{"message", PST_COUNTER_MESSAGE_MS},
	    {"question", PST_COUNTER_DNS_MS}};
	struct pst_top_frame *page = pen->page;
	struct pst_top_flow flow = {.count = 0};

	for (size_t i = 0; i < PST_COUNT(rows); i++)
		pst_top_add(&flow, PST_UI_PLAIN,
		    pst_arena_printf(page->arena, "%s p50 %s p99 %s",
			rows[i].name, time_text(page, rows[i].counter, 50),
			time_text(page, rows[i].counter, 99)));
	pst_top_put_flow(pen, "Times", &flow);
}

static void
add_queue(struct pst_top_frame *page, struct pst_top_flow *flow,
    const char *name, enum pst_counter queue, enum pst_counter failing)
{
	uint64_t waiting = pst_top_value(page, queue);
	const char *fails = pst_top_since(page, failing);

	if (fails != NULL)
		pst_top_add(flow, PST_UI_BAD,
		    pst_arena_printf(page->arena,
			"%s %" PRIu64 ", failing for %s", name, waiting,
			fails));
	else
		pst_top_add(flow,
		    waiting > MANY_ROWS ? PST_UI_WARN : PST_UI_PLAIN,
		    pst_arena_printf(
			page->arena, "%s %" PRIu64, name, waiting));
}

static void
put_queues(struct pst_top_pen *pen)
{
	struct pst_top_frame *page = pen->page;
	const char *upload =
	    pst_top_since(page, PST_COUNTER_UPLOAD_FAILING_SINCE);
	uint64_t ready = pst_top_value(page, PST_COUNTER_WORKERS_READY);
	uint64_t workers = pst_top_value(page, PST_COUNTER_WORKERS);
	uint64_t crashes = pst_top_value(page, PST_COUNTER_WORKER_CRASHES);
	struct pst_top_flow queues = {.count = 0}, processes = {.count = 0};

	add_queue(page, &queues, "store", PST_COUNTER_STORE_QUEUE,
	    PST_COUNTER_STORE_FAILING_SINCE);
	add_queue(page, &queues, "journal", PST_COUNTER_JOURNAL_QUEUE,
	    PST_COUNTER_JOURNAL_FAILING_SINCE);
	if (upload != NULL)
		pst_top_add(&queues, PST_UI_BAD,
		    pst_arena_printf(
			page->arena, "upload failing for %s", upload));
	pst_top_put_flow(pen, "Queues", &queues);
	pst_top_add(&processes, ready < workers ? PST_UI_BAD : PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "%" PRIu64 " of %" PRIu64 " ready",
		ready, workers));
	pst_top_add(&processes, PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "%" PRIu64 " crashed", crashes));
	pst_top_add(&processes, PST_UI_PLAIN,
	    pst_arena_printf(page->arena, "%" PRIu64 " sessions refused",
		pst_counters_total(&page->view->status->counters,
		    PST_COUNTER_SESSIONS_REFUSED)));
	pst_top_put_flow(pen, "Workers", &processes);
}

static void
put_sections(struct pst_top_pen *pen)
{
	struct pst_top_pen left = *pen, right = *pen;

	if (pen->width >= DOUBLE) {
		left.width = pen->width / 2 - 1;
		right.column = pen->width / 2 + 1;
		right.width = pen->width - right.column;
		put_messages(&left);
		put_dns(&right);
		put_times(&right);
		put_queues(&right);
		pen->row = left.row > right.row ? left.row : right.row;
		put_results(pen);
		pen->row++;
	} else {
		put_messages(pen);
		/* On a low page these say more than all results. */
		if (pen->page->grid->rows < 24) {
			put_dns(pen);
			put_queues(pen);
			put_results(pen);
			put_times(pen);
		} else {
			put_results(pen);
			put_dns(pen);
			put_times(pen);
			put_queues(pen);
		}
	}
	pst_top_put_lists(pen);
}

struct pst_grid *
pst_top_page(struct pst_arena *arena, const struct pst_top_view *view,
    unsigned columns, unsigned rows)
{
	struct pst_top_frame page = {.arena = arena,
	    .view = view,
	    .grid = pst_grid_new(arena, columns, rows)};
	struct pst_top_pen pen = {
	    .page = &page, .width = page.grid->columns, .end = page.grid->rows};

	put_head(&pen);
	put_verdict(&pen);
	if (view->keys && page.grid->rows >= 24) {
		struct pst_top_pen foot = {
		    &page, --pen.end, 0, pen.width, UINT_MAX};

		pst_top_put(&foot, 0, foot.width, PST_UI_DIM,
		    pst_arena_printf(arena, "q quits, p %s; every %u s",
			view->paused ? "goes on" : "pauses", view->interval_s));
	}
	if (view->status != NULL)
		put_sections(&pen);
	return page.grid;
}

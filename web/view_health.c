/* SPDX-License-Identifier: BSD-2-Clause */

/* What the daemon says of itself. */

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "auth/result.h"
#include "base/buf.h"
#include "dns/gate.h"
#include "store/overdue.h"
#include "web/message_rows.h"
#include "web/page.h"
#include "web/view_parts.h"

#define MAX_FACT 400
#define MAX_RULES 12

struct page {
	struct pst_arena *arena;
	struct pst_html *html;
	const struct pst_config *config;
	const struct pst_status *status;
};

static uint64_t
value(const struct page *page, enum pst_counter counter)
{
	return page->status->counters.of[counter][0];
}

static uint64_t
total(const struct page *page, enum pst_counter counter)
{
	return pst_counters_total(&page->status->counters, counter);
}

/* Returns how long ago the time in a counter was, in words. */
static const char *
ago(const struct page *page, enum pst_counter counter)
{
	uint64_t now = page->status->now_epoch;
	uint64_t when = value(page, counter);

	return pst_status_span(page->arena, when < now ? now - when : 0);
}

/* ---- cards ---- */

static void
open_card(const struct page *page, const char *title)
{
	pst_html_markup(page->html, "<section class=\"card\">");
	pst_html_element(page->html, "h2", NULL, title);
	pst_html_markup(page->html, "<dl class=\"facts\">\n");
}

static void
close_card(const struct page *page)
{
	pst_html_markup(page->html, "</dl></section>\n");
}

static void fact(const struct page *page, const char *label, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

static void
fact(const struct page *page, const char *label, const char *format, ...)
{
	char text[MAX_FACT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pst_html_element(page->html, "dt", NULL, label);
	pst_html_element(page->html, "dd", "wrap", text);
	pst_html_markup(page->html, "\n");
}

/* A number that is a complaint unless it is 0. */
static void
fault(const struct page *page, const char *label, uint64_t number)
{
	pst_html_element(page->html, "dt", NULL, label);
	pst_html_add_markup(
	    page->html, number == 0 ? "<dd>" : "<dd class=\"warn\">");
	pst_html_number(page->html, number);
	pst_html_markup(page->html, "</dd>\n");
}

static void
number(const struct page *page, const char *label, uint64_t count)
{
	pst_html_element(page->html, "dt", NULL, label);
	pst_html_markup(page->html, "<dd>");
	pst_html_number(page->html, count);
	pst_html_markup(page->html, "</dd>\n");
}

/* Since when something has failed; nothing if it works. */
static void
failing(const struct page *page, const char *label, enum pst_counter since)
{
	if (value(page, since) == 0)
		return;
	pst_html_element(page->html, "dt", NULL, label);
	pst_html_element(page->html, "dd", "bad", ago(page, since));
	pst_html_markup(page->html, "\n");
}

/* ---- times ---- */

static const char *
within(const struct page *page, enum pst_counter counter, unsigned percent)
{
	unsigned ms =
	    pst_counters_percentile(&page->status->counters, counter, percent);

	if (total(page, counter) == 0)
		return "–";
	if (ms == UINT_MAX)
		return pst_arena_printf(page->arena, "over %u s",
		    pst_counter_bounds_ms[PST_COUNTER_BUCKETS - 2] / 1000);
	if (ms >= 1000)
		return pst_arena_printf(page->arena, "%u s", ms / 1000);
	return pst_arena_printf(page->arena, "%u ms", ms);
}

/* Which names are slow, while mail waits for them. */
static void
add_slow(const struct page *page)
{
	static const char *const columns[] = {"Name", "Type", "Outcome", "#ms"};
	const struct pst_status *status = page->status;

	if (status->slow_question_count == 0)
		return;
	pst_html_markup(page->html,
	    "<section class=\"card\"><h2>Slowest DNS questions</h2>\n");
	pst_web_table(page->html, "Of about the last minute", columns,
	    PST_COUNT(columns));
	for (size_t i = 0; i < status->slow_question_count; i++) {
		const struct pst_slow_question *one =
		    &status->slow_questions[i];

		pst_html_markup(page->html, "<tr>");
		pst_html_element(page->html, "td", "wrap", one->name);
		pst_html_element(page->html, "td", NULL, one->type);
		pst_html_element(page->html, "td", NULL, one->outcome);
		pst_html_markup(page->html, "<td class=\"num\">");
		pst_html_number(page->html, one->ms);
		pst_html_markup(page->html, "</td></tr>\n");
	}
	pst_web_table_end(page->html);
	pst_html_markup(page->html, "</section>\n");
}

static void
add_times(const struct page *page)
{
	static const char *const columns[] = {
	    "", "#50 % within", "#90 % within", "#99 % within"};
	static const struct {
		const char *label;
		enum pst_counter counter;
	} rows[] = {
	    {"from the end of a message to its decision",
		PST_COUNTER_MESSAGE_MS},
	    {"until a DNS server answered", PST_COUNTER_DNS_MS},
	};
	static const unsigned shares[] = {50, 90, 99};

	pst_html_markup(page->html, "<section class=\"card\"><h2>Times</h2>\n");
	pst_web_table(page->html, "How long it took, since the daemon started",
	    columns, PST_COUNT(columns));
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		pst_html_markup(page->html, "<tr><th scope=\"row\">");
		pst_html_text(page->html, rows[i].label);
		pst_html_markup(page->html, "</th>");
		for (size_t n = 0; n < PST_COUNT(shares); n++)
			pst_html_element(page->html, "td", "num",
			    within(page, rows[i].counter, shares[n]));
		pst_html_markup(page->html, "</tr>\n");
	}
	pst_web_table_end(page->html);
	pst_html_markup(page->html, "</section>\n");
}

/* ---- the daemon ---- */

static const char *
sandbox(const struct page *page)
{
	uint64_t abi = value(page, PST_COUNTER_LANDLOCK_ABI);
	bool seccomp = value(page, PST_COUNTER_SECCOMP) > 0 &&
	    value(page, PST_COUNTER_SECCOMP) >=
		value(page, PST_COUNTER_WORKERS_READY);

	if (value(page, PST_COUNTER_NO_NEW_PRIVS) == 0)
		return "none";
	return pst_arena_printf(page->arena,
	    abi == 0 ? "no-new-privs, %s, no Landlock" :
		       "no-new-privs, %s, Landlock (ABI %" PRIu64 ")",
	    seccomp ? "seccomp" : "no seccomp", abi);
}

static void
add_clock(const struct page *page)
{
	const char *witness = NULL;

	if (value(page, PST_COUNTER_CLOCK_SERVER_SINCE) != 0)
		witness = "that of the shared database";
	else if (value(page, PST_COUNTER_CLOCK_STORE_SINCE) != 0)
		witness = "what the report store has seen";
	else if (value(page, PST_COUNTER_CLOCK_SIGNATURES_SINCE) != 0)
		witness = "the times of DKIM signatures";
	if (witness == NULL)
		fact(page, "clock", "nothing disagrees with it");
	else
		fact(page, "clock", "disagrees with %s", witness);
}

static void
add_daemon(const struct page *page)
{
	const uint64_t *reloads =
	    page->status->counters.of[PST_COUNTER_RELOADS];

	open_card(page, "Daemon");
	fact(page, "version", "postern %s, process %" PRIu64,
	    page->status->version, page->status->process);
	fact(page, "running for", "%s", ago(page, PST_COUNTER_STARTED));
	fact(page, "configuration", "%.300s", page->status->configuration);
	fact(page, "reloads", "%" PRIu64 ", %" PRIu64 " failed", reloads[0],
	    reloads[1]);
	if (value(page, PST_COUNTER_LAST_RELOAD) != 0)
		fact(page, "last reload", "%s ago",
		    ago(page, PST_COUNTER_LAST_RELOAD));
	fact(page, "workers", "%" PRIu64 " of %" PRIu64 " ready",
	    value(page, PST_COUNTER_WORKERS_READY),
	    value(page, PST_COUNTER_WORKERS));
	number(
	    page, "starts of workers", value(page, PST_COUNTER_WORKER_STARTS));
	fault(page, "crashes", value(page, PST_COUNTER_WORKER_CRASHES));
	if (value(page, PST_COUNTER_LAST_CRASH) != 0)
		fact(page, "last crash", "%s ago",
		    ago(page, PST_COUNTER_LAST_CRASH));
	if (total(page, PST_COUNTER_LIBRARY_CRASHES) != 0)
		fact(page, "in a library",
		    "%" PRIu64 " of the crashes, %" PRIu64
		    " checks without it since",
		    total(page, PST_COUNTER_LIBRARY_CRASHES),
		    total(page, PST_COUNTER_BARRED));
	fact(page, "sandbox", "%s", sandbox(page));
	add_clock(page);
	close_card(page);
}

static void
add_sessions(const struct page *page)
{
	open_card(page, "SMTP sessions");
	number(page, "open now", value(page, PST_COUNTER_SESSIONS_OPEN));
	number(page, "since the start", value(page, PST_COUNTER_SESSIONS));
	fault(
	    page, "refused for now", total(page, PST_COUNTER_SESSIONS_REFUSED));
	number(page, "messages that wait for the DNS",
	    value(page, PST_COUNTER_WAITING));
	fault(page, "decided early to make room",
	    value(page, PST_COUNTER_WAITING_CUT));
	number(page, "messages of postern send",
	    value(page, PST_COUNTER_TEST_MESSAGES));
	close_card(page);
}

static void
add_dns(const struct page *page)
{
	const struct pst_counters_sum *sum = &page->status->counters;
	const uint64_t *answers = sum->of[PST_COUNTER_DNS_ANSWERS];
	const uint64_t *refused = sum->of[PST_COUNTER_DNS_REFUSED];
	uint64_t cached = value(page, PST_COUNTER_DNS_CACHED);
	uint64_t asked = value(page, PST_COUNTER_DNS_QUERIES);

	open_card(page, "DNS");
	failing(page, "no answer for", PST_COUNTER_DNS_DEAD_SINCE);
	failing(page, "failing for", PST_COUNTER_DNS_FAILING_SINCE);
	pst_html_markup(page->html, "<dt>from the cache</dt><dd>");
	pst_html_share(page->html, cached, cached + asked);
	pst_html_markup(page->html, "</dd>\n");
	number(page, "questions asked", asked);
	number(page, "open now", value(page, PST_COUNTER_DNS_OPEN));
	fault(page, "timed out", answers[PST_DNS_TIMEOUT]);
	fault(page, "SERVFAIL", answers[PST_DNS_SERVFAIL]);
	fault(page, "given up for others",
	    value(page, PST_COUNTER_DNS_DISPLACED));
	fault(page, "not asked: too many are open",
	    refused[PST_GATE_POOL - 1] + refused[PST_GATE_NETWORK - 1] +
		refused[PST_GATE_SUBJECT - 1]);
	fault(page, "not asked: the servers are silent",
	    refused[PST_GATE_PAUSE - 1]);
	failing(page, "networks of entries spf: unknown for",
	    PST_COUNTER_SPF_LISTS_MISSING_SINCE);
	failing(page, "networks of entries spf: old for",
	    PST_COUNTER_SPF_LISTS_FAILING_SINCE);
	close_card(page);
}

static void
add_journal(const struct page *page)
{
	open_card(page, "Journal");
	failing(page, "failing for", PST_COUNTER_JOURNAL_FAILING_SINCE);
	number(
	    page, "messages written", value(page, PST_COUNTER_JOURNAL_WRITTEN));
	number(page, "waiting now", value(page, PST_COUNTER_JOURNAL_QUEUE));
	fault(page, "lost", value(page, PST_COUNTER_JOURNAL_DROPPED));
	close_card(page);
}

static void
add_store(const struct page *page)
{
	open_card(page, "Report store");
	failing(page, "failing for", PST_COUNTER_STORE_FAILING_SINCE);
	number(page, "rows written", value(page, PST_COUNTER_ROWS_WRITTEN));
	number(page, "waiting now", value(page, PST_COUNTER_STORE_QUEUE));
	fault(page, "late", value(page, PST_COUNTER_ROWS_LATE));
	fault(page, "lost", value(page, PST_COUNTER_ROWS_DROPPED));
	number(
	    page, "batches uploaded", value(page, PST_COUNTER_UPLOAD_BATCHES));
	failing(page, "upload failing for", PST_COUNTER_UPLOAD_FAILING_SINCE);
	close_card(page);
}

static void
add_memory(const struct page *page)
{
	open_card(page, "Remembered domains");
	failing(page, "failing for", PST_COUNTER_MEMORY_FAILING_SINCE);
	number(page, "domains", value(page, PST_COUNTER_MEMORY_DOMAINS));
	number(page, "with a DMARC record",
	    value(page, PST_COUNTER_MEMORY_RECORDS));
	number(page, "not remembered", value(page, PST_COUNTER_MEMORY_REFUSED));
	if (value(page, PST_COUNTER_MEMORY_BORN) != 0)
		fact(page, "age", "%s", ago(page, PST_COUNTER_MEMORY_BORN));
	close_card(page);
}

/* ---- tables ---- */

static void
add_counts(
    const struct page *page, const char *label, uint64_t part, uint64_t whole)
{
	pst_html_markup(page->html, "<tr><th scope=\"row\" class=\"wrap\">");
	pst_html_text(page->html, label);
	pst_html_markup(page->html, "</th><td class=\"num\">");
	pst_html_number(page->html, part);
	pst_html_markup(page->html, "</td><td class=\"num\">");
	pst_html_share(page->html, part, whole);
	pst_html_markup(page->html, "</td></tr>\n");
}

static void
add_actions(const struct page *page)
{
	static const char *const columns[] = {
	    "What was done", "#messages", "#share"};
	const struct pst_counters_sum *sum = &page->status->counters;
	uint64_t all = total(page, PST_COUNTER_MESSAGES);

	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Messages</h2>\n");
	pst_web_table(page->html, "Since the daemon started", columns,
	    PST_COUNT(columns));
	for (unsigned i = 0; i <= PST_ACTION_TEMPFAIL; i++)
		add_counts(page, pst_web_action_word((enum pst_action)i),
		    sum->of[PST_COUNTER_MESSAGES][i], all);
	add_counts(
	    page, "not enforced", total(page, PST_COUNTER_NOT_ENFORCED), all);
	add_counts(page, "not checked",
	    total(page, PST_COUNTER_EXEMPT) - value(page, PST_COUNTER_EXEMPT),
	    all);
	pst_web_table_end(page->html);
	pst_html_markup(page->html, "</section>\n");
}

static void
add_results(const struct page *page)
{
	static const enum pst_counter checks[] = {PST_COUNTER_IPREV,
	    PST_COUNTER_SPF, PST_COUNTER_DKIM, PST_COUNTER_ARC,
	    PST_COUNTER_DMARC};
	const struct pst_counters_sum *sum = &page->status->counters;
	const size_t results = pst_counter_info(PST_COUNTER_SPF)->places;
	const char *columns[PST_COUNTER_PLACES + 1] = {"Check"};

	for (unsigned i = 0; i < results; i++)
		columns[i + 1] = pst_arena_printf(
		    page->arena, "#%s", pst_result_word((enum pst_result)i));
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Results</h2>\n");
	pst_web_table(page->html,
	    "Checked messages by result, since the "
	    "daemon started",
	    columns, results + 1);
	for (size_t c = 0; c < PST_COUNT(checks); c++) {
		pst_html_markup(page->html, "<tr><th scope=\"row\">");
		pst_html_text(page->html, pst_counter_info(checks[c])->name);
		pst_html_markup(page->html, "</th>");
		for (size_t i = 0; i < results; i++) {
			pst_html_markup(page->html, "<td class=\"num\">");
			pst_html_number(page->html, sum->of[checks[c]][i]);
			pst_html_markup(page->html, "</td>");
		}
		pst_html_markup(page->html, "</tr>\n");
	}
	pst_web_table_end(page->html);
	pst_html_markup(page->html, "</section>\n");
}

/* The names of a counter, the most frequent first. */
static void
add_rules(
    const struct page *page, const char *caption, enum pst_counter counter)
{
	static const char *const columns[] = {"Rule", "#messages", "#share"};
	const struct pst_counters_sum *sum = &page->status->counters;
	uint64_t all = total(page, PST_COUNTER_MESSAGES);
	bool shown[PST_COUNTER_PLACES] = {false};

	if (total(page, counter) == 0)
		return;
	pst_web_table(page->html, caption, columns, PST_COUNT(columns));
	for (size_t row = 0; row < MAX_RULES; row++) {
		unsigned best = PST_COUNTER_PLACES;

		for (unsigned i = 0; i < PST_COUNTER_PLACES; i++) {
			if (!shown[i] && sum->of[counter][i] > 0 &&
			    pst_counters_name(sum, counter, i) != NULL &&
			    (best == PST_COUNTER_PLACES ||
				sum->of[counter][i] > sum->of[counter][best]))
				best = i;
		}
		if (best == PST_COUNTER_PLACES)
			break;
		shown[best] = true;
		add_counts(page, pst_counters_name(sum, counter, best),
		    sum->of[counter][best], all);
	}
	pst_web_table_end(page->html);
}

/* ---- the page ---- */

static const char *
level_class(enum pst_status_level level)
{
	switch (level) {
	case PST_STATUS_OK:
		return "verdict good";
	case PST_STATUS_WARNING:
	case PST_STATUS_UNKNOWN:
		return "verdict warn";
	case PST_STATUS_CRITICAL:
		break;
	}
	return "verdict bad";
}

static void
add_verdict(const struct page *page)
{
	const char *problems;
	enum pst_status_level level =
	    pst_status_judge(page->arena, page->status, &problems);

	level = pst_overdue_judge(page->arena, page->config, level, &problems);
	pst_html_element(page->html, "p", level_class(level),
	    problems[0] == '\0' ?
		"The daemon works, and nothing is wrong with it." :
		pst_arena_printf(page->arena, "%s: %s.",
		    pst_status_level_word(level), problems));
}

/* Returns a rate since the start of the daemon, such as "3.4 a minute". */
static const char *
rate(const struct page *page, uint64_t n)
{
	uint64_t now = page->status->now_epoch;
	uint64_t started = value(page, PST_COUNTER_STARTED);
	double s = started < now ? (double)(now - started) : 1;

	if ((double)n / s >= 1)
		return pst_arena_printf(
		    page->arena, "%.1f a second", (double)n / s);
	return pst_arena_printf(
	    page->arena, "%.1f a minute", (double)n * 60 / s);
}

static void
add_figures(const struct page *page)
{
	uint64_t all = total(page, PST_COUNTER_MESSAGES);
	uint64_t ready = value(page, PST_COUNTER_WORKERS_READY);
	uint64_t workers = value(page, PST_COUNTER_WORKERS);
	struct pst_arena *arena = page->arena;

	pst_web_figures(page->html);
	pst_web_figure(page->html, "messages", pst_web_number(arena, all),
	    rate(page, all), NULL);
	pst_web_figure(page->html, "decided within",
	    within(page, PST_COUNTER_MESSAGE_MS, 99),
	    total(page, PST_COUNTER_MESSAGE_MS) == 0 ? NULL : "99 % of them",
	    NULL);
	pst_web_figure(page->html, "workers ready",
	    pst_arena_printf(arena, "%" PRIu64 " of %" PRIu64, ready, workers),
	    NULL, ready < workers ? "warn" : NULL);
	pst_web_figure(page->html, "sessions open",
	    pst_web_number(arena, value(page, PST_COUNTER_SESSIONS_OPEN)), NULL,
	    NULL);
	pst_web_figure(page->html, "running for",
	    ago(page, PST_COUNTER_STARTED), NULL, NULL);
	pst_web_figures_end(page->html);
}

static void
add_decided(const struct page *page)
{
	if (total(page, PST_COUNTER_RULES) == 0 &&
	    total(page, PST_COUNTER_OPERATOR_RULES) == 0)
		return;
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Decided by</h2>\n");
	add_rules(page, "Built-in rules", PST_COUNTER_RULES);
	add_rules(
	    page, "Rules of the configuration", PST_COUNTER_OPERATOR_RULES);
	pst_html_markup(page->html, "</section>\n");
}

unsigned
pst_web_show_health(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {.arena = request->arena,
	    .html = html,
	    .config = request->site->config};
	const char *why = NULL;

	(void)title;
	page.status =
	    pst_web_daemon_status(request->site->daemon, request->arena, &why);
	if (page.status == NULL) {
		pst_html_element(html, "p", "verdict bad",
		    pst_arena_printf(request->arena,
			"The daemon does not answer: %s. If it does not run, "
			"the MTA handles mail as it is told to without a "
			"milter; start it, and look at the log.",
			why));
		return 200;
	}
	add_verdict(&page);
	add_figures(&page);
	pst_html_markup(html, "<div class=\"columns\">\n");
	add_daemon(&page);
	add_times(&page);
	add_sessions(&page);
	add_journal(&page);
	add_memory(&page);
	add_dns(&page);
	add_slow(&page);
	add_store(&page);
	add_actions(&page);
	add_decided(&page);
	pst_html_markup(html, "</div>\n");
	add_results(&page);
	return 200;
}

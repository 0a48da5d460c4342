/* SPDX-License-Identifier: BSD-2-Clause */

/* Our reports, and what became of them. */

#include <inttypes.h>
#include <string.h>

#include "base/day.h"
#include "base/domain.h"
#include "store/overdue.h"
#include "store/query_reports.h"
#include "web/page.h"
#include "web/view_parts.h"

#define MAX_ROWS 500

/* How the states of report/outbox.h are told, in their order. */
static const struct state {
	const char *title;
	const char *class;
	const char *meaning;
} states[PST_QUERY_SENT_STATES] = {
    {"waiting", "badge", "not tried yet"},
    {"to be tried again", "badge warn", "the last try failed, or was put off"},
    {"being sent", "badge", "the mail relay has it, or is about to"},
    {"sent", "badge good", "the mail relay has taken it"},
    {"given up", "badge bad",
	"it was refused permanently, or all tries have failed"},
    {"not to be sent", "badge",
	"the address has not agreed to reports, or the configuration excludes "
	"it"},
    {"bounced before", "badge warn",
	"mail to the address came back, so it gets none for a while"},
};

struct page {
	struct pst_web_request *request;
	struct pst_html *html;
	struct pst_arena *arena;
	struct pst_store store;
	struct pst_query_sent_filter filter;
	size_t count;
};

static size_t
state_of(struct pst_str word)
{
	for (size_t i = 0; i < PST_QUERY_SENT_STATES; i++)
		if (pst_str_eq(word, pst_str(pst_query_sent_states[i])))
			return i;
	return PST_QUERY_SENT_STATES;
}

/* ---- whether something is late ---- */

static void
add_overdue(struct page *page)
{
	struct pst_overdue overdue;
	struct pst_err err;

	if (!pst_overdue_ask(page->arena, &page->store, &overdue, &err)) {
		pst_web_notice(page->html, err.text);
		return;
	}
	if (!overdue.configured) {
		pst_web_notice(page->html,
		    "Reports are not sent: the configuration does not ask for "
		    "them. Domain owners then do not see what this gateway "
		    "does with their mail. The section report of "
		    "postern.conf(5) says how to begin.");
		return;
	}
	if (overdue.overdue)
		pst_html_element(
		    page->html, "p", "verdict bad", overdue.sentence);
	pst_html_markup(page->html, "<p class=\"dim\">");
	if (overdue.last_success_s == 0) {
		pst_html_text(page->html, "No report has been sent yet.");
	} else {
		pst_html_text(page->html, "The last report was sent at ");
		pst_web_time(page->html, overdue.last_success_s);
		pst_html_text(page->html, " UTC.");
	}
	pst_html_markup(page->html, "</p>\n");
}

/* ---- the counts ---- */

static const char *
state_address(const struct page *page, const char *state)
{
	const struct pst_web_param params[] = {
	    {"state", state}, {"domain", page->filter.domain}};

	return pst_web_href(page->request, PST_WEB_SENT, params,
	    page->filter.domain == NULL ? 1 : 2);
}

static void
add_counts(const struct page *page, const struct pst_query_sent_counts *counts)
{
	static const char *const columns[] = {
	    "What became of it", "#Deliveries", "#Share", "What it means"};
	struct pst_html *html = page->html;

	pst_web_table(html, "Deliveries by what became of them", columns, 4);
	for (size_t i = 0; i < PST_QUERY_SENT_STATES; i++) {
		if (counts->deliveries[i] == 0)
			continue;
		pst_html_markup(html, "<tr><td>");
		pst_html_link(html,
		    state_address(page, pst_query_sent_states[i]),
		    states[i].title);
		pst_html_markup(html, "</td><td class=\"num\">");
		pst_html_number(html, (uint64_t)counts->deliveries[i]);
		pst_html_markup(html, "</td><td class=\"num\">");
		pst_html_share(html, (uint64_t)counts->deliveries[i],
		    (uint64_t)counts->all);
		pst_html_markup(html, "</td>");
		pst_html_element(html, "td", "dim", states[i].meaning);
		pst_html_markup(html, "</tr>\n");
	}
	pst_web_table_end(html);
}

static void
add_figures(const struct page *page, const struct pst_query_sent_counts *counts)
{
	static const struct {
		const char *label;
		size_t first, last; /* states */
		const char *class;
	} figures[] = {
	    {"sent", 2, 3, NULL},
	    {"waiting", 0, 1, NULL},
	    {"given up", 4, 4, "bad"},
	    {"not to be sent", 5, 6, NULL},
	};

	pst_web_figures(page->html);
	pst_web_figure(page->html, "reports made",
	    pst_web_number(page->arena, (uint64_t)counts->reports), NULL, NULL);
	for (size_t i = 0; i < PST_COUNT(figures); i++) {
		int64_t sum = 0;

		for (size_t n = figures[i].first; n <= figures[i].last; n++)
			sum += counts->deliveries[n];
		pst_web_figure(page->html, figures[i].label,
		    pst_web_number(page->arena, (uint64_t)sum), NULL,
		    sum == 0 ? NULL : figures[i].class);
	}
	pst_web_figures_end(page->html);
}

/* ---- the table ---- */

static void
add_when(const struct page *page, const struct pst_query_sent *sent)
{
	struct pst_html *html = page->html;

	pst_html_markup(html, "<td>");
	if (sent->next_s > 0) {
		pst_html_text(html, "again ");
		pst_web_time(html, sent->next_s);
	} else if (sent->done_s > 0) {
		pst_web_time(html, sent->done_s);
	} else {
		pst_html_text(html, "–");
	}
	pst_html_markup(html, "</td>");
}

/* The state, and what is known of why. */
static void
add_state(const struct page *page, const struct pst_query_sent *sent)
{
	struct pst_html *html = page->html;
	size_t state = state_of(sent->state);

	pst_html_markup(html, "<td class=\"wrap\">");
	if (state < PST_QUERY_SENT_STATES)
		pst_html_element(
		    html, "span", states[state].class, states[state].title);
	else
		pst_html_octets(html, sent->state);
	pst_html_markup(html, " <span class=\"dim\">");
	pst_html_octets(html, sent->why);
	if (sent->suppressed_until_s > 0) {
		pst_html_text(html,
		    sent->why.len > 0 ? "; no reports until " :
					"no reports until ");
		pst_web_time(html, sent->suppressed_until_s);
	}
	pst_html_markup(html, "</span></td>");
}

static void
add_number(struct pst_html *html, int64_t number)
{
	pst_html_markup(html, "<td class=\"num\">");
	pst_html_number(html, number < 0 ? 0 : (uint64_t)number);
	pst_html_markup(html, "</td>");
}

static const char *
caption(const struct page *page)
{
	const char *what = "Deliveries, the newest day first";

	if (page->filter.state != NULL)
		what = pst_arena_printf(page->arena, "Deliveries: %s",
		    states[state_of(pst_str(page->filter.state))].title);
	if (page->filter.domain == NULL)
		return what;
	return pst_arena_printf(
	    page->arena, "%s, reports to %s", what, page->filter.domain);
}

static void
open_table(const struct page *page)
{
	static const char *const columns[] = {"Day", "Domain, address",
	    "What became of it, why", "When (UTC)", "#Failed tries",
	    "#Messages"};

	pst_web_table(page->html, caption(page), columns, PST_COUNT(columns));
}

static bool
add_row(void *arg, const struct pst_query_sent *sent)
{
	struct page *page = arg;
	struct pst_html *html = page->html;
	char day[PST_DAY_TEXT_SIZE];

	if (page->count++ == 0)
		open_table(page);
	if (page->count > MAX_ROWS)
		return false;
	pst_html_markup(html, "<tr><td class=\"nobr\">");
	pst_html_text(html, pst_day_text(sent->day, day));
	pst_html_markup(html, "</td><td class=\"wrap\">");
	pst_html_octets(html, sent->domain);
	pst_html_markup(html, "<br><span class=\"dim\">");
	pst_html_octets(html, sent->address);
	if (pst_str_eq(sent->kind, PST_STR("failure")))
		pst_html_text(html, ", failure report");
	pst_html_markup(html, "</span></td>");
	add_state(page, sent);
	add_when(page, sent);
	add_number(html, sent->tries);
	add_number(html, sent->messages);
	pst_html_markup(html, "</tr>\n");
	return true;
}

static bool
add_table(struct page *page, struct pst_err *err)
{
	bool ok;

	ok = pst_query_sent(page->store.db, &page->filter, add_row, page, err);
	if (page->count > 0)
		pst_web_table_end(page->html);
	if (ok && page->count == 0)
		pst_web_notice(page->html,
		    page->filter.state == NULL && page->filter.domain == NULL ?
			"No reports are about these days. Reports of a day are "
			"made after its end, for domains with a DMARC record "
			"that asks for them." :
			"There are no such deliveries on these days.");
	if (ok && page->count > MAX_ROWS)
		pst_web_notice(page->html,
		    "There are more: choose fewer days, a domain or one kind "
		    "of what became of it.");
	return ok;
}

/* ---- the form ---- */

static void
add_form(const struct page *page)
{
	struct pst_html *html = page->html;

	pst_web_form(page->request, html, PST_WEB_SENT);
	pst_html_markup(html,
	    "<label>Domain <input type=\"search\" name=\"domain\" "
	    "maxlength=\"255\" placeholder=\"example.org\" "
	    "autocomplete=\"off\" spellcheck=\"false\" value=\"");
	pst_html_text(html, page->filter.domain);
	pst_html_markup(html,
	    "\"></label>\n<label>What became of it <select name=\"state\">"
	    "<option value=\"\">anything</option>");
	for (size_t i = 0; i < PST_QUERY_SENT_STATES; i++) {
		pst_web_option(html, pst_query_sent_states[i], states[i].title,
		    page->filter.state != NULL &&
			strcmp(page->filter.state, pst_query_sent_states[i]) ==
			    0);
	}
	pst_html_markup(html,
	    "</select></label>\n<button type=\"submit\">Show</button>\n"
	    "</form>\n");
}

/* ---- the page ---- */

static void
read_request(struct page *page)
{
	const struct pst_web_request *request = page->request;
	const char *state = pst_web_param(request, "state");
	const char *domain = pst_web_param(request, "domain");
	const char *normal = domain == NULL ?
	    NULL :
	    pst_domain_normalize(page->arena, pst_str(domain));

	/* Reports of a day are made on the next one. */
	page->filter.last_day = pst_day_of(request->now_s);
	page->filter.first_day = page->filter.last_day - request->days;
	page->filter.domain = normal != NULL ? normal : domain;
	page->filter.limit = MAX_ROWS + 1;
	if (state != NULL && state_of(pst_str(state)) < PST_QUERY_SENT_STATES)
		page->filter.state = state;
}

unsigned
pst_web_show_sent(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {.request = request,
	    .html = html,
	    .arena = request->arena,
	    .store = {
		.config = request->site->config, .clock = &pst_clock_system}};
	struct pst_query_sent_counts counts;
	struct pst_err err;
	bool ok;

	(void)title;
	read_request(&page);
	if (!pst_web_open_store(&page.store, &err)) {
		pst_web_notice(html, err.text);
		return 200;
	}
	add_overdue(&page);
	ok = pst_query_sent_counts(page.store.db, page.filter.first_day,
	    page.filter.last_day, &counts, &err);
	if (ok) {
		add_figures(&page, &counts);
		if (counts.all > 0)
			add_counts(&page, &counts);
		if (request->site->export_name == NULL)
			add_form(&page);
		ok = add_table(&page, &err);
	}
	pst_store_close(&page.store);
	if (!ok)
		pst_web_notice(html, err.text);
	return 200;
}

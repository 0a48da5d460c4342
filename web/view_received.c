/* SPDX-License-Identifier: BSD-2-Clause */

/* Reports of others about mail that names our domains: who sends as us. */

#include <inttypes.h>
#include <string.h>

#include "base/day.h"
#include "base/domain.h"
#include "feedback/totals.h"
#include "web/page.h"
#include "web/view_parts.h"
#include "web/plot.h"

#define MAX_ROWS 100

struct page {
	struct pst_web_request *request;
	struct pst_html *html;
	struct pst_arena *arena;
	struct pst_store store;
	struct pst_feedback_filter filter; /* domain "": all of ours */
};

static void
add_number(struct pst_html *html, int64_t number)
{
	pst_html_markup(html, "<td class=\"num\">");
	pst_html_number(html, pst_web_positive(number));
	pst_html_markup(html, "</td>");
}

static void
add_share(struct pst_html *html, int64_t part, int64_t whole)
{
	bool low = part < whole - whole / 10;

	pst_html_add_markup(
	    html, low ? "<td class=\"num warn\">" : "<td class=\"num\">");
	pst_html_share(html, pst_web_positive(part), pst_web_positive(whole));
	pst_html_markup(html, "</td>");
}

/* What others did: messages, passed, delivered, quarantined, refused. */
static void
add_sum(struct pst_html *html, const struct pst_feedback_sum *sum)
{
	add_number(html, sum->messages);
	add_share(html, sum->passed, sum->messages);
	add_number(html, sum->delivered);
	add_number(html, sum->quarantined);
	add_number(html, sum->rejected);
}

static void
say_more(const struct page *page, size_t shown, int64_t all, const char *what)
{
	if (all > (int64_t)shown)
		pst_html_element(page->html, "p", "dim",
		    pst_arena_printf(page->arena,
			"The %zu %s with most messages are shown, of %" PRId64
			".",
			shown, what, all));
}

static size_t
shown(size_t count)
{
	return count < MAX_ROWS ? count : MAX_ROWS;
}

/* ---- our domains ---- */

static void
add_domain(const struct page *page, const struct pst_feedback_domain *domain)
{
	const struct pst_web_param params[] = {{"domain", domain->name}};

	pst_html_markup(page->html, "<tr><th scope=\"row\" class=\"wrap\">");
	pst_html_link(page->html,
	    pst_web_href(page->request, PST_WEB_RECEIVED, params, 1),
	    domain->name);
	pst_html_markup(page->html, "</th>");
	add_sum(page->html, &domain->sum);
	add_number(page->html, domain->reports);
	add_number(page->html, domain->reporters);
	pst_html_markup(page->html, "</tr>\n");
}

static bool
add_domains(struct page *page, struct pst_err *err)
{
	static const char *const columns[] = {"From domain", "#Messages",
	    "#Passed", "#Delivered", "#Quarantined", "#Refused", "#Reports",
	    "#Reporters"};
	struct pst_feedback_domains domains;

	if (!pst_feedback_domains(page->store.db, page->arena,
		page->filter.since_s, &domains, err))
		return false;
	if (domains.count == 0)
		return true;
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Our domains</h2>\n");
	pst_web_table(page->html,
	    "What others say of mail that names our domains", columns,
	    PST_COUNT(columns));
	for (size_t i = 0; i < shown(domains.count); i++)
		add_domain(page, &domains.items[i]);
	pst_web_table_end(page->html);
	say_more(page, shown(domains.count), domains.all, "domains");
	pst_html_markup(page->html, "</section>\n");
	return true;
}

/* ---- by day ---- */

static void
plot_days(const struct page *page, const uint64_t *passed,
    const uint64_t *failed, const char *const *labels, size_t count)
{
	const struct pst_plot_series series[] = {
	    {"passed", PST_PLOT_PASS, passed},
	    {"failed", PST_PLOT_FAIL, failed},
	};
	const struct pst_plot_bars plot = {.title = "Messages by day",
	    .description = "Messages that others have reported, by day, and "
			   "whether they passed DMARC. The table beside it has "
			   "the numbers.",
	    .labels = labels,
	    .columns = count,
	    .series = series,
	    .series_count = PST_COUNT(series)};

	pst_plot_bars(page->html, &plot);
}

/* The days of the page, also those without messages. */
static void
add_plot(const struct page *page, const struct pst_feedback_days *days)
{
	int64_t last = pst_day_of(page->request->now_s);
	int64_t first = last - page->request->days;
	size_t count = (size_t)(last - first + 1);
	uint64_t *passed = pst_arena_array(page->arena, count, sizeof(*passed));
	uint64_t *failed = pst_arena_array(page->arena, count, sizeof(*failed));
	const char **labels =
	    pst_arena_array(page->arena, count, sizeof(*labels));

	for (size_t i = 0; i < count; i++) {
		char text[PST_DAY_TEXT_SIZE];

		labels[i] = pst_arena_strdup(page->arena,
		    pst_day_text(first + (int64_t)i, text) + strlen("2026-"));
	}
	for (size_t i = 0; i < days->count; i++) {
		const struct pst_feedback_day *one = &days->items[i];
		uint64_t all = pst_web_positive(one->sum.messages);
		uint64_t good = pst_web_positive(one->sum.passed);

		/* A report may be of a day that is not over. */
		if (one->day < first || one->day > last)
			continue;
		passed[one->day - first] = good;
		failed[one->day - first] = good < all ? all - good : 0;
	}
	plot_days(page, passed, failed, labels, count);
}

static bool
add_days(struct page *page, struct pst_err *err)
{
	static const char *const columns[] = {"Day", "#Messages", "#Passed",
	    "#Delivered", "#Quarantined", "#Refused"};
	struct pst_feedback_days days;

	if (!pst_feedback_days(
		page->store.db, page->arena, &page->filter, &days, err))
		return false;
	if (days.count == 0)
		return true;
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>By day</h2>\n");
	add_plot(page, &days);
	pst_web_table(page->html,
	    "Messages by the day that the reports are "
	    "about",
	    columns, PST_COUNT(columns));
	for (size_t i = days.count; i-- > 0;) {
		char text[PST_DAY_TEXT_SIZE];

		pst_html_markup(
		    page->html, "<tr><th scope=\"row\" class=\"nobr\">");
		pst_html_text(
		    page->html, pst_day_text(days.items[i].day, text));
		pst_html_markup(page->html, "</th>");
		add_sum(page->html, &days.items[i].sum);
		pst_html_markup(page->html, "</tr>\n");
	}
	pst_web_table_end(page->html);
	pst_html_markup(page->html, "</section>\n");
	return true;
}

/* ---- who sends ---- */

static void
add_source(const struct page *page, const struct pst_feedback_source *source)
{
	struct pst_html *html = page->html;

	pst_html_markup(html, "<tr><th scope=\"row\" class=\"mono wrap\">");
	pst_html_text(html, source->ip);
	pst_html_markup(html, "</th>");
	add_number(html, source->messages);
	add_share(html, source->passed, source->messages);
	add_number(html, source->dkim);
	add_number(html, source->spf);
	add_number(html, source->delivered);
	add_number(html, source->quarantined);
	add_number(html, source->rejected);
	pst_html_markup(html, "<td class=\"wrap\">");
	for (size_t i = 0;
	     i < source->domain_count && i < PST_FEEDBACK_MAX_DOMAINS; i++) {
		if (i > 0)
			pst_html_text(html, ", ");
		pst_html_text(html, source->domains[i]);
	}
	if (source->domain_count > PST_FEEDBACK_MAX_DOMAINS)
		pst_html_text(html, ", ...");
	pst_html_markup(html, "</td></tr>\n");
}

/* To the same numbers, summed up in other ways. */
static void
link_groups(const struct page *page)
{
	const struct pst_web_param params[] = {{"domain", page->filter.domain}};
	const char *href =
	    pst_web_href(page->request, PST_WEB_GROUPED, params, 1);

	if (href == NULL)
		return;
	pst_html_markup(page->html, "<p class=\"more\">");
	pst_html_link(page->html, href,
	    "The same by day, week, source, network, receiver or "
	    "authenticated domain");
	pst_html_markup(page->html, "</p>\n");
}

static bool
add_sources(struct page *page, struct pst_err *err)
{
	static const char *const columns[] = {"Client", "#Messages", "#Passed",
	    "#By DKIM", "#By SPF", "#Delivered", "#Quarantined", "#Refused",
	    "From domains"};
	struct pst_feedback_sources sources;

	if (!pst_feedback_sources(
		page->store.db, page->arena, &page->filter, &sources, err))
		return false;
	if (sources.invalid > 0)
		pst_web_notice(page->html,
		    pst_arena_printf(page->arena,
			"%" PRId64 " reports are not valid and are not "
			"counted; \"postern report read\" says why.",
			sources.invalid));
	if (sources.count == 0) {
		pst_web_notice(page->html,
		    "No reports of others are about these days. Publish "
		    "rua=mailto: in the DMARC record of your domains, and "
		    "give what arrives there to \"postern report import\".");
		return true;
	}
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Who sends as us</h2>\n");
	pst_web_table(page->html, "Clients that sent mail with our domains",
	    columns, PST_COUNT(columns));
	for (size_t i = 0; i < shown(sources.count); i++)
		add_source(page, &sources.sources[i]);
	pst_web_table_end(page->html);
	say_more(page, shown(sources.count), (int64_t)sources.count, "clients");
	link_groups(page);
	pst_html_markup(page->html, "</section>\n");
	return true;
}

/* ---- who reports ---- */

static bool
add_reporters(struct page *page, struct pst_err *err)
{
	static const char *const columns[] = {"Reporter", "#Messages",
	    "#Passed", "#Delivered", "#Quarantined", "#Refused", "#Reports",
	    "Last period ended (UTC)"};
	struct pst_feedback_reporters reporters;

	if (!pst_feedback_reporters(
		page->store.db, page->arena, &page->filter, &reporters, err))
		return false;
	if (reporters.count == 0)
		return true;
	pst_html_markup(
	    page->html, "<section class=\"card\"><h2>Who reports</h2>\n");
	pst_web_table(page->html,
	    "Those who sent reports; what they say of themselves is not "
	    "checked",
	    columns, PST_COUNT(columns));
	for (size_t i = 0; i < shown(reporters.count); i++) {
		const struct pst_feedback_reporter *one = &reporters.items[i];

		pst_html_markup(
		    page->html, "<tr><th scope=\"row\" class=\"wrap\">");
		pst_html_text(page->html, one->org);
		pst_html_markup(page->html, " <span class=\"dim\">");
		pst_html_text(page->html, one->email);
		pst_html_markup(page->html, "</span></th>");
		add_sum(page->html, &one->sum);
		add_number(page->html, one->reports);
		pst_html_markup(page->html, "<td class=\"nobr\">");
		pst_web_time(page->html, one->last_s);
		pst_html_markup(page->html, "</td></tr>\n");
	}
	pst_web_table_end(page->html);
	say_more(page, shown(reporters.count), reporters.all, "reporters");
	pst_html_markup(page->html, "</section>\n");
	return true;
}

/* ---- the page ---- */

static void
add_form(const struct page *page)
{
	struct pst_html *html = page->html;

	pst_web_form(page->request, html, PST_WEB_RECEIVED);
	pst_html_markup(html,
	    "<label>Domain, and what is below it <input type=\"search\" "
	    "name=\"domain\" maxlength=\"255\" placeholder=\"example.org\" "
	    "autocomplete=\"off\" spellcheck=\"false\" value=\"");
	pst_html_text(html, page->filter.domain);
	pst_html_markup(html,
	    "\"></label>\n<button type=\"submit\">Show</button>\n</form>\n");
}

static void
read_request(struct page *page)
{
	const char *domain = pst_web_param(page->request, "domain");
	const char *normal = domain == NULL ?
	    NULL :
	    pst_domain_normalize(page->arena, pst_str(domain));

	page->filter.domain = normal != NULL ? normal :
	    domain != NULL                   ? domain :
					       "";
	page->filter.since_s = pst_day_begin(
	    pst_day_of(page->request->now_s) - page->request->days);
}

unsigned
pst_web_show_received(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {.request = request,
	    .html = html,
	    .arena = request->arena,
	    .store = {
		.config = request->site->config, .clock = &pst_clock_system}};
	struct pst_err err;
	bool ok;

	read_request(&page);
	if (!pst_web_open_store(&page.store, &err)) {
		pst_web_notice(html, err.text);
		return 200;
	}
	if (page.filter.domain[0] != '\0')
		*title = pst_arena_printf(request->arena,
		    "Reports received about %s", page.filter.domain);
	if (request->site->export_name == NULL)
		add_form(&page);
	ok = (page.filter.domain[0] != '\0' || add_domains(&page, &err)) &&
	    add_days(&page, &err) && add_sources(&page, &err) &&
	    add_reporters(&page, &err);
	pst_store_close(&page.store);
	if (!ok)
		pst_web_notice(html, err.text);
	return 200;
}

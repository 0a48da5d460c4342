/* SPDX-License-Identifier: BSD-2-Clause */

/* Reports of others, summed up by day, week, source and so on. */

#include <inttypes.h>

#include "base/day.h"
#include "base/domain.h"
#include "web/page.h"
#include "web/source_table.h"
#include "web/view_parts.h"

/* Rows of reports that one page counts: it takes about 0.1 seconds. */
#define MAX_COUNTED 30000
#define MAX_GROUPS 200000

struct page {
	struct pst_web_sources in;
	struct pst_store store;
	bool later; /* only the newest reports of these days are counted */
};

static const char *const tabs[PST_SOURCE_BYS] = {
    [PST_SOURCE_BY_DAY] = "Day",
    [PST_SOURCE_BY_WEEK] = "Week",
    [PST_SOURCE_BY_SOURCE] = "Source",
    [PST_SOURCE_BY_NETWORK] = "Network",
    [PST_SOURCE_BY_RECEIVER] = "Receiver",
    [PST_SOURCE_BY_AUTHENTICATED] = "Authenticated domain",
};

/* ---- the choices ---- */

/* A page has one address only, so the usual choice is not in it. */
static const char *
by_param(enum pst_source_by by)
{
	return by == PST_SOURCE_BY_SOURCE ? "" : pst_source_by_word(by);
}

static void
add_tabs(const struct page *page)
{
	struct pst_html *html = page->in.html;

	pst_html_markup(
	    html, "<nav class=\"days tabs\" aria-label=\"Summed up by\">");
	for (unsigned i = 0; i < PST_SOURCE_BYS; i++) {
		const struct pst_web_param params[] = {
		    {"by", by_param((enum pst_source_by)i)},
		    {"domain", page->in.wanted.filter.domain}};
		const char *href = pst_web_href(page->in.request,
		    PST_WEB_GROUPED, params, PST_COUNT(params));

		/* An export may have no room for the page. */
		if (href == NULL)
			continue;
		pst_html_markup(html, "<a href=\"");
		pst_html_text(html, href);
		if (page->in.wanted.by == i)
			pst_html_markup(html, "\" aria-current=\"page\">");
		else
			pst_html_markup(html, "\">");
		pst_html_text(html, tabs[i]);
		pst_html_markup(html, "</a>");
	}
	pst_html_markup(html, "</nav>\n");
}

static void
add_form(const struct page *page)
{
	struct pst_html *html = page->in.html;

	pst_web_form(page->in.request, html, PST_WEB_GROUPED);
	if (page->in.wanted.by != PST_SOURCE_BY_SOURCE) {
		pst_html_markup(
		    html, "<input type=\"hidden\" name=\"by\" value=\"");
		pst_html_text(html, pst_source_by_word(page->in.wanted.by));
		pst_html_markup(html, "\">\n");
	}
	pst_html_markup(html,
	    "<label>Domain, and what is below it <input type=\"search\" "
	    "name=\"domain\" maxlength=\"255\" placeholder=\"all of ours\" "
	    "autocomplete=\"off\" spellcheck=\"false\" value=\"");
	pst_html_text(html, page->in.wanted.filter.domain);
	pst_html_markup(html,
	    "\"></label>\n<button type=\"submit\">Show</button>\n</form>\n");
}

static void
add_intro(const struct page *page)
{
	const struct pst_web_param params[] = {
	    {"domain", page->in.wanted.filter.domain}};

	pst_html_markup(page->in.html,
	    "<p>What others report about mail that names our domains. Anybody "
	    "can send such a report, and nothing in it is checked. ");
	pst_html_link(page->in.html,
	    pst_web_href(page->in.request, PST_WEB_RECEIVED, params, 1),
	    "Reports received");
	pst_html_markup(page->in.html, " shows who sent them.</p>\n");
	add_tabs(page);
	if (page->in.request->site->export_name == NULL)
		add_form(page);
}

/* ---- what is counted ---- */

/* Says what the numbers leave out. */
static void
say_bounds(const struct page *page)
{
	const char *limit = pst_web_number(page->in.arena, MAX_COUNTED);
	struct pst_html text;

	if (page->in.found.invalid > 0)
		pst_web_notice(page->in.html,
		    pst_arena_printf(page->in.arena,
			"%" PRId64 " reports are not valid and are not "
			"counted; \"postern report read\" says why.",
			page->in.found.invalid));
	if (!page->later && !page->in.found.cut)
		return;
	pst_html_init(&text, page->in.arena);
	pst_html_printf(&text,
	    "The reports of these days have more rows than the %s that a page "
	    "counts, so only those whose period ends at ",
	    limit);
	pst_web_time(&text, page->in.wanted.filter.since_s);
	pst_html_markup(&text, " or later are counted");
	if (page->in.found.cut)
		pst_html_printf(&text, ", and of these only %s rows", limit);
	pst_html_markup(&text, ". Choose fewer days, or use ");
	pst_html_element(&text, "code", NULL,
	    pst_arena_printf(page->in.arena, "postern report sources --by %s",
		pst_source_by_word(page->in.wanted.by)));
	pst_html_markup(&text, ", which counts all of them.");
	pst_html_markup(page->in.html, "<p class=\"notice\">");
	pst_html_add_markup(page->in.html, pst_buf_str(&text.buf));
	pst_html_markup(page->in.html, "</p>\n");
}

static void
add_share_figure(
    const struct page *page, const char *label, int64_t part, const char *class)
{
	const char *share =
	    pst_html_share_text(page->in.arena, pst_web_positive(part),
		pst_web_positive(page->in.found.total.messages));

	pst_web_figure(page->in.html, label, share, "of the messages", class);
}

static void
add_figures(const struct page *page)
{
	const struct pst_source_group *total = &page->in.found.total;
	const bool low = total->passed < total->messages - total->messages / 10;

	pst_web_figures(page->in.html);
	pst_web_figure(page->in.html, "messages",
	    pst_web_number(page->in.arena, pst_web_positive(total->messages)),
	    pst_arena_printf(page->in.arena, "in %" PRId64 " report%s",
		page->in.found.reports, page->in.found.reports == 1 ? "" : "s"),
	    NULL);
	add_share_figure(
	    page, "passed DMARC", total->passed, low ? "warn" : NULL);
	add_share_figure(page, "by aligned DKIM", total->dkim, NULL);
	add_share_figure(page, "by aligned SPF", total->spf, NULL);
	add_share_figure(page, "quarantined", total->quarantined, NULL);
	add_share_figure(page, "refused", total->rejected, NULL);
	pst_web_figures_end(page->in.html);
}

/* ---- the page ---- */

static void
say_empty(const struct page *page)
{
	if (page->in.wanted.filter.domain[0] != '\0')
		pst_web_notice(page->in.html,
		    "No reports of others are about this domain on these days. "
		    "Choose more days, or leave the domain empty to see all of "
		    "yours.");
	else
		pst_web_notice(page->in.html,
		    "No reports of others are about these days. Publish "
		    "rua=mailto: in the DMARC record of your domains, and "
		    "give what arrives there to \"postern report import\".");
}

static void
show_groups(struct page *page)
{
	if (page->in.found.too_many) {
		pst_web_notice(page->in.html,
		    "There is too much to sum up in this way. Choose fewer "
		    "days, or a domain.");
		return;
	}
	say_bounds(page);
	if (page->in.found.count == 0) {
		say_empty(page);
		return;
	}
	add_figures(page);
	pst_web_source_table(&page->in);
}

static bool
read_store(struct page *page, struct pst_err *err)
{
	struct pst_source_groups_request *wanted = &page->in.wanted;
	const int64_t today = pst_day_of(page->in.request->now_s);

	if (!pst_source_groups_newest(page->store.db, &wanted->filter,
		wanted->max_rows, &page->later, err))
		return false;
	/* A trend must not show days that are not counted as empty. */
	if (page->later)
		wanted->first_day = pst_day_of(wanted->filter.since_s - 1);
	if (!pst_source_by_is_date(wanted->by) && wanted->first_day < today)
		wanted->days = (size_t)(today - wanted->first_day + 1);
	if (wanted->by == PST_SOURCE_BY_SOURCE &&
	    !pst_query_marks(
		page->store.db, page->in.arena, &page->in.marks, err))
		return false;
	return pst_source_groups(
	    page->store.db, page->in.arena, wanted, &page->in.found, err);
}

/* False if it asks for sums that there are not. */
static bool
read_request(struct page *page)
{
	struct pst_web_request *request = page->in.request;
	struct pst_source_groups_request *wanted = &page->in.wanted;
	const char *domain = pst_web_param(request, "domain");
	const char *by = pst_web_param(request, "by");
	const char *normal = domain == NULL ?
	    NULL :
	    pst_domain_normalize(page->in.arena, pst_str(domain));

	wanted->by = PST_SOURCE_BY_SOURCE;
	if (by != NULL && !pst_source_by_parse(by, &wanted->by))
		return false;
	wanted->filter.domain = normal != NULL ? normal :
	    domain != NULL                     ? domain :
						 "";
	wanted->first_day = pst_day_of(request->now_s) - request->days;
	wanted->filter.since_s = pst_day_begin(wanted->first_day);
	/* A period that begins later is a mistake or a lie. */
	wanted->filter.until_s = request->now_s + 1;
	wanted->max_rows = MAX_COUNTED;
	wanted->max_groups = MAX_GROUPS;
	wanted->any_order = true;
	wanted->trends = PST_WEB_SOURCE_ROWS;
	return true;
}

unsigned
pst_web_show_report_sources(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {
	    .in = {.request = request, .html = html, .arena = request->arena},
	    .store = {
		.config = request->site->config, .clock = &pst_clock_system}};
	struct pst_err err;
	bool ok;

	if (!read_request(&page)) {
		pst_web_notice(html,
		    "The address asks for sums that are not offered: by is "
		    "day, week, source, network, receiver or "
		    "authenticated-domain.");
		return 400;
	}
	if (page.in.wanted.filter.domain[0] != '\0')
		*title = pst_arena_printf(request->arena, "Who sends as %s",
		    page.in.wanted.filter.domain);
	add_intro(&page);
	if (!pst_web_open_store(&page.store, &err)) {
		pst_web_notice(html, err.text);
		return 200;
	}
	ok = read_store(&page, &err);
	pst_store_close(&page.store);
	if (ok)
		show_groups(&page);
	else
		pst_web_notice(html, err.text);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Our own domains, as the daily review has found them. */

#include <string.h>

#include "base/day.h"
#include "web/own_parts.h"

#define MAX_ROWS 500

/* What is known of one domain. */
struct row {
	const char *domain;
	struct pst_review parts[PST_REVIEW_PARTS];
	bool unreadable[PST_REVIEW_PARTS];
};

struct page {
	struct pst_web_own own;
	struct pst_arena *arena;
	const char *dir;
	struct row *rows;
	size_t count, all;
	size_t known; /* of which something is known */
	size_t unreadable;
	const char *why; /* the sentence about the first of these */
};

/* ---- reading ---- */

static void
read_row(struct page *page, struct row *row)
{
	bool known = false;

	for (unsigned part = 0; part < PST_REVIEW_PARTS; part++) {
		struct pst_review_place place = {
		    page->dir, row->domain, (enum pst_review_part)part};
		struct pst_err err;

		if (!pst_review_read_summary(
			page->arena, &place, &row->parts[part], &err)) {
			row->unreadable[part] = true;
			if (page->unreadable++ == 0)
				page->why =
				    pst_arena_strdup(page->arena, err.text);
		}
		known = known || row->parts[part].result != NULL;
	}
	page->known += known;
}

static void
read_rows(struct page *page)
{
	struct pst_web_request *request = page->own.request;
	struct pst_review_domains domains;

	pst_review_domains(page->arena, request->site->config, &domains);
	page->dir = pst_review_dir(page->arena, request->site->config);
	page->all = domains.count;
	page->count = domains.count < MAX_ROWS ? domains.count : MAX_ROWS;
	page->rows =
	    pst_arena_array(page->arena, page->count, sizeof(*page->rows));
	for (size_t i = 0; i < page->count; i++) {
		page->rows[i].domain = domains.names[i];
		read_row(page, &page->rows[i]);
	}
}

/* ---- the figures ---- */

static bool
is_stale(const struct page *page, const struct row *row)
{
	for (size_t i = 0; i < PST_REVIEW_PARTS; i++)
		if (row->parts[i].result == NULL ||
		    pst_web_own_is_stale(
			page->own.request, row->parts[i].made_s))
			return true;
	return false;
}

static void
add_count(const struct page *page, const char *label, uint64_t count,
    const char *remark, const char *class)
{
	pst_web_figure(page->own.html, label,
	    pst_web_number(page->arena, count), remark,
	    count == 0 ? NULL : class);
}

/* How many domains have some of that, or are said to be that. */
static uint64_t
with(const struct page *page, enum pst_review_part part, const char *key,
    const char *text)
{
	uint64_t count = 0;

	for (size_t i = 0; i < page->count; i++) {
		const struct pst_json_value *value =
		    page->rows[i].parts[part].result;

		count += text == NULL ?
		    pst_web_own_number(value, key) > 0 :
		    strcmp(pst_web_own_text(value, key), text) == 0;
	}
	return count;
}

static void
add_figures(const struct page *page)
{
	uint64_t stale = 0;

	for (size_t i = 0; i < page->count; i++)
		stale += is_stale(page, &page->rows[i]);
	pst_web_figures(page->own.html);
	add_count(page, "domains", page->all, NULL, NULL);
	add_count(page, "refuse forged mail",
	    with(page, PST_REVIEW_RECORDS, "policy", "reject"),
	    "their policy is reject", NULL);
	add_count(page, "with errors",
	    with(page, PST_REVIEW_RECORDS, "errors", NULL), "in their records",
	    "bad");
	add_count(page, "next step is safe",
	    with(page, PST_REVIEW_ADVICE, "verdict", "safe"), "of their policy",
	    "good");
	add_count(page, "unusual",
	    with(page, PST_REVIEW_ADVICE, "anomalies", NULL),
	    "in the latest reports", "warn");
	if (stale > 0)
		add_count(page, "not reviewed", stale, "in the last two days",
		    "warn");
	pst_web_figures_end(page->own.html);
}

/* ---- the rows ---- */

static void
add_missing(struct pst_html *html, const struct row *row,
    enum pst_review_part part, unsigned cells)
{
	if (row->unreadable[part])
		pst_html_markup(html, "<td class=\"warn\">cannot be read</td>");
	else
		pst_html_markup(html, "<td class=\"dim\">\xe2\x80\x93</td>");
	for (unsigned i = 1; i < cells; i++)
		pst_html_markup(html, "<td></td>");
}

static void
add_records(const struct page *page, const struct row *row)
{
	const struct pst_json_value *value =
	    row->parts[PST_REVIEW_RECORDS].result;
	struct pst_html *html = page->own.html;

	if (value == NULL) {
		add_missing(html, row, PST_REVIEW_RECORDS, 4);
		return;
	}
	if (pst_json_is_true(pst_json_member(value, "has_policy")))
		pst_html_element(html, "td", NULL,
		    pst_arena_printf(page->arena, "%.20s",
			pst_web_own_text(value, "policy")));
	else
		pst_html_markup(html, "<td class=\"dim\">none is known</td>");
	pst_web_own_count(html, pst_web_own_number(value, "errors"), "bad");
	pst_web_own_count(html, pst_web_own_number(value, "warnings"), "warn");
	pst_web_own_count(html, pst_web_own_number(value, "unknown"), "warn");
}

static void
add_advice(const struct page *page, const struct row *row)
{
	const struct pst_json_value *value =
	    row->parts[PST_REVIEW_ADVICE].result;
	struct pst_html *html = page->own.html;
	struct pst_web_own_word word;

	if (value == NULL) {
		add_missing(html, row, PST_REVIEW_ADVICE, 4);
		return;
	}
	word = pst_web_own_verdict(pst_web_own_text(value, "verdict"));
	pst_html_markup(html, "<td>");
	pst_html_element(html, "span", word.class,
	    pst_arena_printf(page->arena, "%.40s", word.text));
	pst_html_markup(html, "</td><td class=\"num\">");
	pst_html_share(html, pst_web_own_number(value, "passed"),
	    pst_web_own_number(value, "messages"));
	pst_html_markup(html, "</td>");
	pst_web_own_count(
	    html, pst_web_own_number(value, "in_the_way"), "warn");
	if (pst_json_member(value, "anomalies") == NULL)
		pst_html_markup(
		    html, "<td class=\"num dim\">\xe2\x80\x93</td>");
	else
		pst_web_own_count(
		    html, pst_web_own_number(value, "anomalies"), "warn");
}

/* The older of the two days: both are about the domain. */
static void
add_day(const struct page *page, const struct row *row)
{
	const struct pst_review *oldest = NULL;
	char day[PST_DAY_TEXT_SIZE];

	for (size_t i = 0; i < PST_REVIEW_PARTS; i++)
		if (row->parts[i].result != NULL &&
		    (oldest == NULL || row->parts[i].made_s < oldest->made_s))
			oldest = &row->parts[i];
	pst_html_markup(page->own.html, "<td class=\"nobr\">");
	if (oldest != NULL) {
		pst_html_text(page->own.html,
		    pst_day_text(pst_day_of(oldest->made_s), day));
		pst_web_own_mark_stale(&page->own, oldest->made_s);
	} else {
		pst_html_markup(page->own.html, "never");
	}
	pst_html_markup(page->own.html, "</td>");
}

static void
add_rows(const struct page *page)
{
	static const char *const columns[] = {"Domain", "Policy", "#Errors",
	    "#Warnings", "#Not known", "Advice", "#Passes", "#In the way",
	    "#Unusual", "Reviewed"};
	struct pst_html *html = page->own.html;

	pst_web_table(html,
	    "Our domains: what their records are like, and what reports say "
	    "of mail in their name",
	    columns, PST_COUNT(columns));
	for (size_t i = 0; i < page->count; i++) {
		const struct row *row = &page->rows[i];
		const struct pst_web_param params[] = {{"key", row->domain}};

		pst_html_markup(
		    html, "<tr><th scope=\"row\" class=\"wrap domain\">");
		pst_html_link(html,
		    pst_web_href(
			page->own.request, PST_WEB_OWN_DOMAIN, params, 1),
		    row->domain);
		pst_html_markup(html, "</th>");
		add_records(page, row);
		add_advice(page, row);
		add_day(page, row);
		pst_html_markup(html, "</tr>\n");
	}
	pst_web_table_end(html);
	if (page->all > page->count)
		pst_html_element(html, "p", "dim",
		    pst_arena_printf(page->arena,
			"The first %zu domains are shown, of %zu; \"postern "
			"check\" and \"postern advise\" tell of the others.",
			page->count, page->all));
}

/* ---- the page ---- */

static void
add_notices(const struct page *page)
{
	if (page->unreadable > 0)
		pst_web_notice(page->own.html,
		    pst_arena_printf(page->arena,
			"What was kept cannot be read in %zu cases. The first "
			"one: %s.",
			page->unreadable, page->why));
	else if (page->known == 0)
		pst_web_notice(page->own.html,
		    "These domains have not been reviewed yet. Run \"postern "
		    "check --own --keep\" and \"postern advise --own "
		    "--anomalies --keep\", or let it be done each day: "
		    "\"systemctl enable --now postern-check.timer\".");
}

unsigned
pst_web_show_own(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {
	    .own = {.request = request, .html = html}, .arena = request->arena};

	(void)title;
	read_rows(&page);
	if (page.all == 0) {
		pst_web_notice(html,
		    "The configuration names no domains of yours. Set "
		    "own-domains in postern.conf and restart postern-web; "
		    "this page then shows how their records are, and whether "
		    "their policy may become stricter.");
		return 200;
	}
	add_notices(&page);
	add_figures(&page);
	add_rows(&page);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/source_table.h"

#include <string.h>

#include "base/day.h"
#include "web/page.h"
#include "web/plot.h"
#include "web/view_parts.h"

/* On a narrow screen, a long caption would be cut. */
static const struct {
	const char *heading, *title, *caption;
} kinds[PST_SOURCE_BYS] = {
    [PST_SOURCE_BY_DAY] = {"By day", "Day", "Days on which a period begins"},
    [PST_SOURCE_BY_WEEK] = {"By week", "Week from", "Weeks begin on Monday"},
    [PST_SOURCE_BY_SOURCE] = {"By source", "Source",
	"Addresses that sent the messages"},
    [PST_SOURCE_BY_NETWORK] = {"By network", "Network",
	"A /24 of IPv4 or a /64 of IPv6"},
    [PST_SOURCE_BY_RECEIVER] = {"By receiver", "Receiver",
	"Receivers that report the messages"},
    [PST_SOURCE_BY_AUTHENTICATED] = {"By authenticated domain",
	"Authenticated domain", "Domains for which DKIM or SPF passed"},
};

static bool
is_by_date(const struct pst_web_sources *page)
{
	return pst_source_by_is_date(page->wanted.by);
}

/* ---- by day or week: a plot ---- */

struct bars {
	uint64_t *passed, *failed;
	const char **labels;
	size_t count;
};

/* All days or weeks up to today, also those without messages. */
static struct bars
make_bars(const struct pst_web_sources *page)
{
	const int64_t step = page->wanted.by == PST_SOURCE_BY_WEEK ? 7 : 1;
	const int64_t today = pst_day_of(page->request->now_s);
	const size_t room = PST_SOURCE_TREND_DAYS;
	struct pst_arena *arena = page->arena;
	struct bars bars = {
	    .passed = pst_arena_array(arena, room, sizeof(*bars.passed)),
	    .failed = pst_arena_array(arena, room, sizeof(*bars.failed)),
	    .labels = pst_arena_array(arena, room, sizeof(*bars.labels))};
	int64_t day = page->wanted.first_day;
	size_t at = 0;

	if (step == 7)
		day = pst_day_monday(day);
	for (; day <= today && bars.count < room; day += step) {
		const struct pst_source_group *items = page->found.items;
		char text[PST_DAY_TEXT_SIZE];

		(void)pst_day_text(day, text);
		while (
		    at < page->found.count && strcmp(items[at].key, text) < 0)
			at++;
		if (at < page->found.count &&
		    strcmp(items[at].key, text) == 0) {
			uint64_t all = pst_web_positive(items[at].messages);
			uint64_t good = pst_web_positive(items[at].passed);

			bars.passed[bars.count] = good;
			bars.failed[bars.count] = all - good;
		}
		bars.labels[bars.count++] =
		    pst_arena_strdup(arena, text + strlen("2026-"));
	}
	return bars;
}

static void
add_plot(const struct pst_web_sources *page)
{
	const struct bars bars = make_bars(page);
	const struct pst_plot_series series[] = {
	    {"passed", PST_PLOT_PASS, bars.passed},
	    {"failed", PST_PLOT_FAIL, bars.failed},
	};
	const struct pst_plot_bars plot = {
	    .title = page->wanted.by == PST_SOURCE_BY_WEEK ?
		"Messages by week" :
		"Messages by day",
	    .description = "Messages that others have reported, and whether "
			   "they passed DMARC. The table below has the "
			   "numbers.",
	    .labels = bars.labels,
	    .columns = bars.count,
	    .series = series,
	    .series_count = PST_COUNT(series)};

	if (bars.count > 1)
		pst_plot_bars(page->html, &plot);
}

/* ---- the table ---- */

static void
add_number(struct pst_html *html, int64_t number, const char *tone)
{
	pst_html_markup(html, "<td class=\"num");
	if (number <= 0)
		pst_html_markup(html, " dim");
	else if (tone != NULL)
		pst_html_text(html, tone);
	pst_html_markup(html, "\">");
	pst_html_number(html, pst_web_positive(number));
	pst_html_markup(html, "</td>");
}

static void
add_share(struct pst_html *html, int64_t part, int64_t whole, bool judged)
{
	const bool low = judged && part < whole - whole / 10;

	pst_html_add_markup(
	    html, low ? "<td class=\"num warn\">" : "<td class=\"num\">");
	pst_html_share(html, pst_web_positive(part), pst_web_positive(whole));
	pst_html_markup(html, "</td>");
}

/* The mark of the narrowest network with this address; NULL if none. */
static const struct pst_source_mark *
mark_of(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	struct pst_ip ip;

	return pst_ip_parse(pst_str(group->key), &ip) ?
	    pst_mark_find(&page->marks, &ip) :
	    NULL;
}

static void
add_mark(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	const struct pst_source_mark *mark = mark_of(page, group);

	pst_html_markup(page->html, "<td class=\"wrap\">");
	if (mark != NULL) {
		pst_html_text(page->html, pst_mark_word(mark->mark));
		if (mark->note[0] != '\0') {
			pst_html_markup(page->html, ": <span class=\"dim\">");
			pst_html_text(page->html, mark->note);
			pst_html_markup(page->html, "</span>");
		}
	}
	pst_html_markup(page->html, "</td>");
}

static void
add_key(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	const struct pst_web_param params[] = {{"client", group->key}};
	struct pst_html *html = page->html;
	bool mono = page->wanted.by == PST_SOURCE_BY_SOURCE ||
	    page->wanted.by == PST_SOURCE_BY_NETWORK;

	if (is_by_date(page))
		pst_html_markup(html, "<th scope=\"row\" class=\"nobr\">");
	else if (mono)
		pst_html_markup(html, "<th scope=\"row\" class=\"mono wrap\">");
	else
		pst_html_markup(html, "<th scope=\"row\" class=\"wrap\">");
	/* What this gateway itself has seen of that address. */
	if (page->wanted.by == PST_SOURCE_BY_SOURCE)
		pst_html_link(html,
		    pst_web_href(page->request, PST_WEB_MESSAGES, params, 1),
		    group->key);
	else if (group->key[0] == '\0')
		pst_html_element(html, "span", "dim", "no name");
	else
		pst_html_text(html, group->key);
	pst_html_markup(html, "</th>");
}

static void
add_trend(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	pst_html_markup(page->html, "<td>");
	pst_plot_spark(page->html,
	    pst_arena_printf(
		page->arena, "messages of %zu days", page->wanted.days),
	    group->by_day, page->wanted.days);
	pst_html_markup(page->html, "</td>");
}

static void
add_numbers(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	struct pst_html *html = page->html;

	add_number(html, group->messages, NULL);
	add_share(html, group->passed, group->messages, true);
	add_share(html, group->dkim, group->messages, false);
	add_share(html, group->spf, group->messages, false);
	add_number(html, group->quarantined, NULL);
	add_number(html, group->rejected, NULL);
}

static void
add_row(
    const struct pst_web_sources *page, const struct pst_source_group *group)
{
	pst_html_markup(page->html, "<tr>");
	add_key(page, group);
	add_numbers(page, group);
	if (group->by_day != NULL)
		add_trend(page, group);
	if (page->has_marks)
		add_mark(page, group);
	pst_html_markup(page->html, "</tr>\n");
}

static void
begin_table(const struct pst_web_sources *page)
{
	const char *columns[9];
	size_t count = 0;

	columns[count++] = kinds[page->wanted.by].title;
	columns[count++] = "#Messages";
	columns[count++] = "#DMARC";
	columns[count++] = "#DKIM";
	columns[count++] = "#SPF";
	columns[count++] = "#Quarantined";
	columns[count++] = "#Refused";
	if (page->found.items[0].by_day != NULL)
		columns[count++] = "Trend";
	if (page->has_marks)
		columns[count++] = "Your mark";
	pst_web_table(
	    page->html, kinds[page->wanted.by].caption, columns, count);
}

void
pst_web_source_table(struct pst_web_sources *page)
{
	const size_t count = page->found.count;
	const size_t shown =
	    count < PST_WEB_SOURCE_ROWS ? count : PST_WEB_SOURCE_ROWS;

	page->has_marks = false;
	for (size_t i = 0; i < shown && !page->has_marks; i++)
		page->has_marks = mark_of(page, &page->found.items[i]) != NULL;

	pst_html_markup(page->html, "<section class=\"card\">");
	pst_html_element(
	    page->html, "h2", NULL, kinds[page->wanted.by].heading);
	if (is_by_date(page))
		add_plot(page);
	begin_table(page);
	/* The newest day first; the others are in their order. */
	for (size_t i = 0; i < shown; i++)
		add_row(page,
		    &page->found.items[is_by_date(page) ? count - 1 - i : i]);
	pst_web_table_end(page->html);
	if (shown < count)
		pst_html_element(page->html, "p", "dim",
		    pst_arena_printf(page->arena,
			"%zu of %zu rows are shown, those with most messages; "
			"the figures above are of all.",
			shown, count));
	if (page->wanted.by == PST_SOURCE_BY_AUTHENTICATED)
		pst_html_element(page->html, "p", "dim",
		    "A message may have several such domains, and counts in "
		    "the row of each.");
	pst_html_markup(page->html, "</section>\n");
}

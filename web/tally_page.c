/* SPDX-License-Identifier: BSD-2-Clause */

/* Whole pages of tables, and what they have besides the table. */

#include <string.h>

#include "base/day.h"
#include "web/plot.h"
#include "web/tally_table.h"
#include "web/view_parts.h"

#define USUAL_ROWS 100
/* With fewer rows than this, nobody has to look for one. */
#define FEW_ROWS 20
/* Numbers that are older say so. */
#define OLD_S 90

/* ---- asking ---- */

static const char off[] =
    "Nothing is counted, because the configuration says journal { keep = none "
    "}. Set keep to exceptions or all, and reload posternd; numbers begin "
    "then.";

const struct pst_web_table_rows *
pst_web_tally_ask(struct pst_web_request *request, struct pst_html *html,
    enum pst_tally_question question, const char *key)
{
	const struct pst_web_question asked = {
	    .question = question, .days = request->days, .key = key};
	const struct pst_web_table_rows *rows;
	struct pst_err err;

	rows =
	    pst_web_keep_ask(request->site->keep, request->arena, &asked, &err);
	if (rows == NULL) {
		/* What was counted before it was switched off is shown. */
		pst_web_notice(html,
		    request->site->config->journal.keep == PST_KEPT_NONE ?
			off :
			pst_escaped(request->arena, pst_str(err.text)));
		return NULL;
	}
	if (rows->all > 0)
		return rows;
	if (key != NULL)
		pst_web_notice(html,
		    "Nothing was counted under this name in these days. Choose "
		    "more days, or look for its messages.");
	else
		pst_web_notice(html,
		    "No mail was counted in these days yet. Numbers are "
		    "written within a minute after the mail, or within ten "
		    "minutes if there is much of it.");
	return NULL;
}

/* ---- figures and bars ---- */

void
pst_web_tally_figure(struct pst_html *html, const char *label, uint64_t number,
    const char *remark, const char *class)
{
	pst_web_figure(html, label, pst_web_number(html->arena, number), remark,
	    number == 0 ? NULL : class);
}

static const struct {
	enum pst_action action;
	const char *name;
	enum pst_plot_tone tone;
} layers[PST_TALLY_ACTIONS] = {
    {PST_ACTION_ACCEPT, "accepted", PST_PLOT_ACCEPT},
    {PST_ACTION_TAG, "tagged", PST_PLOT_TAG},
    {PST_ACTION_QUARANTINE, "quarantined", PST_PLOT_QUARANTINE},
    {PST_ACTION_REJECT, "refused", PST_PLOT_REJECT},
    {PST_ACTION_TEMPFAIL, "deferred", PST_PLOT_TEMPFAIL},
};

/* The same numbers, for those who do not see the bars. */
static void
add_bar_table(struct pst_html *html, const char *title,
    const struct pst_web_row *rows, const char *const *labels, size_t count)
{
	static const char *const columns[] = {"When", "#Messages", "#Accepted",
	    "#Tagged", "#Quarantined", "#Refused", "#Deferred",
	    "#Not enforced"};

	pst_html_markup(
	    html, "<details><summary>The numbers as a table</summary>");
	pst_web_table(html, title, columns, PST_COUNT(columns));
	/* The newest is what people look for. */
	for (size_t i = count; i > 0; i--) {
		const struct pst_web_row *row = &rows[i - 1];

		pst_html_markup(html, "<tr>");
		pst_html_element(html, "td", NULL, labels[i - 1]);
		pst_html_markup(html, "<td class=\"num\">");
		pst_html_number(html, pst_web_messages(row));
		for (size_t k = 0; k < PST_TALLY_ACTIONS; k++) {
			pst_html_markup(html, "</td><td class=\"num\">");
			pst_html_number(html, row->done[layers[k].action]);
		}
		pst_html_markup(html, "</td><td class=\"num\">");
		pst_html_number(html, pst_web_not_enforced(row));
		pst_html_markup(html, "</td></tr>\n");
	}
	pst_web_table_end(html);
	pst_html_markup(html, "</details>");
}

void
pst_web_tally_bars(struct pst_html *html, const char *title,
    const struct pst_web_row *rows, const char *const *labels, size_t count)
{
	struct pst_plot_series series[PST_TALLY_ACTIONS];
	struct pst_plot_bars plot = {.title = title,
	    .description = "Bars of what was done with messages over time. "
			   "The table below has the same numbers.",
	    .labels = labels,
	    .columns = count,
	    .series = series};

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		uint64_t *values =
		    pst_arena_array(html->arena, count, sizeof(*values));
		uint64_t sum = 0;

		for (size_t k = 0; k < count; k++) {
			values[k] = rows[k].done[layers[i].action];
			sum += values[k];
		}
		if (sum > 0)
			series[plot.series_count++] = (struct pst_plot_series){
			    layers[i].name, layers[i].tone, values};
	}
	pst_plot_bars(html, &plot);
	add_bar_table(html, title, rows, labels, count);
}

void
pst_web_tally_days(struct pst_html *html, const char *title,
    const struct pst_web_table_rows *rows)
{
	const char **labels =
	    pst_arena_array(html->arena, rows->days_shown, sizeof(*labels));
	char text[PST_DAY_TEXT_SIZE];

	for (size_t i = 0; i < rows->days_shown; i++) {
		(void)pst_day_text(rows->first_day + (int64_t)i, text);
		/* The month and the day */
		labels[i] = pst_arena_strdup(
		    html->arena, strlen(text) > 5 ? text + 5 : text);
	}
	pst_web_tally_bars(html, title, rows->day_rows,
	    (const char *const *)labels, rows->days_shown);
}

/* ---- pages ---- */

static const struct {
	const char *word, *title;
} orders[PST_WEB_ORDERS] = {
    [PST_WEB_BY_MESSAGES] = {"", "most messages"},
    [PST_WEB_BY_REFUSED] = {"refused", "most refused"},
    [PST_WEB_BY_NOT_ENFORCED] = {"would", "most not enforced"},
    [PST_WEB_BY_UNALIGNED] = {"aligned", "most not aligned"},
};

enum pst_web_order
pst_web_tally_order(const struct pst_web_request *request)
{
	const char *word = pst_web_param(request, "sort");

	for (size_t i = 0; word != NULL && i < PST_WEB_ORDERS; i++)
		if (strcmp(word, orders[i].word) == 0)
			return (enum pst_web_order)i;
	return PST_WEB_BY_MESSAGES;
}

/* Adds a link to this page with another parameter. */
static void
add_change(struct pst_web_request *request, struct pst_html *html,
    const char *name, const char *value, const char *text)
{
	struct pst_web_param params[PST_WEB_MAX_PARAMS + 1];
	size_t count = 0;

	for (size_t i = 0; i < request->param_count; i++)
		if (strcmp(request->params[i].name, name) != 0)
			params[count++] = request->params[i];
	params[count++] = (struct pst_web_param){name, value};
	pst_html_link(
	    html, pst_web_href(request, request->view, params, count), text);
}

static void
add_orders(struct pst_web_request *request, struct pst_html *html)
{
	const enum pst_web_order order = pst_web_tally_order(request);

	pst_html_markup(html, "<p class=\"sort\">Order: ");
	for (size_t i = 0; i < PST_WEB_ORDERS; i++) {
		if (i > 0)
			pst_html_markup(html, " \xc2\xb7 ");
		if (i == (size_t)order)
			pst_html_element(html, "strong", NULL, orders[i].title);
		else
			add_change(request, html, "sort", orders[i].word,
			    orders[i].title);
	}
	pst_html_markup(html, "</p>");
}

static void
add_filter(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_tally_view *view)
{
	/* Files cannot be searched. */
	if (request->site->export_name != NULL)
		return;
	pst_web_form(request, html, request->view);
	if (pst_web_param(request, "sort") != NULL) {
		pst_html_markup(html, "<input type=\"hidden\" name=\"sort\"");
		pst_web_form_value(request, html, "sort");
		pst_html_markup(html, ">");
	}
	pst_html_markup(html, "<label>");
	pst_html_text(html, view->key_title);
	pst_html_markup(html, "<select name=\"match\">");
	pst_web_option(html, "", "begins with", !view->at_end);
	pst_web_option(html, "end", "ends with", view->at_end);
	pst_html_markup(html,
	    "</select></label><label>Text<input name=\"name\" "
	    "maxlength=\"255\"");
	pst_web_form_value(request, html, "name");
	pst_html_markup(html, "></label><button>Show</button>");
	if (view->name != NULL)
		add_change(request, html, "name", "", "Show all");
	pst_html_markup(html, "</form>");
}

/* Nothing that is kept has the name; it may be one of the others. */
static void
add_nothing(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_table_rows *rows,
    const struct pst_web_tally_view *view)
{
	const struct pst_web_param param = {"key", view->name};

	pst_html_markup(html, "<p class=\"notice\">");
	if (rows->all > rows->count)
		pst_html_printf(html,
		    "None of the %zu with most messages has such a name. ",
		    rows->count);
	else
		pst_html_markup(html, "None has such a name. ");
	if (view->question == PST_TALLY_FROM_DOMAIN && view->name != NULL) {
		pst_html_markup(html, "Look at ");
		pst_html_link(html,
		    pst_web_href(request, PST_WEB_DOMAIN, &param, 1),
		    view->name);
		pst_html_markup(html, ".");
	}
	pst_html_markup(html, "</p>");
}

/* How many rows there are besides these, and how old the numbers are. */
static void
add_note(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_table_rows *rows, size_t shown, size_t count)
{
	const int64_t age_s = request->now_s - rows->made_s;

	if (shown == rows->all && age_s <= OLD_S)
		return;
	pst_html_markup(html, "<p class=\"dim\">");
	pst_html_number(html, shown);
	pst_html_markup(html, " of ");
	pst_html_number(html, count);
	pst_html_markup(html, " shown");
	if (rows->all > rows->count) {
		pst_html_markup(html, "; of ");
		pst_html_number(html, rows->all);
		pst_html_markup(html, " in these days, the ");
		pst_html_number(html, rows->count);
		pst_html_markup(html, " with most messages are kept here");
	}
	pst_html_markup(html, ". ");
	if (shown < count)
		add_change(request, html, "page", "all", "Show all of them");
	if (age_s > OLD_S)
		pst_html_printf(html, " These numbers are %lld minutes old.",
		    (long long)(age_s / 60));
	pst_html_markup(html, "</p>");
}

void
pst_web_tally_page(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_tally_view *view)
{
	const struct pst_web_table_rows *rows =
	    pst_web_tally_ask(request, html, view->question, NULL);
	const char *match = pst_web_param(request, "match");
	struct pst_web_tally_view asked = *view;
	size_t count, shown;

	if (rows == NULL)
		return;
	asked.order = pst_web_tally_order(request);
	asked.name = pst_web_param(request, "name");
	asked.at_end = match != NULL && strcmp(match, "end") == 0;
	asked.limit = pst_web_param(request, "page") != NULL ?
	    PST_WEB_KEPT_ROWS :
	    USUAL_ROWS;
	if (rows->all > FEW_ROWS || asked.name != NULL)
		add_filter(request, html, &asked);
	add_orders(request, html);
	count = pst_web_tally_table(request, html, rows, &asked);
	shown = count < asked.limit ? count : asked.limit;
	if (count == 0)
		add_nothing(request, html, rows, &asked);
	else
		add_note(request, html, rows, shown, count);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/tally_table.h"

#include <stdlib.h>
#include <string.h>

#include "web/plot.h"
#include "web/view_parts.h"

/* ---- numbers ---- */

uint64_t
pst_web_messages(const struct pst_web_row *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sum += row->done[i];
	return sum;
}

uint64_t
pst_web_marked(const struct pst_web_row *row)
{
	return row->done[PST_ACTION_TAG] + row->done[PST_ACTION_QUARANTINE];
}

uint64_t
pst_web_not_enforced(const struct pst_web_row *row)
{
	const uint64_t done = row->done[PST_ACTION_ACCEPT];
	const uint64_t would = row->would[PST_ACTION_ACCEPT];

	return done > would ? done - would : 0;
}

static uint64_t
unaligned(const struct pst_web_row *row)
{
	const uint64_t messages = pst_web_messages(row);

	return messages > row->aligned ? messages - row->aligned : 0;
}

/* ---- order ---- */

/* A row, its place, and the number that decides. */
struct ranked {
	const struct pst_web_row *row;
	uint64_t number;
};

static uint64_t
number_of(const struct pst_web_row *row, enum pst_web_order order)
{
	switch (order) {
	case PST_WEB_BY_MESSAGES:
		break;
	case PST_WEB_BY_REFUSED:
		return row->done[PST_ACTION_REJECT];
	case PST_WEB_BY_NOT_ENFORCED:
		return pst_web_not_enforced(row);
	case PST_WEB_BY_UNALIGNED:
		return unaligned(row);
	}
	return pst_web_messages(row);
}

/* Rows come with most messages first, and stay so if the numbers are equal. */
static int
most_first(const void *a, const void *b)
{
	const struct ranked *first = a, *second = b;

	if (first->number != second->number)
		return first->number < second->number ? 1 : -1;
	return (first->row > second->row) - (first->row < second->row);
}

static bool
has_name(const struct pst_web_tally_view *view, const char *key)
{
	const struct pst_str name = pst_str(view->name);

	return view->name == NULL ||
	    (view->at_end ? pst_str_iends(pst_str(key), name) :
			    pst_str_istarts(pst_str(key), name));
}

/* Returns the rows that have the name, in order; *count is their number. */
static struct ranked *
rank(struct pst_arena *arena, const struct pst_web_table_rows *rows,
    const struct pst_web_tally_view *view, size_t *count)
{
	struct ranked *ranked =
	    pst_arena_array(arena, rows->count, sizeof(*ranked));

	*count = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct pst_web_row *row = &rows->rows[i];

		if (has_name(view, row->key))
			ranked[(*count)++] =
			    (struct ranked){row, number_of(row, view->order)};
	}
	if (*count > 0)
		qsort(ranked, *count, sizeof(*ranked), most_first);
	return ranked;
}

/* ---- keys ---- */

/* Returns what a key means that is not one of the mail's; NULL: it is. */
static const char *
meaning_of(
    struct pst_arena *arena, enum pst_tally_question question, const char *key)
{
	static const char *const missing[PST_TALLY_QUESTIONS] = {
	    [PST_TALLY_FROM_DOMAIN] = "no From domain, or several",
	    [PST_TALLY_SENDER] = "no From domain, or several",
	    [PST_TALLY_NETWORK] = "clients without an address",
	    [PST_TALLY_RCPT_DOMAIN] = "no recipient's domain",
	    [PST_TALLY_RULE] = "no rule",
	    [PST_TALLY_REASON] = "no reason",
	    [PST_TALLY_HOUR] = "no time",
	};

	if (strcmp(key, PST_TALLIES_OTHER) == 0)
		return "all others together";
	if (strcmp(key, "-") == 0)
		return missing[question];
	if (strncmp(key, "*.", 2) == 0 && question == PST_TALLY_SENDER)
		return pst_arena_printf(
		    arena, "other senders of %s and below", key + 2);
	if (strncmp(key, "*.", 2) == 0 && question == PST_TALLY_FROM_DOMAIN)
		return pst_arena_printf(arena, "other names below %s", key + 2);
	return NULL;
}

static const char *
domain_href(struct pst_web_request *request, const char *domain)
{
	const struct pst_web_param param = {"key", domain};

	return pst_web_href(request, PST_WEB_DOMAIN, &param, 1);
}

static const char *
rule_href(struct pst_web_request *request, const char *rule)
{
	const struct pst_web_param params[] = {
	    {"rule", rule}, {"accepted", "1"}};

	return strlen(rule) > 128 ?
	    NULL :
	    pst_web_href(request, PST_WEB_MESSAGES, params, PST_COUNT(params));
}

void
pst_web_tally_key(struct pst_web_request *request, struct pst_html *html,
    enum pst_tally_question question, const char *key)
{
	const char *meaning = meaning_of(request->arena, question, key);

	if (meaning != NULL)
		pst_html_element(html, "span", "dim", meaning);
	else if (question == PST_TALLY_FROM_DOMAIN ||
	    question == PST_TALLY_SENDER)
		pst_html_link(html, domain_href(request, key), key);
	else if (question == PST_TALLY_RULE)
		pst_html_link(html, rule_href(request, key), key);
	else
		pst_html_text(html, key);
}

void
pst_web_tally_via(struct pst_html *html, const char *via)
{
	static const struct {
		const char *prefix, *word;
	} kinds[] = {
	    {"dkim:", "DKIM "}, {"spf:", "SPF "}, {"net:", "network "}};

	for (size_t i = 0; i < PST_COUNT(kinds); i++) {
		const size_t len = strlen(kinds[i].prefix);

		if (strncmp(via, kinds[i].prefix, len) != 0)
			continue;
		pst_html_element(html, "span", "dim", kinds[i].word);
		pst_html_text(html, via + len);
		return;
	}
	if (via[0] == '\0')
		pst_html_element(html, "span", "dim", "all others");
	else
		pst_html_text(html, via);
}

/* A sender's key is a From domain, a blank, and how the sender is known. */
static void
add_sender_cells(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_tally_view *view, const char *key)
{
	const char *blank = strchr(key, ' ');
	const size_t len = blank == NULL ? strlen(key) : (size_t)(blank - key);

	if (!view->one_domain) {
		pst_html_markup(html, "<td class=\"wrap\">");
		pst_web_tally_key(request, html, view->question,
		    pst_arena_memdup(request->arena, key, len));
		pst_html_markup(html, "</td>");
	}
	pst_html_markup(html, "<td class=\"wrap\">");
	if (blank != NULL)
		pst_web_tally_via(html, blank + 1);
	pst_html_markup(html, "</td>");
}

static void
add_key_cells(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_tally_view *view, const char *key)
{
	if (view->question == PST_TALLY_SENDER) {
		add_sender_cells(request, html, view, key);
		return;
	}
	pst_html_markup(html, "<td class=\"wrap\">");
	pst_web_tally_key(request, html, view->question, key);
	pst_html_markup(html, "</td>");
}

/* ---- the table ---- */

static void
add_number(struct pst_html *html, uint64_t number, const char *tone)
{
	pst_html_markup(html, "<td class=\"num");
	if (number == 0)
		pst_html_markup(html, " dim");
	else if (tone != NULL)
		pst_html_text(html, tone);
	pst_html_markup(html, "\">");
	pst_html_number(html, number);
	pst_html_markup(html, "</td>");
}

static void
add_share(struct pst_html *html, uint64_t part, uint64_t whole)
{
	pst_html_markup(html, "<td class=\"num\">");
	pst_html_share(html, part, whole);
	pst_html_markup(html, "</td>");
}

static const struct {
	enum pst_action action;
	enum pst_plot_tone tone;
	const char *word;
} actions[PST_TALLY_ACTIONS] = {
    {PST_ACTION_REJECT, PST_PLOT_REJECT, "refused"},
    {PST_ACTION_QUARANTINE, PST_PLOT_QUARANTINE, "quarantined"},
    {PST_ACTION_TAG, PST_PLOT_TAG, "tagged"},
    {PST_ACTION_TEMPFAIL, PST_PLOT_TEMPFAIL, "deferred"},
    {PST_ACTION_ACCEPT, PST_PLOT_ACCEPT, "accepted"},
};

/* "12 refused, 30 accepted" */
static const char *
done_in_words(struct pst_arena *arena, const uint64_t done[PST_TALLY_ACTIONS])
{
	struct pst_html text;
	const char *separator = "";

	pst_html_init(&text, arena);
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++) {
		if (done[actions[i].action] == 0)
			continue;
		pst_html_text(&text, separator);
		pst_html_number(&text, done[actions[i].action]);
		pst_html_printf(&text, " %s", actions[i].word);
		separator = ", ";
	}
	return text.buf.len == 0 ? "nothing" : pst_buf_str(&text.buf);
}

static void
add_split(struct pst_html *html, const struct pst_web_row *row)
{
	uint64_t parts[PST_PLOT_TONES] = {0};

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		parts[actions[i].tone] = row->done[actions[i].action];
	pst_html_markup(html, "<td>");
	pst_plot_split(html, done_in_words(html->arena, row->done), parts,
	    pst_web_messages(row));
	pst_html_markup(html, "</td>");
}

static void
add_trend(struct pst_html *html, const struct pst_web_row *row, size_t days)
{
	uint64_t values[PST_WEB_MAX_DAYS];

	pst_html_markup(html, "<td>");
	for (size_t i = 0; i < days && i < PST_WEB_MAX_DAYS; i++)
		values[i] = row->by_day[i];
	pst_plot_spark(html,
	    pst_arena_printf(html->arena, "messages of %zu days", days), values,
	    days < PST_WEB_MAX_DAYS ? days : PST_WEB_MAX_DAYS);
	pst_html_markup(html, "</td>");
}

/* Which columns a table has, besides those that all have. */
struct columns {
	bool refused, marked, not_enforced, aligned, networks, days, trend;
};

static struct columns
columns_of(const struct pst_web_tally_view *view,
    const struct pst_web_table_rows *rows)
{
	const bool several = !view->brief && rows->days_shown > 1;

	return (struct columns){
	    .refused = !view->brief || view->order != PST_WEB_BY_NOT_ENFORCED,
	    .marked = !view->brief,
	    .not_enforced =
		!view->brief || view->order == PST_WEB_BY_NOT_ENFORCED,
	    .aligned = !view->brief,
	    .networks = !view->brief && view->question != PST_TALLY_NETWORK,
	    .days = several,
	    .trend = several && rows->day_rows != NULL,
	};
}

static void
begin_table(struct pst_html *html, const struct pst_web_tally_view *view,
    const struct columns *columns)
{
	const char *titles[12];
	size_t count = 0;

	if (!view->one_domain)
		titles[count++] = view->key_title;
	if (view->question == PST_TALLY_SENDER)
		titles[count++] = "Sending system";
	titles[count++] = "#Messages";
	titles[count++] = "What was done";
	if (columns->refused)
		titles[count++] = "#Refused";
	if (columns->marked)
		titles[count++] = "#Marked";
	if (columns->not_enforced)
		titles[count++] = "#Not enforced";
	if (columns->aligned)
		titles[count++] = "#Aligned";
	if (columns->networks)
		titles[count++] = "#Networks";
	if (columns->days)
		titles[count++] = "#Days";
	if (columns->trend)
		titles[count++] = "Trend";
	pst_web_table(html, view->caption, titles, count);
}

static void
add_row(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_row *row, const struct pst_web_tally_view *view,
    const struct pst_web_table_rows *rows)
{
	const struct columns columns = columns_of(view, rows);

	pst_html_markup(html, "<tr>");
	add_key_cells(request, html, view, row->key);
	add_number(html, pst_web_messages(row), NULL);
	add_split(html, row);
	if (columns.refused)
		add_number(html, row->done[PST_ACTION_REJECT], " bad");
	if (columns.marked)
		add_number(html, pst_web_marked(row), NULL);
	if (columns.not_enforced)
		add_number(html, pst_web_not_enforced(row), " warn");
	if (columns.aligned)
		add_share(html, row->aligned, pst_web_messages(row));
	if (columns.networks)
		add_number(html, row->networks, NULL);
	if (columns.days)
		add_number(html, row->days, NULL);
	if (columns.trend)
		add_trend(html, row, rows->days_shown);
	pst_html_markup(html, "</tr>\n");
}

size_t
pst_web_tally_table(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_table_rows *rows,
    const struct pst_web_tally_view *view)
{
	const struct columns columns = columns_of(view, rows);
	size_t count;
	const struct ranked *ranked = rank(request->arena, rows, view, &count);

	if (count == 0)
		return 0;
	begin_table(html, view, &columns);
	for (size_t i = 0; i < count && i < view->limit; i++)
		add_row(request, html, ranked[i].row, view, rows);
	pst_web_table_end(html);
	return count;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* What enforcing would do. */

#include "web/tally_table.h"
#include "web/view_parts.h"

/* In the order of the page: first those that would lose mail. */
static const struct section {
	enum pst_forecast_kind kind;
	const char *title, *tone, *advice;
	bool closed; /* nothing has to be done about them */
} sections[PST_FORECAST_KINDS] = {
    {PST_FORECAST_GENUINE, "Looks genuine", "good",
	"Check that you know the sender, then paste the rule into the "
	"configuration. Otherwise this mail is lost when you enforce.",
	false},
    {PST_FORECAST_FORWARDED, "Looks forwarded", "warn",
	"Check that you know the forwarder or list, then paste the rule.",
	false},
    {PST_FORECAST_UNCLEAR, "Unclear", "warn",
	"Look at examples among the messages. The rule tags the mail instead "
	"of refusing it until you know.",
	false},
    {PST_FORECAST_FORGED, "Forged", "bad",
	"They would be refused or marked; nothing needs to be done.", true},
};

static uint64_t
lost(const uint64_t would[PST_TALLY_ACTIONS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		if (i != PST_ACTION_ACCEPT)
			sum += would[i];
	return sum;
}

/* "30 refused, 2 quarantined" */
static void
add_actions(struct pst_html *html, const uint64_t would[PST_TALLY_ACTIONS])
{
	static const struct {
		enum pst_action action;
		const char *word;
	} words[] = {{PST_ACTION_REJECT, "refused"},
	    {PST_ACTION_QUARANTINE, "quarantined"}, {PST_ACTION_TAG, "tagged"},
	    {PST_ACTION_TEMPFAIL, "deferred"}};
	const char *separator = "";

	for (size_t i = 0; i < PST_COUNT(words); i++) {
		if (would[words[i].action] == 0)
			continue;
		pst_html_text(html, separator);
		pst_html_number(html, would[words[i].action]);
		pst_html_printf(html, " %s", words[i].word);
		separator = ", ";
	}
}

/* ---- senders ---- */

/* True if an earlier row of the same kind has the rule: all of a forwarder do. */
static bool
is_repeated(const struct pst_web_forecast *forecast, size_t at)
{
	const struct pst_forecast_row *row = &forecast->rows[at];

	for (size_t i = 0; i < at; i++)
		if (forecast->rows[i].rule == row->rule &&
		    forecast->rows[i].kind == row->kind)
			return true;
	return false;
}

static void
add_why(
    struct pst_html *html, const struct pst_web_forecast *forecast, size_t at)
{
	const struct pst_forecast_row *row = &forecast->rows[at];

	pst_html_text(html, row->why);
	if (row->rule == NULL)
		return;
	if (is_repeated(forecast, at)) {
		pst_html_element(
		    html, "p", "dim", "A rule above admits it, too.");
		return;
	}
	pst_html_markup(html,
	    "<details><summary>Rule to paste</summary><pre class=\"rule\">");
	pst_html_lines(html, row->rule);
	pst_html_markup(html, "</pre></details>");
}

static void
add_sender(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_forecast *forecast, size_t at)
{
	const struct pst_forecast_row *row = &forecast->rows[at];

	pst_html_markup(html, "<tr><td class=\"wrap\">");
	pst_web_tally_key(
	    request, html, PST_TALLY_FROM_DOMAIN, row->from_domain);
	pst_html_markup(html, "</td><td class=\"wrap\">");
	pst_web_tally_via(html, row->via);
	pst_html_markup(html, "</td><td>");
	add_actions(html, row->would);
	pst_html_markup(html, "</td><td class=\"num\">");
	pst_html_number(html, row->domain_aligned);
	pst_html_markup(html, "</td><td class=\"wrap why\">");
	add_why(html, forecast, at);
	pst_html_markup(html, "</td></tr>\n");
}

static void
add_table(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_forecast *forecast, const struct section *section)
{
	static const char *const columns[] = {"From domain", "Sending system",
	    "If enforced", "#Domain aligned", "Why"};

	pst_web_table(html,
	    pst_arena_printf(request->arena, "Senders: %s", section->title),
	    columns, PST_COUNT(columns));
	for (size_t i = 0; i < forecast->count; i++)
		if (forecast->rows[i].kind == section->kind)
			add_sender(request, html, forecast, i);
	pst_web_table_end(html);
}

static void
add_section(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_forecast *forecast, const struct section *section)
{
	const size_t senders = forecast->kinds[section->kind].senders;
	const size_t kept = forecast->kinds[section->kind].kept;

	if (senders == 0)
		return;
	pst_html_markup(html, "<section class=\"card\"><h2>");
	pst_html_text(html, section->title);
	pst_html_markup(html, " <span class=\"badge ");
	pst_html_text(html, section->tone);
	pst_html_markup(html, "\">");
	pst_html_number(html, senders);
	pst_html_text(html, senders == 1 ? " sender, " : " senders, ");
	pst_html_number(html, forecast->kinds[section->kind].messages);
	pst_html_text(html,
	    forecast->kinds[section->kind].messages == 1 ? " message" :
							   " messages");
	pst_html_markup(html, "</span></h2>");
	pst_html_element(html, "p", NULL, section->advice);
	if (section->closed)
		pst_html_markup(
		    html, "<details><summary>Who they are</summary>");
	add_table(request, html, forecast, section);
	if (kept < senders)
		pst_html_element(html, "p", "dim more",
		    pst_arena_printf(request->arena,
			"The %zu with most messages are shown. The command "
			"\"postern stats --would\" shows all.",
			kept));
	if (section->closed)
		pst_html_markup(html, "</details>");
	pst_html_markup(html, "</section>");
}

/* ---- the page ---- */

static void
add_figures(struct pst_html *html, const struct pst_web_forecast *forecast)
{
	uint64_t rest = lost(forecast->would);

	pst_web_figures(html);
	pst_web_tally_figure(html, "messages", forecast->messages, NULL, NULL);
	pst_web_tally_figure(html, "would be refused",
	    forecast->would[PST_ACTION_REJECT], NULL, "bad");
	pst_web_tally_figure(html, "would be marked",
	    forecast->would[PST_ACTION_TAG] +
		forecast->would[PST_ACTION_QUARANTINE],
	    "tagged or quarantined", "warn");
	for (size_t i = 0; i < PST_FORECAST_KINDS; i++) {
		const enum pst_forecast_kind kind = sections[i].kind;
		const uint64_t messages = forecast->kinds[kind].messages;

		pst_web_tally_figure(html, pst_forecast_word(kind), messages,
		    "of those refused or marked", NULL);
		rest -= messages < rest ? messages : rest;
	}
	if (rest > 0)
		pst_web_tally_figure(html, "others", rest,
		    "of senders that are counted together", NULL);
	pst_web_figures_end(html);
}

unsigned
pst_web_show_enforce(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct pst_err err;
	const struct pst_web_forecast *forecast = pst_web_keep_forecast(
	    request->site->keep, request->arena, request->days, &err);

	(void)title;
	pst_html_markup(html,
	    "<p>What would happen to the mail of these days if the policy were "
	    "enforced, by sender. Each sender is judged by its mail of the "
	    "last 30 days.</p>");
	if (forecast == NULL) {
		/* The same file, so this says why. */
		(void)pst_web_tally_ask(request, html, PST_TALLY_HOUR, NULL);
		return 200;
	}
	if (lost(forecast->would) == 0) {
		pst_web_notice(html,
		    forecast->messages == 0 ?
			"No mail was counted in these days yet." :
			"Enforcing would accept all mail of these days.");
		return 200;
	}
	add_figures(html, forecast);
	for (size_t i = 0; i < PST_FORECAST_KINDS; i++)
		add_section(request, html, forecast, &sections[i]);
	return 200;
}

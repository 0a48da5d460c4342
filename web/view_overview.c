/* SPDX-License-Identifier: BSD-2-Clause */

/* What happened lately, and where to look. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "web/tally_table.h"

#define HOURS 24
#define MOST 8 /* rows of a small table */

/* ---- the daemon ---- */

static const char *
tone_of(enum pst_status_level level)
{
	switch (level) {
	case PST_STATUS_OK:
		return "good";
	case PST_STATUS_WARNING:
		return "warn";
	case PST_STATUS_CRITICAL:
		return "bad";
	case PST_STATUS_UNKNOWN:
		break;
	}
	return "warn";
}

static void
add_health(struct pst_web_request *request, struct pst_html *html)
{
	const char *problems = "", *why = NULL;
	const struct pst_status *status =
	    pst_web_daemon_status(request->site->daemon, request->arena, &why);
	enum pst_status_level level = PST_STATUS_UNKNOWN;

	if (status != NULL)
		level = pst_status_judge(request->arena, status, &problems);
	else
		problems = why == NULL ? "posternd does not answer" : why;
	pst_html_markup(html, "<p class=\"notice ");
	pst_html_text(html, tone_of(level));
	pst_html_markup(html, "\"><span class=\"badge ");
	pst_html_text(html, tone_of(level));
	pst_html_markup(html, "\">");
	pst_html_text(html, pst_status_level_word(level));
	pst_html_markup(html, "</span> ");
	if (problems[0] == '\0')
		pst_html_markup(html, "posternd works as it should.");
	else
		pst_html_octets(html, pst_str(problems));
	pst_html_markup(html, " ");
	pst_html_link(html, pst_web_href(request, PST_WEB_HEALTH, NULL, 0),
	    "More about it");
	pst_html_markup(html, "</p>");
}

/* ---- figures ---- */

static void
add_figures(struct pst_html *html, const struct pst_web_row *sum)
{
	struct pst_arena *arena = html->arena;
	const uint64_t all = pst_web_messages(sum);
	const uint64_t refused = sum->done[PST_ACTION_REJECT];
	const uint64_t late = sum->done[PST_ACTION_TEMPFAIL];
	const uint64_t would = pst_web_not_enforced(sum);

	pst_web_figures(html);
	pst_web_tally_figure(html, "messages", all, NULL, NULL);
	pst_web_tally_figure(html, "refused", refused,
	    pst_html_share_text(arena, refused, all), "bad");
	pst_web_tally_figure(html, "marked", pst_web_marked(sum),
	    pst_html_share_text(arena, pst_web_marked(sum), all), "warn");
	pst_web_tally_figure(html, "deferred", late,
	    pst_html_share_text(arena, late, all), "warn");
	pst_web_tally_figure(html, "not enforced", would,
	    "accepted, but enforcing would refuse or mark them", "warn");
	pst_web_figure(html, "aligned",
	    pst_html_share_text(arena, sum->aligned, all),
	    "the author's domain is proven", NULL);
	pst_web_figures_end(html);
}

/* ---- time ---- */

static void
add_hours(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_table_rows *rows)
{
	struct pst_web_row *hours =
	    pst_arena_array(request->arena, HOURS, sizeof(*hours));
	static const char *const labels[HOURS] = {"00", "01", "02", "03", "04",
	    "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
	    "16", "17", "18", "19", "20", "21", "22", "23"};

	for (size_t i = 0; i < rows->count; i++)
		for (size_t k = 0; k < HOURS; k++)
			if (strcmp(rows->rows[i].key, labels[k]) == 0)
				hours[k] = rows->rows[i];
	pst_web_tally_bars(
	    html, "Messages of today by hour (UTC)", hours, labels, HOURS);
}

static void
add_time(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_table_rows *rows)
{
	pst_html_markup(html, "<section class=\"card\">");
	pst_html_element(html, "h2", NULL, "What was done");
	if (request->days == 1)
		add_hours(request, html, rows);
	else
		pst_web_tally_days(html, "Messages by day (UTC)", rows);
	pst_html_markup(html, "</section>");
}

/* ---- small tables ---- */

struct part {
	const char *title;
	enum pst_web_view page;
	const char *sort; /* of that page */
	const char *more; /* the link to it */
	struct pst_web_tally_view view;
};

static void
add_part(struct pst_web_request *request, struct pst_html *html,
    const struct part *part)
{
	const struct pst_web_param param = {"sort", part->sort};
	const struct pst_web_table_rows *rows;

	pst_html_markup(html, "<section class=\"card\">");
	pst_html_element(html, "h2", NULL, part->title);
	rows = pst_web_tally_ask(request, html, part->view.question, NULL);
	if (rows != NULL) {
		(void)pst_web_tally_table(request, html, rows, &part->view);
		pst_html_markup(html, "<p>");
		pst_html_link(html,
		    pst_web_href(request, part->page, &param, 1), part->more);
		pst_html_markup(html, "</p>");
	}
	pst_html_markup(html, "</section>");
}

/* Where nothing is enforced, what would be refused is of interest. */
static void
add_parts(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_row *sum)
{
	const bool enforced =
	    sum->done[PST_ACTION_REJECT] > 0 || pst_web_not_enforced(sum) == 0;
	const struct part parts[] = {
	    {enforced ? "From domains, most refused" :
			"From domains, most not enforced",
		PST_WEB_DOMAINS, enforced ? "refused" : "would",
		"All From domains",
		{.question = PST_TALLY_FROM_DOMAIN,
		    .caption = "Messages by From domain",
		    .key_title = "From domain",
		    .order =
			enforced ? PST_WEB_BY_REFUSED : PST_WEB_BY_NOT_ENFORCED,
		    .limit = MOST,
		    .brief = true}},
	    {"Sources", PST_WEB_SOURCES, NULL, "All sources",
		{.question = PST_TALLY_NETWORK,
		    .caption = "Messages by client network",
		    .key_title = "Network",
		    .limit = MOST,
		    .brief = true}},
	    {"Rules that decided", PST_WEB_RULES, NULL,
		"All rules, and reasons",
		{.question = PST_TALLY_RULE,
		    .caption = "Messages by rule",
		    .key_title = "Rule",
		    .limit = MOST,
		    .brief = true}},
	    {"From domains, most messages", PST_WEB_DOMAINS, NULL,
		"All From domains",
		{.question = PST_TALLY_FROM_DOMAIN,
		    .caption = "Messages by From domain, most messages",
		    .key_title = "From domain",
		    .limit = MOST,
		    .brief = true}},
	};

	pst_html_markup(html, "<div class=\"grid2\">");
	for (size_t i = 0; i < PST_COUNT(parts); i++)
		add_part(request, html, &parts[i]);
	pst_html_markup(html, "</div>");
}

unsigned
pst_web_show_overview(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	const struct pst_web_table_rows *rows;

	(void)title;
	add_health(request, html);
	rows = pst_web_tally_ask(request, html, PST_TALLY_HOUR, NULL);
	if (rows == NULL)
		return 200;
	add_figures(html, &rows->sum);
	add_time(request, html, rows);
	add_parts(request, html, &rows->sum);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* One From domain. */

#include "web/tally_table.h"

#define MOST_SENDERS 100

static void
add_figures(struct pst_html *html, const struct pst_web_row *row)
{
	const uint64_t messages = pst_web_messages(row);
	const uint64_t late = row->done[PST_ACTION_TEMPFAIL];

	pst_web_figures(html);
	pst_web_tally_figure(html, "messages", messages, NULL, NULL);
	pst_web_figure(html, "aligned",
	    pst_html_share_text(html->arena, row->aligned, messages), NULL,
	    NULL);
	pst_web_tally_figure(
	    html, "refused", row->done[PST_ACTION_REJECT], NULL, "bad");
	pst_web_tally_figure(html, "marked", pst_web_marked(row),
	    "tagged or quarantined", "warn");
	if (late > 0)
		pst_web_tally_figure(html, "deferred", late, NULL, "warn");
	pst_web_tally_figure(html, "not enforced", pst_web_not_enforced(row),
	    "accepted for now", "warn");
	if (row->indirect > 0)
		pst_web_tally_figure(html, "indirect", row->indirect,
		    "through a list or forwarder", NULL);
	pst_web_tally_figure(
	    html, "networks", row->networks, "estimated", NULL);
	pst_web_figures_end(html);
}

static void
add_links(
    struct pst_web_request *request, struct pst_html *html, const char *domain)
{
	static const struct {
		const char *action, *text;
	} choices[] = {{"reject", "refused ones"}, {"would", "not enforced"}};
	struct pst_web_param params[] = {
	    {"domain", domain}, {"accepted", "1"}, {"action", NULL}};

	pst_html_markup(html, "<p>");
	pst_html_link(html, pst_web_href(request, PST_WEB_MESSAGES, params, 2),
	    "All its messages");
	params[1] = (struct pst_web_param){"action", NULL};
	for (size_t i = 0; i < PST_COUNT(choices); i++) {
		params[1].value = choices[i].action;
		pst_html_markup(html, " \xc2\xb7 ");
		pst_html_link(html,
		    pst_web_href(request, PST_WEB_MESSAGES, params, 2),
		    choices[i].text);
	}
	pst_html_markup(html, "</p>");
}

/* Beyond the limits of the tallies, senders are counted together. */
static void
add_rest(struct pst_html *html, uint64_t messages, uint64_t counted)
{
	if (messages <= counted)
		return;
	pst_html_markup(html, "<p class=\"dim\">");
	pst_html_number(html, messages - counted);
	pst_html_markup(html,
	    " more messages are of systems that are not counted one by "
	    "one.</p>");
}

static void
add_senders(struct pst_web_request *request, struct pst_html *html,
    const char *domain, uint64_t messages)
{
	static const struct pst_web_tally_view view = {
	    .question = PST_TALLY_SENDER,
	    .caption = "Messages by sending system",
	    .limit = MOST_SENDERS,
	    .one_domain = true};
	const struct pst_web_table_rows *rows;

	pst_html_element(html, "h2", NULL, "Systems that send its mail");
	rows = pst_web_tally_ask(request, html, PST_TALLY_SENDER, domain);
	if (rows == NULL)
		return;
	(void)pst_web_tally_table(request, html, rows, &view);
	if (rows->all > MOST_SENDERS)
		pst_html_element(html, "p", "dim",
		    pst_arena_printf(request->arena,
			"The %d with most messages are shown, of %zu.",
			MOST_SENDERS, rows->all));
	add_rest(html, messages, pst_web_messages(&rows->sum));
}

unsigned
pst_web_show_domain(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	const char *domain = pst_web_param(request, "key");
	const struct pst_web_table_rows *rows;

	if (domain == NULL) {
		pst_web_notice(html,
		    "The address of this page names no domain. Choose one "
		    "among the From domains.");
		return 404;
	}
	*title = domain;
	add_links(request, html, domain);
	rows = pst_web_tally_ask(request, html, PST_TALLY_FROM_DOMAIN, domain);
	if (rows == NULL)
		return 200;
	add_figures(html, &rows->sum);
	pst_html_markup(html, "<section class=\"card\">");
	pst_html_element(html, "h2", NULL, "Its messages by day");
	pst_web_tally_days(html, "Messages of this domain by day", rows);
	pst_html_markup(html, "</section>");
	add_senders(request, html, domain, pst_web_messages(&rows->sum));
	return 200;
}

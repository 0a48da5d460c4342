/* SPDX-License-Identifier: BSD-2-Clause */

/* The rules that decided, and why. */

#include "web/tally_table.h"

#define MOST_REASONS 60

unsigned
pst_web_show_rules(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	static const struct pst_web_tally_view rules = {
	    .question = PST_TALLY_RULE,
	    .caption = "Messages by the rule that decided",
	    .key_title = "Rule"};
	static const struct pst_web_tally_view reasons = {
	    .question = PST_TALLY_REASON,
	    .caption = "Messages by reason",
	    .key_title = "Reason",
	    .limit = MOST_REASONS};
	const struct pst_web_question why = {
	    .question = PST_TALLY_REASON, .days = request->days};
	const struct pst_web_table_rows *rows;

	(void)title;
	pst_html_markup(html,
	    "<p>Each message is decided by one rule: one of the configuration, "
	    "which has its title here, or a built-in one such as "
	    "<q>dmarc-reject</q>. The rule <q>default</q> accepts what nothing "
	    "speaks against. A rule leads to its messages.</p>");
	pst_web_tally_page(request, html, &rules);
	rows =
	    pst_web_keep_ask(request->site->keep, request->arena, &why, NULL);
	if (rows == NULL || rows->count == 0)
		return 200;
	pst_html_element(html, "h2", NULL, "Reasons");
	pst_html_markup(html,
	    "<p>The same mail by what the rule was about, in few words.</p>");
	(void)pst_web_tally_table(request, html, rows, &reasons);
	return 200;
}

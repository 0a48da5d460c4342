/* SPDX-License-Identifier: BSD-2-Clause */

/* The domains of recipients. */

#include "web/tally_table.h"

unsigned
pst_web_show_recipients(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	static const struct pst_web_tally_view view = {
	    .question = PST_TALLY_RCPT_DOMAIN,
	    .caption = "Messages by recipients' domain",
	    .key_title = "Recipients' domain"};

	(void)title;
	if (request->site->config->journal.recipients == PST_KEPT_RCPTS_NONE)
		pst_web_notice(html,
		    "The configuration says journal { recipients = none }, so "
		    "the domains of recipients are not counted.");
	pst_html_markup(html,
	    "<p>Whom mail is for. A message for several domains counts for "
	    "each of them, so the sum can be larger than the number of "
	    "messages.</p>");
	pst_web_tally_page(request, html, &view);
	return 200;
}

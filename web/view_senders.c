/* SPDX-License-Identifier: BSD-2-Clause */

/* From domains by the systems that send their mail. */

#include "web/tally_table.h"

unsigned
pst_web_show_senders(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	static const struct pst_web_tally_view view = {
	    .question = PST_TALLY_SENDER,
	    .caption = "Messages by From domain and sending system",
	    .key_title = "From domain"};

	(void)title;
	pst_html_markup(html,
	    "<p>Which systems send the mail of a domain. A system is known by "
	    "the domain of its DKIM signature, else by the domain that SPF "
	    "proves, else by the network it sends from.</p>");
	pst_web_tally_page(request, html, &view);
	return 200;
}

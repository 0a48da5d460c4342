/* SPDX-License-Identifier: BSD-2-Clause */

/* Networks of clients. */

#include "web/tally_table.h"

unsigned
pst_web_show_sources(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	static const struct pst_web_tally_view view = {
	    .question = PST_TALLY_NETWORK,
	    .caption = "Messages by client network",
	    .key_title = "Network"};

	(void)title;
	pst_html_markup(html,
	    "<p>Where mail comes from: the networks of the clients that "
	    "deliver it, with 256 addresses each, or a /48 of IPv6. To see "
	    "the messages of one client, look for its address among the "
	    "messages.</p>");
	pst_web_tally_page(request, html, &view);
	return 200;
}

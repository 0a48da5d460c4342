/* SPDX-License-Identifier: BSD-2-Clause */

/* From domains. */

#include "web/tally_table.h"

unsigned
pst_web_show_domains(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	static const struct pst_web_tally_view view = {
	    .question = PST_TALLY_FROM_DOMAIN,
	    .caption = "Messages by From domain",
	    .key_title = "From domain"};

	(void)title;
	pst_html_markup(html,
	    "<p>The domains of authors, as people see them in mail. A message "
	    "is aligned if its author's domain is proven by DKIM or SPF. "
	    "<q>Not enforced</q> counts mail that would have been refused or "
	    "marked if the policy were enforced. Networks are "
	    "estimated.</p>");
	pst_web_tally_page(request, html, &view);
	return 200;
}

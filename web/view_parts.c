/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/view_parts.h"

#include "core/explained.h"

bool
pst_web_open_store(struct pst_store *store, struct pst_err *err)
{
	if (!pst_store_open(store, PST_STORE_READ, err))
		return false;
	if (pst_db_limit(store->db, PST_WEB_DB_MS, err))
		return true;
	pst_store_close(store);
	return false;
}

void
pst_web_form(const struct pst_web_request *request, struct pst_html *html,
    enum pst_web_view view)
{
	pst_html_markup(
	    html, "<form class=\"filter\" method=\"get\" action=\"");
	pst_html_text(html, pst_web_views[view].name);
	pst_html_markup(html, "\">\n");
	if (pst_web_param(request, "days") == NULL)
		return;
	pst_html_markup(html, "<input type=\"hidden\" name=\"days\"");
	pst_web_form_value(request, html, "days");
	pst_html_markup(html, ">\n");
}

void
pst_web_form_value(const struct pst_web_request *request, struct pst_html *html,
    const char *name)
{
	pst_html_markup(html, " value=\"");
	pst_html_text(html, pst_web_param(request, name));
	pst_html_markup(html, "\"");
}

void
pst_web_option(
    struct pst_html *html, const char *value, const char *title, bool chosen)
{
	pst_html_markup(html, "<option value=\"");
	pst_html_text(html, value);
	pst_html_markup(html, "\"");
	if (chosen)
		pst_html_markup(html, " selected");
	pst_html_markup(html, ">");
	pst_html_text(html, title);
	pst_html_markup(html, "</option>");
}

uint64_t
pst_web_positive(int64_t number)
{
	return number < 0 ? 0 : (uint64_t)number;
}

const char *
pst_web_number(struct pst_arena *arena, uint64_t number)
{
	struct pst_html html;

	pst_html_init(&html, arena);
	pst_html_number(&html, number);
	return pst_buf_str(&html.buf);
}

void
pst_web_time(struct pst_html *html, int64_t seen_s)
{
	pst_html_element(
	    html, "time", "nobr", pst_explained_time(html->arena, seen_s));
}

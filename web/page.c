/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/page.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/day.h"
#include "base/digest.h"
#include "base/macros.h"
#include "web/style.h"

const char pst_web_icon[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
    "<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"#1f6f78\"/>"
    "<path d=\"M9 25V14a7 7 0 0 1 14 0v11\" fill=\"none\" stroke=\"#fff\" "
    "stroke-width=\"3\" stroke-linecap=\"round\"/>"
    "<circle cx=\"16\" cy=\"18\" r=\"2.5\" fill=\"#fff\"/></svg>\n";

/* The menu: groups of pages, in the order in which people look. */
static const struct {
	const char *title;
	enum pst_web_view views[8];
	size_t count;
} groups[] = {
    {"Mail", {PST_WEB_OVERVIEW, PST_WEB_MESSAGES}, 2},
    {"Numbers",
	{PST_WEB_DOMAINS, PST_WEB_SENDERS, PST_WEB_SOURCES, PST_WEB_RECIPIENTS,
	    PST_WEB_RULES, PST_WEB_ENFORCE},
	6},
    {"Reports", {PST_WEB_SENT, PST_WEB_RECEIVED, PST_WEB_OWN}, 3},
    {"Gateway", {PST_WEB_HEALTH}, 1},
};

static char style_name[32];
static pthread_once_t style_once = PTHREAD_ONCE_INIT;

static void
make_style_name(void)
{
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];

	pst_digest_sha256(pst_web_style, strlen(pst_web_style), digest);
	(void)snprintf(style_name, sizeof(style_name), "style-%.12s.css",
	    pst_digest_hex(digest, hex));
}

const char *
pst_web_style_name(void)
{
	(void)pthread_once(&style_once, make_style_name);
	return style_name;
}

static bool
is_export(const struct pst_web_request *request)
{
	return request->site->export_name != NULL;
}

static void
add_link(
    struct pst_html *html, const char *href, bool current, const char *text)
{
	if (href == NULL)
		return;
	pst_html_markup(html, "<a href=\"");
	pst_html_text(html, href);
	if (current)
		pst_html_markup(html, "\" aria-current=\"page\">");
	else
		pst_html_markup(html, "\">");
	pst_html_text(html, text);
	pst_html_markup(html, "</a>");
}

static void
add_menu(struct pst_html *html, const struct pst_web_request *request)
{
	pst_html_markup(html, "<nav class=\"menu\" aria-label=\"Pages\">");
	for (size_t i = 0; i < PST_COUNT(groups); i++) {
		pst_html_element(html, "p", NULL, groups[i].title);
		pst_html_markup(html, "<ul>");
		for (size_t j = 0; j < groups[i].count; j++) {
			enum pst_web_view view = groups[i].views[j];

			pst_html_markup(html, "<li>");
			add_link(html, pst_web_href(request, view, NULL, 0),
			    view == request->view, pst_web_views[view].title);
			pst_html_markup(html, "</li>");
		}
		pst_html_markup(html, "</ul>");
	}
	pst_html_markup(html, "</nav>");
}

/* An export has nothing that could search. */
static void
add_search(struct pst_html *html, const struct pst_web_request *request)
{
	if (is_export(request) || request->view == PST_WEB_MESSAGES)
		return;
	pst_html_markup(html, "<form class=\"find\" role=\"search\" action=\"");
	pst_html_text(html, pst_web_views[PST_WEB_MESSAGES].name);
	pst_html_markup(html,
	    "\"><label for=\"find\">Find a message</label>"
	    "<input id=\"find\" name=\"q\" type=\"search\" maxlength=\"512\" "
	    "placeholder=\"queue id, Message-ID, address, domain\">"
	    "<button>Find</button></form>");
}

static void
add_head(struct pst_html *html, const struct pst_web_request *request,
    const char *title)
{
	pst_html_markup(html,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">"
	    "<meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta name=\"robots\" content=\"noindex\"><title>");
	pst_html_text(html, title);
	pst_html_markup(html,
	    " \xe2\x80\x93 Postern</title>"
	    "<link rel=\"stylesheet\" href=\"");
	pst_html_text(
	    html, is_export(request) ? "style.css" : pst_web_style_name());
	pst_html_markup(html,
	    "\"><link rel=\"icon\" type=\"image/svg+xml\" "
	    "href=\"icon.svg\"></head><body>"
	    "<a class=\"skip\" href=\"#main\">Skip to the content</a>"
	    "<header class=\"top\"><a class=\"brand\" href=\"");
	pst_html_text(html,
	    is_export(request) ?
		pst_web_href(request, PST_WEB_OVERVIEW, NULL, 0) :
		"./");
	pst_html_markup(html, "\">Postern</a>");
	if (request->site->config != NULL &&
	    request->site->config->authserv_id[0] != '\0')
		pst_html_element(html, "span", "host wrap",
		    request->site->config->authserv_id);
	add_search(html, request);
	pst_html_markup(html, "</header>");
	add_menu(html, request);
}

/* The choice of days keeps what else the page was asked for. */
static void
add_days(struct pst_html *html, const struct pst_web_request *request)
{
	static const struct {
		unsigned days;
		const char *value, *text;
	} choices[] = {{1, "1", "Today"}, {7, "7", "7 days"},
	    {30, "30", "30 days"}, {90, "90", "90 days"}};

	pst_html_markup(html, "<nav class=\"days\" aria-label=\"Days\">");
	for (size_t i = 0; i < PST_COUNT(choices); i++) {
		struct pst_web_param params[PST_WEB_MAX_PARAMS + 1];
		size_t count = 0;

		for (size_t j = 0; j < request->param_count; j++)
			if (strcmp(request->params[j].name, "days") != 0 &&
			    strcmp(request->params[j].name, "page") != 0)
				params[count++] = request->params[j];
		params[count++] =
		    (struct pst_web_param){"days", choices[i].value};
		add_link(html,
		    pst_web_href(request, request->view, params, count),
		    choices[i].days == request->days, choices[i].text);
	}
	pst_html_markup(html, "</nav>");
}

static void
add_foot(struct pst_html *html, const struct pst_web_request *request)
{
	char day[PST_DAY_TEXT_SIZE];
	int64_t second = request->now_s % PST_DAY_SECONDS;

	pst_html_markup(html,
	    "</main><footer>Postern " PST_VERSION
	    ". All days and times are UTC; this page is of ");
	pst_html_printf(html, "%s %02d:%02d.",
	    pst_day_text(pst_day_of(request->now_s), day), (int)(second / 3600),
	    (int)(second / 60 % 60));
	pst_html_markup(html, "</footer></body></html>\n");
}

/* Puts the frame around what is in content. */
static struct pst_str
frame(const struct pst_web_request *request, const char *title,
    const struct pst_buf *content, bool has_days)
{
	struct pst_html html;

	pst_html_init(&html, request->arena);
	add_head(&html, request, title);
	pst_html_markup(&html, "<main id=\"main\"><div class=\"heading\">");
	pst_html_element(&html, "h1", "wrap", title);
	if (has_days)
		add_days(&html, request);
	pst_html_markup(&html, "</div>");
	pst_buf_add(&html.buf, pst_buf_slice(content));
	add_foot(&html, request);
	return pst_buf_slice(&html.buf);
}

struct pst_str
pst_web_error_page(
    struct pst_web_request *request, const char *title, const char *sentence)
{
	struct pst_html content;

	pst_html_init(&content, request->arena);
	pst_web_notice(&content, sentence);
	return frame(request, title, &content.buf, false);
}

struct pst_str
pst_web_page(struct pst_web_request *request, unsigned *status)
{
	const struct pst_web_view_info *info = &pst_web_views[request->view];
	const char *title = info->title;
	struct pst_html content;

	pst_html_init(&content, request->arena);
	*status = info->show(request, &content, &title);
	if (!pst_buf_overflowed(&content.buf))
		return frame(request, title, &content.buf, info->has_days);
	*status = 500;
	return pst_web_error_page(request, "Too long",
	    "This page would be too long to show. Choose fewer days, or search "
	    "for less.");
}

void
pst_web_notice(struct pst_html *html, const char *sentence)
{
	pst_html_element(html, "p", "notice", sentence);
}

void
pst_web_table(struct pst_html *html, const char *caption,
    const char *const *columns, size_t count)
{
	/* What scrolls must be reached by keyboard, too. */
	pst_html_markup(html,
	    "<div class=\"table\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"");
	pst_html_text(html, caption);
	pst_html_markup(html, "\"><table>");
	pst_html_element(html, "caption", NULL, caption);
	pst_html_markup(html, "<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		bool number = columns[i][0] == '#';

		if (number)
			pst_html_markup(
			    html, "<th scope=\"col\" class=\"num\">");
		else
			pst_html_markup(html, "<th scope=\"col\">");
		pst_html_text(html, columns[i] + (number ? 1 : 0));
		pst_html_markup(html, "</th>");
	}
	pst_html_markup(html, "</tr></thead><tbody>");
}

void
pst_web_table_end(struct pst_html *html)
{
	pst_html_markup(html, "</tbody></table></div>");
}

void
pst_web_figures(struct pst_html *html)
{
	pst_html_markup(html, "<dl class=\"figures\">");
}

void
pst_web_figure(struct pst_html *html, const char *label, const char *value,
    const char *remark, const char *class)
{
	if (class != NULL)
		pst_buf_printf(&html->buf, "<div class=\"figure %s\">", class);
	else
		pst_html_markup(html, "<div class=\"figure\">");
	pst_html_element(html, "dt", NULL, label);
	pst_html_element(html, "dd", NULL, value);
	if (remark != NULL)
		pst_html_element(html, "dd", "dim", remark);
	pst_html_markup(html, "</div>");
}

void
pst_web_figures_end(struct pst_html *html)
{
	pst_html_markup(html, "</dl>");
}

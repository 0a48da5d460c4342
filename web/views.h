/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_VIEWS_H
#define PST_WEB_VIEWS_H

/*
 * The pages. Each function adds the content of <main>, without the frame
 * (web/page.h), from the store and the daemon. What cannot be read becomes a
 * notice on the page that says what to do; the rest of the page is shown.
 */

#include "web/request.h"

struct pst_web_view_info {
	const char *name;  /* in addresses: "domains" */
	const char *title; /* "From domains" */
	bool in_menu;
	bool has_days; /* it is about the days that were chosen */
	/* Returns the HTTP status: 200; 404 if what was asked for is not
	 * there. *title may be replaced by a closer one. */
	unsigned (*show)(struct pst_web_request *request, struct pst_html *html,
	    const char **title);
};
extern const struct pst_web_view_info pst_web_views[PST_WEB_VIEWS];

unsigned pst_web_show_overview(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_domains(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_domain(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_senders(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_sources(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_recipients(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_rules(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_enforce(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_messages(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_message(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_sent(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_received(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_own(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_own_domain(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_report_sources(
    struct pst_web_request *request, struct pst_html *html, const char **title);
unsigned pst_web_show_health(
    struct pst_web_request *request, struct pst_html *html, const char **title);

#endif

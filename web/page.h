/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_PAGE_H
#define PST_WEB_PAGE_H

/* The frame of every page: head, menu, choice of days, foot. */

#include "web/views.h"

/* Returns the whole page in the request's arena; *status is its HTTP status. */
struct pst_str pst_web_page(struct pst_web_request *request, unsigned *status);

/* The same for an error: a title and a sentence that says what to do. */
struct pst_str pst_web_error_page(
    struct pst_web_request *request, const char *title, const char *sentence);

/* The name of the style sheet, which changes with its content; static. */
const char *pst_web_style_name(void);

/* The icon of all pages: an SVG image. */
extern const char pst_web_icon[];

/* ---- what pages are made of ---- */

/* A paragraph that something could not be read, or that there is nothing. */
void pst_web_notice(struct pst_html *html, const char *sentence);

/* Opens and closes a table that scrolls on a narrow screen; caption is read
 * out, and shown above. Column titles that begin with "#" are of numbers, and
 * have no "#" on the page. */
void pst_web_table(struct pst_html *html, const char *caption,
    const char *const *columns, size_t count);
void pst_web_table_end(struct pst_html *html);

/* A figure of the row of figures at the top of a page: "12 345", "messages". */
void pst_web_figures(struct pst_html *html);
void pst_web_figure(struct pst_html *html, const char *label, const char *value,
    const char *remark, const char *class);
void pst_web_figures_end(struct pst_html *html);

#endif

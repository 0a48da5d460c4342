/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_TALLY_TABLE_H
#define PST_WEB_TALLY_TABLE_H

/* Tables of what was counted, and what the pages of numbers have in common. */

#include "web/page.h"

/* ---- numbers of a row ---- */

uint64_t pst_web_messages(const struct pst_web_row *row);
/* Tagged and quarantined. */
uint64_t pst_web_marked(const struct pst_web_row *row);
/* Accepted only because the rule is not enforced yet. */
uint64_t pst_web_not_enforced(const struct pst_web_row *row);

/* ---- asking ---- */

/*
 * Returns what was counted. NULL after a notice that says why there is nothing,
 * and what to do: the journal is off, the file cannot be read, or there was no
 * mail. key as in struct pst_web_question.
 */
const struct pst_web_table_rows *
pst_web_tally_ask(struct pst_web_request *request, struct pst_html *html,
    enum pst_tally_question question, const char *key);

/* ---- tables ---- */

/* How the rows of a table are put in order: words of the parameter "sort". */
enum pst_web_order {
	PST_WEB_BY_MESSAGES,
	PST_WEB_BY_REFUSED,
	PST_WEB_BY_NOT_ENFORCED,
	PST_WEB_BY_UNALIGNED,
};
#define PST_WEB_ORDERS (PST_WEB_BY_UNALIGNED + 1)
enum pst_web_order pst_web_tally_order(const struct pst_web_request *request);

struct pst_web_tally_view {
	enum pst_tally_question question;
	const char *caption;
	const char *key_title;
	enum pst_web_order order;
	size_t limit; /* rows, at most PST_WEB_KEPT_ROWS */
	bool brief;   /* few columns: for a table beside others */
	bool
	    one_domain; /* the senders of one From domain, which is not shown */
	const char *name; /* only keys that begin or end so; NULL: all */
	bool at_end;      /* name is an end */
};

/* Adds the table. Returns how many rows have that name, shown or not. */
size_t pst_web_tally_table(struct pst_web_request *request,
    struct pst_html *html, const struct pst_web_table_rows *rows,
    const struct pst_web_tally_view *view);

/*
 * A whole page: what the request asks for, a form and links that change it, the
 * table, and how many rows are not on it. The view's order, limit, name and end
 * are the request's.
 */
void pst_web_tally_page(struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_tally_view *view);

/* Adds the key of a row, with a link if there is a page about it, or in words
 * if it is none of the mail's: "-", "other", "*.ORGDOMAIN". */
void pst_web_tally_key(struct pst_web_request *request, struct pst_html *html,
    enum pst_tally_question question, const char *key);

/* Adds how a sender is known: "DKIM example.com". */
void pst_web_tally_via(struct pst_html *html, const char *via);

/* ---- over time ---- */

/*
 * Adds bars of what was done, with the same numbers as a table. rows are in
 * order of time; labels too.
 */
void pst_web_tally_bars(struct pst_html *html, const char *title,
    const struct pst_web_row *rows, const char *const *labels, size_t count);

/* The same for the days of a table. */
void pst_web_tally_days(struct pst_html *html, const char *title,
    const struct pst_web_table_rows *rows);

/* Adds a figure with a number. */
void pst_web_tally_figure(struct pst_html *html, const char *label,
    uint64_t number, const char *remark, const char *class);

#endif

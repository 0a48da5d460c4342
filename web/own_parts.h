/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_OWN_PARTS_H
#define PST_WEB_OWN_PARTS_H

/*
 * What the pages of our own domains have in common. They show the files of
 * survey/review.h: values that are missing are shown as missing, whatever else
 * a file says.
 */

#include "survey/review.h"
#include "web/page.h"
#include "web/view_parts.h"

/* A review that is older is marked: the timer has not done its work. */
#define PST_WEB_OWN_STALE_S (2 * 86400)

/* Texts of files are cut after so many octets. */
#define PST_WEB_OWN_MAX_TEXT 2000

struct pst_web_own {
	struct pst_web_request *request;
	struct pst_html *html;
	const struct pst_json_value *value; /* of the file */
};

/* Return a member of an object: "" and 0 if it is missing. */
const char *
pst_web_own_text(const struct pst_json_value *object, const char *key);
uint64_t
pst_web_own_number(const struct pst_json_value *object, const char *key);

/* Adds <TAG class="CLASS"> with a member that is a text. Class may be NULL. */
void pst_web_own_element(const struct pst_web_own *page, const char *tag,
    const char *class, const char *text);

/* Adds a cell with a number; it is a warning unless it is 0, if class is not
 * NULL. */
void
pst_web_own_count(struct pst_html *html, uint64_t number, const char *class);

/* A word of the advice, as it is shown. */
struct pst_web_own_word {
	const char *name;    /* in files */
	const char *text;    /* on the page */
	const char *class;   /* "badge", "badge warn", ... */
	const char *verdict; /* class of a whole paragraph */
};
/* Returns the verdict of that name; one that is not known has no class. */
struct pst_web_own_word pst_web_own_verdict(const char *name);

/* Adds a mark if something was reviewed long ago. */
void pst_web_own_mark_stale(const struct pst_web_own *page, int64_t made_s);
bool
pst_web_own_is_stale(const struct pst_web_request *request, int64_t made_s);

/* The parts of a domain's page: what was found, the records, the advice. */
void pst_web_own_findings(const struct pst_web_own *page);
void pst_web_own_records(const struct pst_web_own *page);
void pst_web_own_advice(const struct pst_web_own *page);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_VIEW_PARTS_H
#define PST_WEB_VIEW_PARTS_H

/* What several pages need. */

#include "base/macros.h"
#include "store/open.h"
#include "web/views.h"

/* How long one question to a database may take. */
#define PST_WEB_DB_MS 5000

/*
 * Opens what reports are made from, for one page: the caller has set config and
 * clock. False with a sentence in err that says what to do.
 */
bool
pst_web_open_store(struct pst_store *store, struct pst_err *err) PST_MUST_CHECK;

/* Begins a form that asks for a page; it keeps the days. The caller adds the
 * fields and "</form>". */
void pst_web_form(const struct pst_web_request *request, struct pst_html *html,
    enum pst_web_view view);

/* Adds ' value="..."' with what the parameter of that name has. */
void pst_web_form_value(const struct pst_web_request *request,
    struct pst_html *html, const char *name);

/* Adds an <option>. */
void pst_web_option(
    struct pst_html *html, const char *value, const char *title, bool chosen);

/* Returns a sum of the store, whose numbers may be negative if it is damaged. */
uint64_t pst_web_positive(int64_t number);

/* Returns a number as pst_html_number() writes it, in the arena. */
const char *pst_web_number(struct pst_arena *arena, uint64_t number);

/* Adds a time as "2026-11-30 10:15:00". */
void pst_web_time(struct pst_html *html, int64_t seen_s);

#endif

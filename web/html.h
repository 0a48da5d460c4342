/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_HTML_H
#define PST_WEB_HTML_H

/*
 * HTML as text. Markup is written by us, as string literals; every value goes
 * through pst_html_text() or one of its kind, which escapes it. Values may be
 * hostile: octets that are not valid UTF-8, control characters, and characters
 * that change the direction of text are shown as escapes, so no value can
 * break out of its place or look like another one.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

struct pst_html {
	struct pst_arena *arena;
	struct pst_buf buf; /* bounded; pst_buf_overflowed() */
};

void pst_html_init(struct pst_html *html, struct pst_arena *arena);

/* Adds markup; only a string literal compiles. */
#define pst_html_markup(html, literal)                                         \
	pst_html_add_markup((html), "" literal "")
void pst_html_add_markup(struct pst_html *html, const char *markup);

/* Adds text, escaped; NULL adds nothing. pst_html_lines() keeps newlines and
 * tabs. */
void pst_html_text(struct pst_html *html, const char *text);
void pst_html_lines(struct pst_html *html, const char *text); /* for <pre> */
void pst_html_octets(struct pst_html *html, struct pst_str text);
void pst_html_printf(struct pst_html *html, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds <TAG class="CLASS">TEXT</TAG>; tag and class are literals of ours, and
 * class may be NULL. */
void pst_html_element(struct pst_html *html, const char *tag, const char *class,
    const char *text);

/* Adds <a href="HREF">TEXT</a>; only the text if href is NULL (see
 * pst_web_href()). */
void pst_html_link(struct pst_html *html, const char *href, const char *text);

/* Adds a number with thin spaces between thousands: 12 345. */
void pst_html_number(struct pst_html *html, uint64_t number);

/*
 * A share of a whole: "12.3 %"; "–" if the whole is 0. As text, which is not
 * escaped yet and may begin with "<" or ">", in the arena; and added, escaped.
 */
const char *
pst_html_share_text(struct pst_arena *arena, uint64_t part, uint64_t whole);
void pst_html_share(struct pst_html *html, uint64_t part, uint64_t whole);

#endif

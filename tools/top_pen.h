/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_TOP_PEN_H
#define PST_TOOLS_TOP_PEN_H

/* What the sections of the page of `postern top` are written with. */

#include "tools/top_page.h"

/* From here on a line has all columns of a table; below it the main ones. */
#define PST_TOP_WIDE 72
#define PST_TOP_LABEL 11 /* columns of the label before a row */

struct pst_top_frame {
	struct pst_arena *arena; /* of all texts */
	const struct pst_top_view *view;
	struct pst_grid *grid;
};

/* Where the next line of a section goes. */
struct pst_top_pen {
	struct pst_top_frame *page;
	unsigned row, column, width;
	unsigned end; /* lines from here on belong to others */
};

/* Put a text into the current line, from a column of the section on. */
void pst_top_put(const struct pst_top_pen *pen, unsigned column, unsigned width,
    enum pst_ui_tone tone, const char *text);
void pst_top_put_right(const struct pst_top_pen *pen, unsigned column,
    unsigned width, enum pst_ui_tone tone, const char *text);

/* Writes a text over max_rows lines at most, broken at blanks; goes on after
 * them. */
void pst_top_wrap(struct pst_top_pen *pen, enum pst_ui_tone tone,
    const char *text, unsigned max_rows);

/* Return a rate in a second, "-" if none is known; a share of a whole, "-" if
 * that is 0; and a number. */
const char *pst_top_rate(
    struct pst_top_frame *page, const struct pst_top_span *span, uint64_t n);
const char *pst_top_share(struct pst_top_frame *page, uint64_t n, uint64_t all);
const char *pst_top_number(struct pst_top_frame *page, uint64_t n);

/* Returns a number of at most seven characters: 1234567, or 12M. */
const char *pst_top_short(struct pst_top_frame *page, uint64_t n);

/* Return a counter of the daemon's last answer, and for how long a SINCE
 * counter has been set, in words; NULL: it is not. */
uint64_t
pst_top_value(const struct pst_top_frame *page, enum pst_counter counter);
const char *pst_top_since(struct pst_top_frame *page, enum pst_counter counter);

/*
 * Returns the counters that shares and times are computed from: those of the
 * last five minutes or, as long as less than one is known, those since the
 * daemon was started. The word says which.
 */
const struct pst_counters_sum *pst_top_recent(const struct pst_top_frame *page);
const char *pst_top_recent_word(const struct pst_top_frame *page);

struct pst_top_part {
	const char *text;
	enum pst_ui_tone tone;
};

#define PST_TOP_MAX_PARTS 8

struct pst_top_flow {
	struct pst_top_part parts[PST_TOP_MAX_PARTS];
	size_t count;
};

/* Adds a part; what is too many is left out. */
void
pst_top_add(struct pst_top_flow *flow, enum pst_ui_tone tone, const char *text);

/* Writes a label and the parts, as many on a line as fit; goes on after them.
 */
void pst_top_put_flow(struct pst_top_pen *pen, const char *label,
    const struct pst_top_flow *flow);

/* ---- tools/top_lists.c ---- */

/* Writes the From domains that fail and the slow questions, until the end. */
void pst_top_put_lists(const struct pst_top_pen *pen);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_PLOT_H
#define PST_WEB_PLOT_H

/*
 * Plots as inline SVG, without scripts. Colours come from classes of the style
 * sheet, so they follow dark and light. Each plot has a title and a description
 * for those who cannot see it, and the caller puts a table with the same numbers
 * beside it. No text of a plot comes from outside, except labels, which are
 * escaped.
 */

#include "web/html.h"

/* What a colour means, everywhere: the classes c-accept, c-tag and so on. */
enum pst_plot_tone {
	PST_PLOT_ACCEPT,
	PST_PLOT_TAG,
	PST_PLOT_QUARANTINE,
	PST_PLOT_REJECT,
	PST_PLOT_TEMPFAIL,
	PST_PLOT_PASS,
	PST_PLOT_FAIL,
	PST_PLOT_NEUTRAL,
};
#define PST_PLOT_TONES (PST_PLOT_NEUTRAL + 1)

struct pst_plot_series {
	const char *name; /* for the legend */
	enum pst_plot_tone tone;
	const uint64_t *values; /* `columns` of them */
};

/* Stacked bars over time, with axis, grid and legend. */
struct pst_plot_bars {
	const char *title, *description;
	const char *const *labels; /* of the columns, such as "11-24" */
	size_t columns;
	const struct pst_plot_series *series;
	size_t series_count;
};
void pst_plot_bars(struct pst_html *html, const struct pst_plot_bars *plot);

/* A small line for a cell of a table: a trend. */
void pst_plot_spark(struct pst_html *html, const char *description,
    const uint64_t *values, size_t count);

/* A bar for a cell of a table, divided by tones: parts of the whole. */
void pst_plot_split(struct pst_html *html, const char *description,
    const uint64_t parts[PST_PLOT_TONES], uint64_t whole);

#endif

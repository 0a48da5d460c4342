/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/plot.h"

#include <stdio.h>

#include "base/macros.h"

/*
 * Widths are in percent, heights in pixels: a plot becomes narrower without its
 * text becoming smaller. The axis is a picture of its own, of a fixed width.
 */
#define HEIGHT 220
#define TOP 10    /* room above the highest line of the grid */
#define BOTTOM 24 /* room for the labels of the columns */
#define AXIS 48   /* room for the numbers */
#define MAX_LABELS 8
#define MAX_STEPS 4
#define LEAST 1.5 /* pixels of a part that is not 0: it must be seen */

static const char *const tones[PST_PLOT_TONES] = {
    [PST_PLOT_ACCEPT] = "c-accept",
    [PST_PLOT_TAG] = "c-tag",
    [PST_PLOT_QUARANTINE] = "c-quarantine",
    [PST_PLOT_REJECT] = "c-reject",
    [PST_PLOT_TEMPFAIL] = "c-tempfail",
    [PST_PLOT_PASS] = "c-pass",
    [PST_PLOT_FAIL] = "c-fail",
    [PST_PLOT_NEUTRAL] = "c-neutral",
};

static uint64_t
column_sum(const struct pst_plot_bars *plot, size_t column)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < plot->series_count; i++)
		sum += plot->series[i].values[column];
	return sum;
}

/* Returns a step of 1, 2 or 5 times a power of ten; MAX_STEPS of them reach. */
static uint64_t
step_for(uint64_t highest)
{
	static const uint64_t factors[] = {1, 2, 5};
	uint64_t power = 1;

	for (;; power *= 10) {
		for (size_t i = 0; i < PST_COUNT(factors); i++)
			if (highest / MAX_STEPS < factors[i] * power ||
			    highest == MAX_STEPS * factors[i] * power)
				return factors[i] * power;
		if (power > UINT64_MAX / 1000)
			return highest / MAX_STEPS + 1;
	}
}

/* Writes 1200 as "1.2k". */
static void
short_number(uint64_t number, char *text, size_t size)
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	double value = (double)number;
	size_t unit = 0;

	if (number < 1000) {
		(void)snprintf(text, size, "%u", (unsigned)number);
		return;
	}
	for (value /= 1000; value >= 1000 && unit + 1 < sizeof(units); unit++)
		value /= 1000;
	(void)snprintf(text, size, "%.4g%c", value, units[unit]);
}

/* How high the i-th of some steps is, from the top. */
static double
level(unsigned i, unsigned steps)
{
	return HEIGHT - BOTTOM -
	    (double)(HEIGHT - TOP - BOTTOM) * (double)i / (double)steps;
}

static void
add_axis(struct pst_html *html, uint64_t step, unsigned steps)
{
	char text[32];

	pst_buf_printf(&html->buf,
	    "<svg class=\"scale\" width=\"%d\" height=\"%d\" "
	    "aria-hidden=\"true\"><title>Scale</title>",
	    AXIS, HEIGHT);
	for (unsigned i = 0; i <= steps; i++) {
		short_number(step * i, text, sizeof(text));
		pst_buf_printf(&html->buf,
		    "<text class=\"axis\" x=\"%d\" y=\"%.1f\" "
		    "text-anchor=\"end\">%s</text>",
		    AXIS - 8, level(i, steps) + 4, text);
	}
	pst_html_markup(html, "</svg>");
}

static void
add_grid(struct pst_html *html, unsigned steps)
{
	for (unsigned i = 0; i <= steps; i++)
		pst_buf_printf(&html->buf,
		    "<line class=\"grid\" x1=\"0\" x2=\"100%%\" "
		    "y1=\"%.1f\" y2=\"%.1f\"/>",
		    level(i, steps), level(i, steps));
}

/* What is shown when somebody points at a column. */
static void
add_hint(struct pst_html *html, const struct pst_plot_bars *plot, size_t column)
{
	const char *separator = ": ";

	pst_html_markup(html, "<title>");
	pst_html_text(html, plot->labels[column]);
	for (size_t i = 0; i < plot->series_count; i++) {
		if (plot->series[i].values[column] == 0)
			continue;
		pst_html_text(html, separator);
		pst_html_number(html, plot->series[i].values[column]);
		pst_html_markup(html, " ");
		pst_html_text(html, plot->series[i].name);
		separator = ", ";
	}
	pst_html_markup(html, "</title>");
}

static void
add_column(struct pst_html *html, const struct pst_plot_bars *plot,
    size_t column, uint64_t top)
{
	const double room = HEIGHT - TOP - BOTTOM;
	const double width = 100.0 / (double)plot->columns;
	const double left = width * (double)column;
	const double gap = plot->columns > 40 ? 0.1 : 0.18;
	double y = HEIGHT - BOTTOM;

	pst_html_markup(html, "<g>");
	add_hint(html, plot, column);
	/* Empty columns, too, can be pointed at. */
	pst_buf_printf(&html->buf,
	    "<rect class=\"column\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%d\" "
	    "height=\"%.0f\"/>",
	    left, width, TOP, room);
	for (size_t i = 0; i < plot->series_count; i++) {
		const struct pst_plot_series *one = &plot->series[i];
		double height;

		if (one->values[column] == 0)
			continue;
		height = room * (double)one->values[column] / (double)top;
		height = height < LEAST ? LEAST : height;
		y -= height;
		pst_buf_printf(&html->buf,
		    "<rect class=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" "
		    "y=\"%.1f\" height=\"%.1f\"/>",
		    tones[one->tone], left + width * gap / 2, width * (1 - gap),
		    y, height);
	}
	pst_html_markup(html, "</g>");
}

static void
add_labels(struct pst_html *html, const struct pst_plot_bars *plot)
{
	const double width = 100.0 / (double)plot->columns;
	const size_t every = (plot->columns + MAX_LABELS - 1) / MAX_LABELS;

	/* The last column, which is today, always has one. */
	for (size_t i = 0; i < plot->columns; i++) {
		if ((plot->columns - 1 - i) % every != 0)
			continue;
		pst_buf_printf(&html->buf,
		    "<text class=\"axis\" x=\"%.3f%%\" y=\"%d\" "
		    "text-anchor=\"middle\">",
		    width * ((double)i + 0.5), HEIGHT - 6);
		pst_html_text(html, plot->labels[i]);
		pst_html_markup(html, "</text>");
	}
}

static void
add_legend(struct pst_html *html, const struct pst_plot_bars *plot)
{
	pst_html_markup(html, "<ul class=\"legend\">");
	for (size_t i = 0; i < plot->series_count; i++) {
		pst_buf_printf(&html->buf,
		    "<li><span class=\"dot %s\"></span> ",
		    tones[plot->series[i].tone]);
		pst_html_text(html, plot->series[i].name);
		pst_html_markup(html, "</li>");
	}
	pst_html_markup(html, "</ul>");
}

void
pst_plot_bars(struct pst_html *html, const struct pst_plot_bars *plot)
{
	uint64_t highest = 1, step;
	unsigned steps;

	for (size_t i = 0; i < plot->columns; i++)
		if (column_sum(plot, i) > highest)
			highest = column_sum(plot, i);
	step = step_for(highest);
	steps = (unsigned)((highest - 1) / step + 1);
	pst_html_markup(html, "<figure class=\"plot\"><div class=\"bars\">");
	add_axis(html, step, steps);
	pst_buf_printf(&html->buf,
	    "<svg width=\"100%%\" height=\"%d\" role=\"img\"><title>", HEIGHT);
	pst_html_text(html, plot->title);
	pst_html_markup(html, "</title><desc>");
	pst_html_text(html, plot->description);
	pst_html_markup(html, "</desc>");
	add_grid(html, steps);
	for (size_t i = 0; i < plot->columns; i++)
		add_column(html, plot, i, step * steps);
	if (plot->columns > 0)
		add_labels(html, plot);
	pst_html_markup(html, "</svg></div>");
	add_legend(html, plot);
	pst_html_markup(html, "</figure>");
}

void
pst_plot_spark(struct pst_html *html, const char *description,
    const uint64_t *values, size_t count)
{
	uint64_t highest = 1;

	for (size_t i = 0; i < count; i++)
		if (values[i] > highest)
			highest = values[i];
	pst_html_markup(html,
	    "<svg class=\"spark\" width=\"92\" height=\"20\" "
	    "viewBox=\"0 0 92 20\" role=\"img\"><title>");
	pst_html_text(html, description);
	pst_html_markup(html, "</title><polyline points=\"");
	for (size_t i = 0; i < count; i++) {
		double y = 18 - 16 * (double)values[i] / (double)highest;

		/* One value is a level line. */
		if (count == 1)
			pst_buf_printf(&html->buf, "1,%.1f 91,%.1f", y, y);
		else
			pst_buf_printf(&html->buf, "%s%.1f,%.1f",
			    i == 0 ? "" : " ",
			    1 + 90 * (double)i / (double)(count - 1), y);
	}
	pst_html_markup(html, "\"/></svg>");
}

void
pst_plot_split(struct pst_html *html, const char *description,
    const uint64_t parts[PST_PLOT_TONES], uint64_t whole)
{
	double left = 0;

	pst_html_markup(html,
	    "<svg class=\"split\" width=\"120\" height=\"10\" "
	    "viewBox=\"0 0 120 10\" preserveAspectRatio=\"none\" "
	    "role=\"img\"><title>");
	pst_html_text(html, description);
	pst_html_markup(html,
	    "</title><rect class=\"column\" width=\"120\" "
	    "height=\"10\"/>");
	for (size_t i = 0; i < PST_PLOT_TONES && whole > 0; i++) {
		double width = 120.0 * (double)parts[i] / (double)whole;

		if (parts[i] == 0)
			continue;
		width = width < LEAST ? LEAST : width;
		if (left + width > 120)
			left = width > 120 ? 0 : 120 - width;
		pst_buf_printf(&html->buf,
		    "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" "
		    "height=\"10\"/>",
		    tones[i], left, width);
		left += width;
	}
	pst_html_markup(html, "</svg>");
}

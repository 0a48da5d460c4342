/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/top_pen.h"

#include <inttypes.h>
#include <string.h>

void
pst_top_put(const struct pst_top_pen *pen, unsigned column, unsigned width,
    enum pst_ui_tone tone, const char *text)
{
	if (column >= pen->width || pen->row >= pen->end)
		return;
	if (width > pen->width - column)
		width = pen->width - column;
	pst_grid_put(pen->page->grid,
	    (struct pst_grid_place){pen->row, pen->column + column, width},
	    tone, text);
}

void
pst_top_put_right(const struct pst_top_pen *pen, unsigned column,
    unsigned width, enum pst_ui_tone tone, const char *text)
{
	if (column + width > pen->width || pen->row >= pen->end)
		return;
	pst_grid_put_right(pen->page->grid,
	    (struct pst_grid_place){pen->row, pen->column + column, width},
	    tone, text);
}

void
pst_top_wrap(struct pst_top_pen *pen, enum pst_ui_tone tone, const char *text,
    unsigned max_rows)
{
	while (*text != '\0' && max_rows > 0) {
		size_t len = strlen(text), end = len;

		if (len > pen->width && max_rows > 1) {
			for (end = pen->width; end > 0 && text[end] != ' ';)
				end--;
			if (end == 0)
				end = pen->width;
		}
		pst_top_put(pen, 0, pen->width, tone,
		    pst_arena_memdup(pen->page->arena, text, end));
		pen->row++;
		max_rows--;
		text += end;
		text += strspn(text, " ");
	}
}

const char *
pst_top_rate(
    struct pst_top_frame *page, const struct pst_top_span *span, uint64_t n)
{
	double rate = pst_top_span_rate(span, n);

	if (span->seconds <= 0)
		return "-";
	return pst_arena_printf(page->arena, "%.*f",
	    rate < 10       ? 2 :
		rate < 1000 ? 1 :
			      0,
	    rate);
}

const char *
pst_top_share(struct pst_top_frame *page, uint64_t n, uint64_t all)
{
	return all == 0 ? "-" :
			  pst_arena_printf(page->arena, "%.1f %%",
			      (double)n * 100 / (double)all);
}

const char *
pst_top_number(struct pst_top_frame *page, uint64_t n)
{
	return pst_arena_printf(page->arena, "%" PRIu64, n);
}

const char *
pst_top_short(struct pst_top_frame *page, uint64_t n)
{
	if (n < 10000000)
		return pst_top_number(page, n);
	if (n < UINT64_C(100000000000))
		return pst_arena_printf(
		    page->arena, "%" PRIu64 "M", n / 1000000);
	return pst_arena_printf(
	    page->arena, "%" PRIu64 "T", n / UINT64_C(1000000000000));
}

void
pst_top_add(struct pst_top_flow *flow, enum pst_ui_tone tone, const char *text)
{
	if (flow->count < PST_TOP_MAX_PARTS)
		flow->parts[flow->count++] = (struct pst_top_part){text, tone};
}

void
pst_top_put_flow(
    struct pst_top_pen *pen, const char *label, const struct pst_top_flow *flow)
{
	unsigned column = PST_TOP_LABEL;

	pst_top_put(pen, 0, PST_TOP_LABEL, PST_UI_DIM, label);
	for (size_t i = 0; i < flow->count; i++) {
		unsigned len = (unsigned)strlen(flow->parts[i].text);

		if (column > PST_TOP_LABEL && column + len > pen->width) {
			pen->row++;
			column = PST_TOP_LABEL;
		}
		pst_top_put(pen, column, pen->width, flow->parts[i].tone,
		    flow->parts[i].text);
		column += len + 3;
	}
	pen->row++;
}

uint64_t
pst_top_value(const struct pst_top_frame *page, enum pst_counter counter)
{
	return page->view->status->counters.of[counter][0];
}

const char *
pst_top_since(struct pst_top_frame *page, enum pst_counter counter)
{
	uint64_t when = pst_top_value(page, counter);
	uint64_t now = page->view->status->now_epoch;

	if (when == 0)
		return NULL;
	return pst_status_span(page->arena, when < now ? now - when : 0);
}

static bool
knows_little(const struct pst_top_frame *page)
{
	return page->view->five.seconds < 60;
}

const struct pst_counters_sum *
pst_top_recent(const struct pst_top_frame *page)
{
	return knows_little(page) ? &page->view->status->counters :
				    page->view->five.sum;
}

const char *
pst_top_recent_word(const struct pst_top_frame *page)
{
	return knows_little(page) ? "since start" : "5 minutes";
}

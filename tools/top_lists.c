/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/top_pen.h"

#include <string.h>

/*
 * Returns the end of a name that is too long: whoever makes up a name chooses
 * its beginning freely, and the end says whose it is.
 */
static const char *
tail_of(struct pst_top_frame *page, const char *name, unsigned width)
{
	size_t len = strlen(name);

	if (len <= width || width < 5)
		return name;
	return pst_arena_printf(page->arena, "..%s", name + len - (width - 2));
}

static void
put_domains(struct pst_top_pen pen)
{
	struct pst_top_frame *page = pen.page;
	const struct pst_top_view *view = page->view;
	unsigned numbers = pen.width > 16 ? pen.width - 16 : 0;

	pst_top_put(&pen, 0, numbers, PST_UI_DIM, "From domains that fail");
	pst_top_put_right(&pen, numbers, 8, PST_UI_DIM, "failed");
	pst_top_put_right(&pen, numbers + 8, 8, PST_UI_DIM, "refused");
	pen.row++;
	if (view->domain_note != NULL || view->domain_count == 0) {
		pst_top_wrap(&pen, PST_UI_DIM,
		    view->domain_note != NULL ? view->domain_note :
						"none today",
		    pen.row < pen.end ? pen.end - pen.row : 0);
		return;
	}
	for (size_t i = 0; i < view->domain_count && pen.row < pen.end; i++) {
		const struct pst_top_domain *domain = &view->domains[i];

		pst_top_put(&pen, 0, numbers, PST_UI_PLAIN,
		    tail_of(page, domain->name, numbers));
		pst_top_put_right(&pen, numbers, 8, PST_UI_WARN,
		    pst_top_short(page, domain->failed));
		pst_top_put_right(&pen, numbers + 8, 8,
		    domain->refused > 0 ? PST_UI_BAD : PST_UI_DIM,
		    pst_top_short(page, domain->refused));
		pen.row++;
	}
}

static void
put_questions(struct pst_top_pen pen)
{
	struct pst_top_frame *page = pen.page;
	const struct pst_status *status = page->view->status;
	unsigned numbers = pen.width > 26 ? pen.width - 26 : 0;

	pst_top_put(
	    &pen, 0, pen.width, PST_UI_DIM, "Slowest questions, 1 minute");
	pst_top_put_right(
	    &pen, pen.width > 10 ? pen.width - 10 : 0, 10, PST_UI_DIM, "ms");
	pen.row++;
	if (status->slow_question_count == 0)
		pst_top_put(&pen, 0, pen.width, PST_UI_DIM, "none");
	for (size_t i = 0; i < status->slow_question_count && pen.row < pen.end;
	     i++) {
		const struct pst_slow_question *question =
		    &status->slow_questions[i];

		pst_top_put(&pen, 0, numbers, PST_UI_PLAIN,
		    tail_of(page, question->name, numbers));
		pst_top_put(&pen, numbers + 1, 6, PST_UI_DIM, question->type);
		pst_top_put(
		    &pen, numbers + 8, 10, PST_UI_DIM, question->outcome);
		pst_top_put_right(&pen, numbers + 19, 7, PST_UI_WARN,
		    pst_top_short(page, question->ms));
		pen.row++;
	}
}

void
pst_top_put_lists(const struct pst_top_pen *pen)
{
	struct pst_top_pen left = *pen, right = *pen;
	unsigned half = pen->width / 2, used;

	if (pen->width >= PST_TOP_WIDE) {
		left.width = half - 1;
		right.column = half + 1;
		right.width = pen->width - half - 1;
		put_domains(left);
		put_questions(right);
		return;
	}
	used = (unsigned)(pen->page->view->domain_count + 2);
	right.row += used < 10 ? used : 10;
	if (right.row < left.end)
		left.end = right.row;
	put_domains(left);
	put_questions(right);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_TOP_PAGE_H
#define PST_TOOLS_TOP_PAGE_H

/*
 * The page of `postern top`: made for 80 columns and 24 lines, and of use from
 * 40 columns and 10 lines on. It depends on nothing but what it is given.
 */

#include "tools/grid.h"
#include "tools/top_history.h"

/* A From domain of today; its owner did not choose the name: a sender did. */
struct pst_top_domain {
	const char *name; /* escaped */
	uint64_t messages;
	uint64_t failed;  /* no aligned identifier passed */
	uint64_t refused; /* rejected or deferred */
};

struct pst_top_view {
	const struct pst_status *status; /* the last answer; NULL: none yet */
	struct pst_top_span now, minute, five;
	/* Why there was no answer now, for people; NULL: there was one. */
	const char *trouble;
	uint64_t silent_s; /* since the last answer, with trouble */
	bool paused;
	unsigned interval_s;
	/* Those with most failing messages first. */
	const struct pst_top_domain *domains;
	size_t domain_count;
	const char *domain_note; /* why there are none; or NULL */
	bool keys;               /* q and p do something */
};

/* Returns the page, of that size, in the arena. */
struct pst_grid *pst_top_page(struct pst_arena *arena,
    const struct pst_top_view *view, unsigned columns, unsigned rows);

#endif

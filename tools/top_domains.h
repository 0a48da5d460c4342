/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_TOP_DOMAINS_H
#define PST_TOOLS_TOP_DOMAINS_H

/* The From domains of today with most mail that fails, from the tallies. */

#include "tools/top_page.h"

#define PST_TOP_MAX_DOMAINS 50

struct pst_top_domains {
	/* Of the texts and items; NULL before the first time. */
	struct pst_arena *arena;
	struct pst_top_domain *items; /* most failing messages first */
	size_t count;
	const char *note; /* why they could not be read; or NULL */
};

/* Reads them again; what was in *domains before is freed. */
void pst_top_domains_read(struct pst_top_domains *domains, const char *path);

void pst_top_domains_free(struct pst_top_domains *domains);

#endif

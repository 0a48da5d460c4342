/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ADVISE_PAGE_H
#define PST_TOOLS_ADVISE_PAGE_H

/* What `postern advise` prints: a page of at most 80 columns, or lines. */

#include "survey/advise.h"
#include "survey/anomaly.h"

void pst_advise_page(struct pst_arena *arena, const struct pst_advice *advice);

/* Prints one line for each, with the domain in front. */
void
pst_advise_lines(const char *domain, const struct pst_anomalies *anomalies);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CHECK_PAGE_H
#define PST_TOOLS_CHECK_PAGE_H

/* What `postern check` prints for a person. */

#include "survey/survey.h"

/*
 * Prints the survey on standard output, in at most 80 columns apart from the
 * records to publish, which are lines to be copied.
 */
void pst_check_page(struct pst_arena *arena, const struct pst_survey *survey);

#endif

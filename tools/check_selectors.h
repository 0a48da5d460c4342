/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CHECK_SELECTORS_H
#define PST_TOOLS_CHECK_SELECTORS_H

/* Selectors of a domain that were seen in mail. */

#include "config/config.h"
#include "survey/survey.h"

struct pst_check_selectors {
	const char *items[PST_SURVEY_MAX_SELECTORS];
	size_t count;
};

/*
 * Finds the selectors of valid signatures of the domain in the newest messages
 * of the journal whose author is of the domain. A signature that does not verify
 * names whatever its sender likes, so it does not count. Without a journal that
 * can be read there are none, and that is not a failure. The names are in the arena.
 */
void
pst_check_selectors_find(struct pst_arena *arena, struct pst_config *config,
    const char *domain, struct pst_check_selectors *out);

#endif

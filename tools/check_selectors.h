/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CHECK_SELECTORS_H
#define PST_TOOLS_CHECK_SELECTORS_H

/* Selectors of a domain that were seen in mail, or that reports name. */

#include "config/config.h"
#include "survey/survey.h"

/* The names are in the arena of the call. */
struct pst_check_selectors {
	/* First those that were seen, then those that reports name. */
	const char *items[PST_SURVEY_MAX_SELECTORS];
	size_t count, seen_count;
};

/* The journal and the store of reports, open for several domains. */
struct pst_check_selectors_source;

/*
 * Opens what there is, for reading; nothing is created. What cannot be opened
 * has no selectors, and that is not a failure. A shared database that does not
 * answer is given up after its connect_timeout, 10 s by default, twice: once for
 * the journal and once for the reports.
 */
struct pst_check_selectors_source *
pst_check_selectors_open(struct pst_config *config);
/* NULL is allowed. */
void pst_check_selectors_close(struct pst_check_selectors_source *source);

/*
 * Finds the selectors of valid signatures of the domain in the newest messages
 * of the journal whose author is of the domain: a signature that does not verify
 * names whatever its sender likes, so it does not count. Then come those that
 * received reports name (feedback/selectors.h), which are claims; this waits for
 * 5 s at most. A source of NULL has none.
 */
void pst_check_selectors_find(const struct pst_check_selectors_source *source,
    struct pst_arena *arena, const char *domain,
    struct pst_check_selectors *out);

#endif

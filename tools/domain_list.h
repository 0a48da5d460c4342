/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_DOMAIN_LIST_H
#define PST_TOOLS_DOMAIN_LIST_H

/*
 * The domains that a command is about: those of its command line, or those of
 * own-domains. If one is wrong, a function prints one sentence on standard error
 * and returns false.
 */

#include "config/config.h"

#define PST_DOMAIN_LIST_MAX 1000

struct pst_domain_list {
	struct pst_arena *arena;
	const char *command;                    /* for sentences */
	const char *names[PST_DOMAIN_LIST_MAX]; /* in normal form, each once */
	size_t count;
};

/* Adds a domain of at least two labels. */
bool pst_domain_list_add(struct pst_domain_list *list, const char *text);

/*
 * Adds the domains of the configuration (survey/review.h). If the list is empty
 * after that, the sentence has what follows from it, such as "nothing was
 * checked".
 */
bool pst_domain_list_add_own(struct pst_domain_list *list,
    const struct pst_config *config, const char *consequence);

#endif

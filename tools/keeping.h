/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_KEEPING_H
#define PST_TOOLS_KEEPING_H

/* --keep: what a command finds of our own domains stays for postern-web. */

#include "survey/review.h"
#include "tools/domain_list.h"

struct pst_keeping {
	const char *command; /* for sentences */
	enum pst_review_part part;
	const char *dir; /* pst_review_dir(); NULL: nothing is kept */
	bool failed;     /* something could not be kept, as a sentence said */
};

/* Keeps what was found of one domain. */
void pst_keeping_put(struct pst_keeping *keeping, struct pst_arena *arena,
    const char *domain, const struct pst_review_texts *texts);

/* Removes what was kept of domains that are not in the list. */
void pst_keeping_forget_others(
    struct pst_keeping *keeping, struct pst_domain_list *list);

#endif

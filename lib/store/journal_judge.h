/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_JUDGE_H
#define PST_STORE_JOURNAL_JUDGE_H

/* Forgetting in one unit: what pst_journal_rewrite() asks about each entry. */

#include "store/journal_search.h"
#include "store/journal_unit.h"

/* Set the first three; the rest begins with all zero. */
struct pst_journal_judging {
	struct pst_journal_judge judge;
	const unsigned char *secret;
	struct pst_journal_hashes hashes; /* one; of the entries to be judged */
	uint64_t count;                   /* entries changed or deleted */
	struct pst_journal_unit old;      /* what is judged */
	struct pst_journal_unit fresh;    /* what it becomes */
	bool changed;                     /* fresh differs from old */
};

/* Makes the fresh unit of the old one. */
void pst_journal_judge_unit(struct pst_journal_judging *work, int64_t stream);

void pst_journal_judging_free(struct pst_journal_judging *work);

#endif

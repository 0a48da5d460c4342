/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_FORGET_H
#define PST_STORE_JOURNAL_FORGET_H

/*
 * Takes a recipient's address out of a journal: an entry that has other
 * recipients, too, loses this one, and an entry that has no other is deleted, as
 * is one that cannot be read. What was there is overwritten
 * (pst_journal_rewrite()).
 */

#include "config/config.h"
#include "store/journal_search.h"

/* Begin with all zero, except for config. */
struct pst_journal_forgetting {
	struct pst_config *config;
	struct pst_journal_key key; /* of kind PST_JOURNAL_RCPT */
	struct pst_arena *arena;    /* private: of the last entry */
	uint64_t changed, deleted;  /* entries so far */
};

/* For pst_journal_rewrite(), and for what does the same elsewhere. */
struct pst_journal_judge
pst_journal_forget_begin(struct pst_journal_forgetting *forgetting);
void pst_journal_forget_end(struct pst_journal_forgetting *forgetting);

#endif

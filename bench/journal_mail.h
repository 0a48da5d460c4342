/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BENCH_JOURNAL_MAIL_H
#define PST_BENCH_JOURNAL_MAIL_H

/*
 * Entries of a journal as a large gateway would write them: 20,000 From domains
 * of which few have most of the mail, each with DNS records of its own, random
 * queue ids, Message-IDs, clients and local parts. The same number gives the
 * same entry.
 */

#include "store/journal.h"

#define MAIL_DOMAINS 20000
#define MAIL_KEYS 6

struct mail {
	char octets[8192];
	char texts[MAIL_KEYS][128];
	struct pst_journal_key keys[MAIL_KEYS];
	struct pst_journal_entry entry;
};

void mail_make(struct mail *mail, uint64_t number, int64_t seen_s);

/* The queue id of that entry. */
const char *mail_queue_id(uint64_t number, char text[96]);

#endif

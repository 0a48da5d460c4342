/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_JOURNAL_FIXTURE_H
#define PST_TESTS_JOURNAL_FIXTURE_H

/* A journal in the directory of store_set_up(), and entries to add to it. */

#include "store/journal_search.h"

#define JOURNAL_NOW 1795400000 /* the time of entry 0; each is a second later */

/* Opens "DIRECTORY/journal" to write, or fails the test; or one of that name. */
struct pst_journal *journal_open(void);
struct pst_journal *journal_open_as(const char *name);

/*
 * Returns an entry of the given length whose octets are random but begin with
 * "entry NUMBER ". Its keys are the queue id "qNUMBER", the domain
 * "dN.example" (N is number % 10) and "user@all.example" for the recipient. The
 * result lives until the call after the next 4096.
 */
struct pst_journal_entry journal_entry(unsigned number, size_t len);

/* Adds entries first to first + count - 1 of that stream, 100 at a time. */
void journal_fill(struct pst_journal *journal, enum pst_journal_stream stream,
    unsigned first, unsigned count, size_t len);

/* Returns the key of a queue id "qNUMBER", in a static buffer. */
struct pst_journal_key journal_queue_id(unsigned number);

/* What a search found: how many, and the numbers of the first of them. */
struct journal_found {
	unsigned count;
	unsigned numbers[16];
	unsigned stop_after; /* 0: never */
	uint64_t damaged;
};
void journal_search(struct pst_journal *journal,
    const struct pst_journal_query *query, struct journal_found *out);

/* How many entries a key finds. */
unsigned
journal_count(struct pst_journal *journal, const struct pst_journal_key *key);

/* Whether octets occur in a file of the directory ("journal", ...). */
bool journal_file_has(const char *name, const char *text);

#endif

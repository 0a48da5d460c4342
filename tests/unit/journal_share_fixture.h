/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_JOURNAL_SHARE_FIXTURE_H
#define PST_TESTS_JOURNAL_SHARE_FIXTURE_H

/*
 * Journals of gateways and the database that they share: the file "shared", or
 * the server that POSTERN_TEST_POSTGRES names.
 */

#include "store/journal_share.h"
#include "tests/unit/journal_fixture.h"

/* Entries of 16,000 octets: 17 make a block, 1088 a part of 64 blocks. */
#define SHARE_LEN 16000
#define SHARE_IN_BLOCK 17
#define SHARE_IN_PART (64 * SHARE_IN_BLOCK)

/* The database, without tables of journals at the beginning of each test. */
extern struct pst_db *share_db;
int share_set_up(void **state);
int share_tear_down(void **state);

/* A gateway whose journal is "DIRECTORY/NAME", open to write. */
struct share_gateway {
	const char *name;
	struct pst_journal *journal;
	char path[256];
	struct pst_journal_share share;
};
void share_open(struct share_gateway *gateway, const char *name);
void share_close(struct share_gateway *gateway);

/* A turn, which is due; it copies all, or fails the test. */
void share_turn(struct share_gateway *gateway);

/* A turn that must fail; returns the sentence, in a static buffer. */
const char *share_turn_fails(struct share_gateway *gateway);

/* What a search found: as struct journal_found, and the name of each gateway. */
struct share_found {
	unsigned count;
	unsigned numbers[16];
	char gateways[16][16];
	uint64_t damaged;
	unsigned stop_after; /* 0: never */
};
void share_search(
    const struct pst_journal_share_query *query, struct share_found *out);

/* How many entries there are, and how many have that key. */
unsigned share_total(void);
unsigned share_count(const struct pst_journal_key *key);

/*
 * Asserts that each entry is found once by its queue id, of those from first
 * to first + count - 1, each `step`th.
 */
void share_assert_each(unsigned first, unsigned count, unsigned step);

#endif

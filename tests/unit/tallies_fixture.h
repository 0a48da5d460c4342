/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_TALLIES_FIXTURE_H
#define PST_TESTS_TALLIES_FIXTURE_H

/* Messages to count, and the answers to questions. */

#include "store/tallies.h"
#include "tests/unit/store_fixture.h"

/*
 * Returns the summary of a message on STORE_DAY + day, from 192.0.2.1, that was
 * accepted and would be refused unless it is aligned. The texts are borrowed.
 */
struct pst_summary
tallies_summary(const char *from, const char *org, bool aligned, int64_t day);

struct tallies_row {
	char key[512];
	int64_t day; /* after STORE_DAY */
	unsigned days;
	uint64_t messages, would_refuse, aligned;
	unsigned networks;
};

#define TALLIES_ROWS 20000
struct tallies_answer {
	struct tallies_row rows[TALLIES_ROWS];
	size_t count;
	uint64_t messages; /* of all rows */
};

/* Asks the file of that name about all days, or fails the test. Static. */
const struct tallies_answer *
tallies_ask(const char *name, enum pst_tally_question question, bool by_day);

/* Asks with a query. */
const struct tallies_answer *
tallies_ask_as(const char *name, const struct pst_tally_query *query);

/* The messages of a key; 0: it has no row. */
uint64_t tallies_messages(const struct tallies_answer *answer, const char *key);

#endif

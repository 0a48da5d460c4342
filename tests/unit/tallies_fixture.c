/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tallies_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/day.h"

struct pst_summary
tallies_summary(const char *from, const char *org, bool aligned, int64_t day)
{
	return (struct pst_summary){
	    .seen_s = pst_day_begin(STORE_DAY + day) + 3600 * 13,
	    .done = PST_ACTION_ACCEPT,
	    .would = aligned ? PST_ACTION_ACCEPT : PST_ACTION_REJECT,
	    .from_domain = from,
	    .org_domain = org,
	    .via = "net:192.0.2.0/24",
	    .network = "192.0.2.0/24",
	    .aligned = aligned,
	    .rule = aligned ? "default" : "dmarc-reject",
	    .reason = aligned ? "dmarc pass" : "dmarc p=reject",
	    .rcpt_domains = {"customer.example"},
	    .rcpt_count = 1,
	};
}

static bool
visit(void *arg, const struct pst_tally_row *row, unsigned days)
{
	struct tallies_answer *answer = arg;
	struct tallies_row *to = &answer->rows[answer->count];

	assert_true(answer->count < TALLIES_ROWS);
	answer->count++;
	(void)snprintf(to->key, sizeof(to->key), "%s", row->key);
	to->day = row->day - STORE_DAY;
	to->days = days;
	to->messages = 0;
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		to->messages += row->done[i];
	to->would_refuse = row->would[PST_ACTION_REJECT];
	to->aligned = row->aligned;
	to->networks = pst_tally_networks(row->networks);
	answer->messages += to->messages;
	return true;
}

const struct tallies_answer *
tallies_ask_as(const char *name, const struct pst_tally_query *query)
{
	static struct tallies_answer answer;
	struct pst_err err = {""};

	answer.count = 0;
	answer.messages = 0;
	if (!pst_tallies_ask(store_path(name), query,
		(struct pst_tally_visitor){visit, &answer}, &err))
		fail_msg("%s", err.text);
	return &answer;
}

const struct tallies_answer *
tallies_ask(const char *name, enum pst_tally_question question, bool by_day)
{
	return tallies_ask_as(name,
	    &(struct pst_tally_query){.question = question,
		.first_day = 0,
		.last_day = STORE_DAY + 10000,
		.by_day = by_day});
}

uint64_t
tallies_messages(const struct tallies_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->count; i++) {
		if (strcmp(answer->rows[i].key, key) == 0)
			return answer->rows[i].messages;
	}
	return 0;
}

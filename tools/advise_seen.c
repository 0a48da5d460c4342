/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/advise_seen.h"

#include "base/day.h"
#include "core/alignment.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journals.h"
#include "store/tallies.h"

#define MAX_MESSAGES 5000 /* of the journal that are read */

struct seen {
	struct pst_advise *advise;
	const char *domain;
	size_t messages;
};

static bool
take_message(void *arg, const struct pst_journals_found *found)
{
	struct seen *seen = arg;
	const struct pst_message *message = &found->recorded->message;

	/* a message of `postern send` proves nothing */
	if (!message->is_test)
		pst_advise_seen(seen->advise, &message->client, found->seen_s,
		    pst_alignment_of(&message->findings));
	return ++seen->messages < MAX_MESSAGES;
}

static void
read_journal(struct pst_arena *arena, struct pst_config *config,
    const struct pst_advise_input *input, struct seen *seen)
{
	struct pst_journal_key key;
	struct pst_journal_query query = {.keys = &key,
	    .key_count = 1,
	    .since_s = input->now_s - (int64_t)input->days * PST_DAY_SECONDS};
	struct pst_journals_visitor visitor = {take_message, seen};
	struct pst_journals *journals;
	uint64_t unreadable = 0;
	const char *note;
	struct pst_err err;

	if (!pst_journal_key_parse(
		arena, PST_JOURNAL_FROM_DOMAIN, input->domain, &key, &err))
		return;
	journals = pst_journals_open(arena, config, &note, &err);
	if (journals == NULL)
		return;
	/* what was read until a failure counts */
	if (!pst_journals_search(journals, &query, visitor, &unreadable, &err))
		seen->messages = 0;
	pst_journals_close(journals);
}

static bool
take_tally(void *arg, const struct pst_tally_row *row, unsigned days)
{
	struct seen *seen = arg;
	uint64_t messages = 0;

	(void)days;
	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		messages += row->done[i];
	pst_advise_tally(seen->advise, messages, row->aligned);
	return true;
}

void
pst_advise_read_seen(struct pst_arena *arena, struct pst_config *config,
    const struct pst_advise_input *input, struct pst_advise *advise)
{
	struct seen seen = {.advise = advise, .domain = input->domain};
	struct pst_tally_query query = {.question = PST_TALLY_SENDER,
	    .first_day = pst_day_of(input->now_s) - (int64_t)input->days,
	    .last_day = pst_day_of(input->now_s),
	    .key_prefix = pst_arena_printf(arena, "%s ", input->domain)};
	struct pst_tally_visitor visitor = {take_tally, &seen};
	struct pst_err err;

	read_journal(arena, config, input, &seen);
	/* there may be no file of tallies: then this adds nothing */
	(void)!pst_tallies_ask(
	    pst_tallies_path(arena, pst_journal_path(arena, config)), &query,
	    visitor, &err);
}

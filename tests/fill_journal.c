/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays cases and writes what became of them into a journal, for
 * tests/run-explain:
 *
 *	fill_journal JOURNAL CASE...
 *
 * A CASE is the name of a file in tests/cases without its ending. The first
 * message has the queue id "4FA43A8A301", the next one "4FA43A8A302" and so on;
 * each comes a minute later, unless the case names its own time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/journal_entry.h"
#include "tests/unit/case_fixture.h"

#define BEGIN 1795400000
#define PATIENCE_MS 5000

static _Noreturn void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "fill_journal: %s: %s\n", what, why);
	exit(1);
}

static struct scenario *
find(struct scenario *all, size_t count, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++) {
		if (strncmp(all[i].name, name, len) == 0 &&
		    strcmp(all[i].name + len, ".case") == 0)
			return &all[i];
	}
	give_up(name, "there is no such case");
}

static void
add(struct pst_journal *journal, struct scenario *one, int number)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_journal_entry entry;
	struct pst_message message;
	struct played played;
	struct pst_err err;

	if (one->now_epoch == 0)
		one->now_epoch = BEGIN + 60 * number;
	case_play(arena, one, &played);
	message = *played.message;
	message.queue_id =
	    pst_arena_printf(arena, "4FA43A8A%03X", 0x300 + number);
	if (!pst_journal_entry_make(arena, &message, &entry))
		give_up(one->name, "it would not be kept");
	if (!pst_journal_add(journal, &entry, 1, &err))
		give_up(one->name, err.text);
	pst_arena_free(arena);
	case_end(&played);
}

int
main(int argc, char **argv)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_journal *journal;
	struct scenario *all;
	struct pst_err err;
	size_t count;

	if (argc < 3)
		give_up("usage", "fill_journal JOURNAL CASE...");
	all = case_read_all(arena, &count);
	journal =
	    pst_journal_open(argv[1], PST_JOURNAL_WRITE, PATIENCE_MS, &err);
	if (journal == NULL)
		give_up(argv[1], err.text);
	for (int i = 2; i < argc; i++)
		add(journal, find(all, count, argv[i]), i - 1);
	pst_journal_close(journal);
	pst_arena_free(arena);
	return 0;
}

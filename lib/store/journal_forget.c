/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_forget.h"

#include "core/recorded.h"
#include "store/journal_entry.h"

/* Keeps the recipients that are somebody else; returns how many were removed. */
static size_t
remove_rcpt(struct pst_arena *arena, struct pst_message *message,
    const struct pst_journal_key *key)
{
	struct pst_rcpts *rcpts = &message->rcpts;
	size_t kept = 0;
	size_t removed;

	for (size_t i = 0; i < rcpts->count; i++) {
		if (pst_journal_key_is_rcpt(arena, key, rcpts->items[i]))
			continue;
		if (rcpts->as != NULL)
			rcpts->as[kept] = rcpts->as[i];
		rcpts->items[kept++] = rcpts->items[i];
	}
	removed = rcpts->count - kept;
	rcpts->count = kept;
	message->rcpt = kept == 0 ? PST_STR("") : rcpts->items[0];
	return removed;
}

static enum pst_journal_fate
judge(void *arg, struct pst_journal_entry *entry)
{
	struct pst_journal_forgetting *forgetting = arg;
	struct pst_recorded recorded;
	struct pst_err err;

	pst_arena_free(forgetting->arena);
	forgetting->arena = pst_arena_new();
	if (!pst_recorded_read(forgetting->arena, entry->octets,
		forgetting->config, &recorded, &err)) {
		forgetting->deleted++;
		return PST_JOURNAL_DROP;
	}
	if (remove_rcpt(
		forgetting->arena, &recorded.message, &forgetting->key) == 0)
		return PST_JOURNAL_KEEP;
	if (recorded.message.rcpts.count == 0) {
		forgetting->deleted++;
		return PST_JOURNAL_DROP;
	}
	forgetting->changed++;
	pst_journal_entry_make_again(forgetting->arena, &recorded, entry);
	return PST_JOURNAL_CHANGED;
}

struct pst_journal_judge
pst_journal_forget_begin(struct pst_journal_forgetting *forgetting)
{
	return (struct pst_journal_judge){judge, forgetting};
}

void
pst_journal_forget_end(struct pst_journal_forgetting *forgetting)
{
	pst_arena_free(forgetting->arena);
	forgetting->arena = NULL;
}

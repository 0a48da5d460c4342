/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journal_share_scan.h"
#include "store/open.h"

/* While the daemon has the file locked. */
#define PATIENCE_MS 5000

struct pst_journals {
	struct pst_config *config; /* a reference */
	struct pst_journal *own;   /* NULL: it cannot be read */
	struct pst_store shared;   /* db is NULL without a shared database */
};

struct pst_journal *
pst_journals_open_own(struct pst_arena *arena, const struct pst_config *config,
    struct pst_err *err)
{
	const char *path = pst_journal_path(arena, config);

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return pst_journal_open(
		    path, PST_JOURNAL_READ, PATIENCE_MS, err);
	if (config->journal.keep == PST_KEPT_NONE)
		(void)pst_err_set(err,
		    "the journal is switched off (journal.keep = none), so "
		    "nothing is remembered of any message; set journal.keep = "
		    "all and reload");
	else
		(void)pst_err_set(err,
		    "there is no journal at %s yet: the daemon makes it with "
		    "the first message; if it has handled mail, compare its "
		    "configuration with the one that this command reads "
		    "(--config)",
		    path);
	return NULL;
}

/* Returns a sentence if the shared database cannot be searched, else NULL. */
static const char *
open_shared(struct pst_arena *arena, struct pst_journals *journals)
{
	struct pst_err err;

	journals->shared = (struct pst_store){
	    .config = journals->config, .clock = &pst_clock_system};
	if (!pst_store_has_shared(journals->config) ||
	    pst_store_open(&journals->shared, PST_STORE_READ, &err))
		return NULL;
	return pst_arena_printf(arena,
	    "messages of other gateways are not searched, because the shared "
	    "database cannot be read: %s",
	    err.text);
}

struct pst_journals *
pst_journals_open(struct pst_arena *arena, struct pst_config *config,
    const char **note, struct pst_err *err)
{
	struct pst_journals *journals = calloc(1, sizeof(*journals));

	if (journals == NULL)
		abort();
	journals->config = pst_config_ref(config);
	journals->own = pst_journals_open_own(arena, config, err);
	*note = open_shared(arena, journals);
	if (journals->own != NULL)
		return journals;
	if (journals->shared.db != NULL) {
		*note = pst_arena_strdup(arena, err->text);
		return journals;
	}
	pst_journals_close(journals);
	return NULL;
}

void
pst_journals_close(struct pst_journals *journals)
{
	if (journals == NULL)
		return;
	pst_journal_close(journals->own);
	pst_store_close(&journals->shared);
	pst_config_unref(journals->config);
	free(journals);
}

/* ---- searching ---- */

struct search {
	struct pst_journals *journals;
	const struct pst_journal_query *query;
	struct pst_journals_visitor visitor;
	struct pst_journal_share_scan *others; /* NULL: there are none */
	struct pst_err *err;
	uint64_t unreadable;
	bool failed; /* of the others; err says why */
	bool ended;  /* by the visitor */
};

/* A hash may be equal by chance. */
static bool
is_meant(struct pst_arena *arena, const struct pst_journal_query *query,
    const struct pst_recorded *recorded)
{
	for (size_t i = 0; i < query->key_count; i++)
		if (!pst_journal_entry_has(arena, recorded, &query->keys[i]))
			return false;
	return true;
}

/* Shows an entry, if it can be read and is meant. */
static void
show(struct search *search, struct pst_journals_found found,
    struct pst_str octets)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_recorded recorded;
	struct pst_err err;

	found.recorded = &recorded;
	if (!pst_recorded_read(
		arena, octets, search->journals->config, &recorded, &err))
		search->unreadable++;
	else if (is_meant(arena, search->query, &recorded))
		search->ended =
		    !search->visitor.visit(search->visitor.arg, &found);
	pst_arena_free(arena);
}

/* Whether an entry of another gateway comes before that second of ours. */
static bool
is_before(const struct search *search, const struct pst_journal_shared *entry,
    int64_t seen_s)
{
	return search->query->oldest_first ? entry->seen_s < seen_s :
					     entry->seen_s > seen_s;
}

/* Shows those of other gateways that come before; all, if own_s is NULL. */
static void
show_others(struct search *search, const int64_t *own_s)
{
	const struct pst_journal_shared *entry;

	while (search->others != NULL && !search->ended && !search->failed) {
		entry = pst_journal_share_scan_entry(search->others);
		if (entry == NULL ||
		    (own_s != NULL && !is_before(search, entry, *own_s)))
			return;
		show(search,
		    (struct pst_journals_found){.stream = entry->stream,
			.seen_s = entry->seen_s,
			.gateway = entry->gateway},
		    entry->octets);
		search->failed =
		    !pst_journal_share_scan_next(search->others, search->err);
	}
}

static bool
show_own(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	struct search *search = arg;

	show_others(search, &seen_s);
	if (!search->ended && !search->failed)
		show(search,
		    (struct pst_journals_found){
			.stream = stream, .seen_s = seen_s},
		    octets);
	return !search->ended && !search->failed;
}

/* What this gateway has copied is searched in its own file only. */
static bool
begin_others(struct search *search)
{
	const struct pst_journal_share_query query = {
	    search->query, search->journals->own};

	if (search->journals->shared.db == NULL)
		return true;
	search->others = pst_journal_share_scan_begin(
	    search->journals->shared.db, &query, search->err);
	return search->others != NULL &&
	    pst_journal_share_scan_next(search->others, search->err);
}

bool
pst_journals_search(struct pst_journals *journals,
    const struct pst_journal_query *query, struct pst_journals_visitor visitor,
    uint64_t *unreadable, struct pst_err *err)
{
	struct search search = {.journals = journals,
	    .query = query,
	    .visitor = visitor,
	    .err = err};
	uint64_t damaged = 0;
	bool ok = begin_others(&search);

	if (ok && journals->own != NULL)
		ok = pst_journal_search(journals->own, query,
		    (struct pst_journal_visitor){show_own, &search}, &damaged,
		    err);
	if (ok)
		show_others(&search, NULL);
	if (search.others != NULL)
		damaged += pst_journal_share_scan_damaged(search.others);
	pst_journal_share_scan_end(search.others);
	*unreadable = search.unreadable + damaged;
	return ok && !search.failed;
}

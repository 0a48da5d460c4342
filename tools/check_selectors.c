/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/check_selectors.h"

#include "base/domain.h"
#include "store/journal_entry.h"
#include "store/journals.h"
#include "store/open.h"
#include "store/query_sources.h"

#define MAX_MESSAGES 500 /* that are read */
#define LIMIT_MS 5000    /* for the selection of one domain */

struct hunt {
	struct pst_arena *arena;
	const char *domain;
	struct pst_check_selectors *out;
	size_t messages;
};

static void
add(struct hunt *hunt, const char *selector)
{
	struct pst_check_selectors *out = hunt->out;

	for (size_t i = 0; i < out->count; i++)
		if (pst_str_ieq(pst_str(out->items[i]), pst_str(selector)))
			return;
	if (out->count < PST_SURVEY_MAX_SELECTORS)
		out->items[out->count++] =
		    pst_arena_strdup(hunt->arena, selector);
}

static bool
take(void *arg, const struct pst_journals_found *found)
{
	struct hunt *hunt = arg;
	const struct pst_dkim *dkim = &found->recorded->message.findings.dkim;

	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->result == PST_RESULT_PASS && sig->domain != NULL &&
		    sig->selector != NULL &&
		    pst_domain_eq(sig->domain, hunt->domain))
			add(hunt, sig->selector);
	}
	return ++hunt->messages < MAX_MESSAGES;
}

/* ---- the sources ---- */

struct pst_check_selectors_source {
	struct pst_arena *arena;
	struct pst_journals *journals; /* NULL: none can be read */
	struct pst_store reports;      /* db is NULL if it cannot be read */
};

struct pst_check_selectors_source *
pst_check_selectors_open(struct pst_config *config)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_check_selectors_source *source =
	    pst_arena_alloc(arena, sizeof(*source));
	const char *note;
	struct pst_err err;

	source->arena = arena;
	source->journals = pst_journals_open(arena, config, &note, &err);
	source->reports =
	    (struct pst_store){.config = config, .clock = &pst_clock_system};
	if (pst_store_open(&source->reports, PST_STORE_READ, &err) &&
	    !pst_db_limit(source->reports.db, LIMIT_MS, &err))
		pst_store_close(&source->reports);
	return source;
}

void
pst_check_selectors_close(struct pst_check_selectors_source *source)
{
	if (source == NULL)
		return;
	pst_journals_close(source->journals);
	pst_store_close(&source->reports);
	pst_arena_free(source->arena);
}

static void
find_in_mail(struct pst_journals *journals, struct hunt *hunt)
{
	struct pst_journal_key key;
	struct pst_journal_query query = {.keys = &key, .key_count = 1};
	struct pst_journals_visitor visitor = {take, hunt};
	uint64_t unreadable = 0;
	struct pst_err err;

	if (pst_journal_key_parse(hunt->arena, PST_JOURNAL_FROM_DOMAIN,
		hunt->domain, &key, &err) &&
	    !pst_journals_search(journals, &query, visitor, &unreadable, &err))
		hunt->out->count = 0;
}

static void
find_in_reports(struct pst_db *db, struct hunt *hunt)
{
	struct pst_query_selectors found;

	if (!pst_query_selectors(db, hunt->arena, hunt->domain, &found, NULL))
		return;
	for (size_t i = 0; i < found.count; i++)
		add(hunt, found.items[i]);
}

void
pst_check_selectors_find(const struct pst_check_selectors_source *source,
    struct pst_arena *arena, const char *domain,
    struct pst_check_selectors *out)
{
	struct hunt hunt = {.arena = arena, .domain = domain, .out = out};

	*out = (struct pst_check_selectors){.count = 0};
	if (source == NULL)
		return;
	if (source->journals != NULL)
		find_in_mail(source->journals, &hunt);
	out->seen_count = out->count;
	if (source->reports.db != NULL)
		find_in_reports(source->reports.db, &hunt);
}

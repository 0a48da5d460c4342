/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/check_selectors.h"

#include "base/domain.h"
#include "store/journal_entry.h"
#include "store/journals.h"

#define MAX_MESSAGES 500 /* that are read */

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
		if (strcmp(out->items[i], selector) == 0)
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

void
pst_check_selectors_find(struct pst_arena *arena, struct pst_config *config,
    const char *domain, struct pst_check_selectors *out)
{
	struct hunt hunt = {.arena = arena, .domain = domain, .out = out};
	struct pst_journal_key key;
	struct pst_journal_query query = {.keys = &key, .key_count = 1};
	struct pst_journals_visitor visitor = {take, &hunt};
	struct pst_journals *journals;
	uint64_t unreadable = 0;
	const char *note;
	struct pst_err err;

	*out = (struct pst_check_selectors){0};
	if (!pst_journal_key_parse(
		arena, PST_JOURNAL_FROM_DOMAIN, domain, &key, &err))
		return;
	journals = pst_journals_open(arena, config, &note, &err);
	if (journals == NULL)
		return;
	if (!pst_journals_search(journals, &query, visitor, &unreadable, &err))
		out->count = 0;
	pst_journals_close(journals);
}

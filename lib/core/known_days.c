/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/indirect.h"

#include <string.h>

/* Domains of one message that are noted; its signatures may have more. */
#define MAX_NOTED 32

/* A memory at the time of one message. */
struct knowing {
	struct pst_known_days known;
	struct pst_memory *memory;
	int64_t now_epoch;
};

static unsigned
earlier_days(void *arg, const char *domain)
{
	const struct knowing *knowing = arg;

	return pst_memory_earlier_days(
	    knowing->memory, domain, knowing->now_epoch);
}

const struct pst_known_days *
pst_known_days_of(
    struct pst_arena *arena, struct pst_memory *memory, int64_t now_epoch)
{
	struct knowing *knowing;

	if (pst_memory_is_young(memory, now_epoch))
		return NULL;
	knowing = pst_arena_alloc(arena, sizeof(*knowing));
	*knowing = (struct knowing){{earlier_days, knowing}, memory, now_epoch};
	return &knowing->known;
}

/* ---- noting the answers ---- */

struct noting {
	struct pst_known_days known;
	const struct pst_known_days *base;
	struct pst_arena *arena;
	struct pst_findings *findings;
	bool is_done;
};

static const struct pst_known_domain *
find(const struct pst_findings *findings, const char *domain)
{
	for (size_t i = 0; i < findings->known_count; i++)
		if (strcmp(findings->known[i].domain, domain) == 0)
			return &findings->known[i];
	return NULL;
}

static void
note_one(const struct noting *noting, const char *domain,
    struct pst_known_domain *items)
{
	struct pst_findings *findings = noting->findings;

	findings->known = items;
	if (domain == NULL || findings->known_count == MAX_NOTED ||
	    find(findings, domain) != NULL)
		return;
	items[findings->known_count++] = (struct pst_known_domain){
	    domain, noting->base->call(noting->base->arg, domain)};
}

static void
note_all(struct noting *noting)
{
	const struct pst_findings *findings = noting->findings;
	const struct pst_dkim *dkim = &findings->dkim;
	size_t most = dkim->count + 1 < MAX_NOTED ? dkim->count + 1 : MAX_NOTED;
	struct pst_known_domain *items;

	if (noting->is_done)
		return;
	noting->is_done = true;
	items = pst_arena_array(noting->arena, most, sizeof(*items));
	if (findings->spf.result == PST_RESULT_PASS)
		note_one(noting, findings->spf.domain, items);
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->sigs[i].result == PST_RESULT_PASS)
			note_one(noting, dkim->sigs[i].domain, items);
}

static unsigned
ask_and_note(void *arg, const char *domain)
{
	struct noting *noting = arg;
	const struct pst_known_domain *one;

	note_all(noting);
	one = find(noting->findings, domain);
	return one == NULL ? noting->base->call(noting->base->arg, domain) :
			     one->days;
}

const struct pst_known_days *
pst_known_days_noting(struct pst_arena *arena,
    const struct pst_known_days *known, struct pst_findings *findings)
{
	struct noting *noting;

	findings->too_young = known == NULL;
	if (known == NULL)
		return NULL;
	noting = pst_arena_alloc(arena, sizeof(*noting));
	*noting = (struct noting){.known = {ask_and_note, noting},
	    .base = known,
	    .arena = arena,
	    .findings = findings};
	return &noting->known;
}

void
pst_known_days_note(
    const struct pst_known_days *noting, const struct pst_findings *findings)
{
	if (noting != NULL &&
	    (findings->indirect != NULL || findings->claims != NULL ||
		findings->unverified != NULL))
		note_all(noting->arg);
}

/* ---- answers that were noted ---- */

struct noted {
	struct pst_known_days known;
	const struct pst_findings *findings;
	bool *missed;
};

static unsigned
noted_days(void *arg, const char *domain)
{
	const struct noted *noted = arg;
	const struct pst_known_domain *one = find(noted->findings, domain);

	if (one != NULL)
		return one->days;
	*noted->missed = true;
	return 0;
}

const struct pst_known_days *
pst_known_days_noted(
    struct pst_arena *arena, const struct pst_findings *findings, bool *missed)
{
	struct noted *noted;

	if (findings->too_young)
		return NULL;
	noted = pst_arena_alloc(arena, sizeof(*noted));
	*noted = (struct noted){{noted_days, noted}, findings, missed};
	return &noted->known;
}

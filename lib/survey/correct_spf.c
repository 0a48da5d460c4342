/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The terms of a faulty SPF record are mended one by one. Then the survey walks
 * the new record: terms without an effect, and dead ones, are left out, until it
 * finds nothing more.
 */

#include "survey/correct.h"

#include "base/domain.h"
#include "base/macros.h"
#include "survey/correct_terms.h"
#include "survey/make_text.h"
#include "survey/spf_tree.h"

/* Each walk leaves terms out, and faults that they hid come to light. */
#define MAX_WALKS 8
#define MAX_RECORDS 5

/* Terms that are left out, by the name of the finding. */
static const struct {
	const char *finding;
	const char *why;
} needless[] = {
    {"spf-dead-include", "its domain does not exist"},
    {"spf-include-loop", "it leads back to this record"},
    {"spf-include-without-record", "its domain has no SPF record"},
    {"spf-parked-include", "it permits no host"},
    {"spf-private-address", "it is not an address of the Internet"},
    {"spf-ptr", "receivers skip it or refuse it"},
    {"spf-repeated-term", "it is there twice"},
    {"spf-shadowed", "an earlier term has the same addresses"},
    {"spf-void", "it permits no host"},
};

static const char *
reason_of(const struct pst_finding *finding)
{
	for (size_t i = 0; i < PST_COUNT(needless); i++)
		if (strcmp(finding->info->name, needless[i].finding) == 0)
			return needless[i].why;
	return NULL;
}

/* ---- the records of the domain ---- */

struct sources {
	struct pst_str texts[MAX_RECORDS];
	size_t count;
};

/*
 * Finds the record, or several ones. Without a record, a text counts that
 * receivers take for nothing; beside one, it is not plain what was meant.
 */
static bool
find_sources(const struct pst_dns_answer *txt, struct sources *out)
{
	size_t records = 0, wrong = 0;

	out->count = 0;
	for (size_t i = 0; i < txt->count; i++) {
		struct pst_str text = txt->records[i].data;
		bool is_record = pst_spf_is_record(text);

		if (!is_record && !pst_spf_text_is_meant(text))
			continue;
		records += is_record;
		wrong += !is_record;
		if (out->count == MAX_RECORDS)
			return false;
		out->texts[out->count++] = text;
	}
	return wrong == 0 ? records > 0 : wrong == 1 && records == 0;
}

/* The order of the texts in an answer is not always the same. */
static void
sort_sources(struct sources *sources)
{
	for (size_t i = 1; i < sources->count; i++) {
		struct pst_str item = sources->texts[i];
		size_t at = i;

		for (; at > 0; at--) {
			struct pst_str before = sources->texts[at - 1];
			size_t len =
			    before.len < item.len ? before.len : item.len;
			int order = memcmp(before.ptr, item.ptr, len);

			if (order < 0 || (order == 0 && before.len <= item.len))
				break;
			sources->texts[at] = before;
		}
		sources->texts[at] = item;
	}
}

/* ---- the walk ---- */

enum outcome {
	SOUND,   /* nothing is found that is worse than a note */
	CHANGED, /* terms were left out */
	PENDING, /* an answer is missing */
	FAULTY,
};

/* Leaves out the terms that findings name. Returns whether there was one. */
static bool
leave_out(struct pst_correct_terms *terms, const char *domain,
    const struct pst_findings_list *list)
{
	bool changed = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct pst_finding *finding = &list->items[i];
		const char *why = reason_of(finding);

		if (why != NULL && finding->position > 0 &&
		    pst_domain_eq(finding->at, domain))
			changed = pst_correct_terms_drop(
				      terms, finding->position - 1, why) ||
			    changed;
	}
	return changed;
}

static enum outcome
walk(struct pst_survey_part *part, struct pst_correct_terms *terms)
{
	const char *domain = part->input->domain;
	struct pst_survey scratch = {
	    .domain = domain, .findings = {.arena = part->world->arena}};
	struct pst_survey_part inner = {part->world, part->input, &scratch};
	struct pst_spf_tree tree = {.part = &inner, .out = &scratch.spf};
	const char *text = pst_correct_terms_write(terms);
	struct pst_spf_branch top = {.domain = domain,
	    .shown = domain,
	    .text = pst_str(text),
	    .is_own = true,
	    .is_final = true,
	    .passes = true};

	if (text == NULL)
		return FAULTY;
	pst_spf_tree_walk(&tree, &top);
	if (tree.pending)
		return PENDING;
	if (leave_out(terms, domain, &scratch.findings))
		return CHANGED;
	return tree.lookups.over == NULL && tree.voids.over == NULL &&
		tree.voids_v6.over == NULL &&
		pst_correct_is_clean(&scratch.findings) ?
	    SOUND :
	    FAULTY;
}

/* ---- all together ---- */

/* Proposes the record that the texts give; what is after all is kept, or not. */
static enum outcome
correct(struct pst_survey_part *part, const struct sources *sources,
    bool keep_after_all)
{
	struct pst_arena *arena = part->world->arena;
	struct pst_correct_terms *terms =
	    pst_correct_terms_new(arena, keep_after_all);
	struct pst_correction out = {
	    .topic = PST_TOPIC_SPF, .owner = part->input->domain};
	enum outcome outcome = CHANGED;

	for (size_t i = 0; i < sources->count; i++)
		pst_correct_terms_take(terms, sources->texts[i]);
	if (!pst_correct_terms_finish(terms))
		return FAULTY;
	for (size_t i = 0; i < MAX_WALKS && outcome == CHANGED; i++)
		outcome = walk(part, terms);
	if (outcome != SOUND)
		return outcome;
	if (!pst_correct_terms_is_plain(terms))
		return FAULTY;
	out.text = pst_correct_terms_write(terms);
	pst_correct_add(part, &out, &terms->notes);
	return SOUND;
}

bool
pst_correct_spf(struct pst_survey_part *part, const struct pst_dns_answer *txt)
{
	const struct pst_dns_answer *alias = pst_world_ask(part->world,
	    PST_DNS_POLICY, pst_str(part->input->domain), PST_DNS_CNAME)
						 ->answer;
	struct sources sources;
	enum outcome outcome;

	if (alias == NULL)
		return false;
	/* nothing can be beside an alias, and its target may be of others */
	if (alias->status == PST_DNS_OK || !find_sources(txt, &sources))
		return true;
	sort_sources(&sources);
	outcome = correct(part, &sources, true);
	/* terms after all may be too many, or dead */
	if (outcome == FAULTY || outcome == CHANGED)
		outcome = correct(part, &sources, false);
	return outcome != PENDING;
}

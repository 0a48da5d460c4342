/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/survey.h"

static void
free_arena(void *arena)
{
	pst_arena_free(arena);
}

/* Puts findings in the order of topics, and the worst of each first. */
static void
sort_findings(struct pst_findings_list *list)
{
	/* an insertion sort, since it keeps the order of equal ones */
	for (size_t i = 1; i < list->count; i++) {
		struct pst_finding item = list->items[i];
		size_t at = i;

		for (; at > 0; at--) {
			const struct pst_finding_info *before =
			    list->items[at - 1].info;

			if (before->topic < item.info->topic ||
			    (before->topic == item.info->topic &&
				before->severity >= item.info->severity))
				break;
			list->items[at] = list->items[at - 1];
		}
		list->items[at] = item;
	}
}

bool
pst_survey_check(struct pst_world *world, const struct pst_survey_input *input,
    struct pst_survey *out)
{
	/* What a turn makes is dropped with it, unless it is the last. */
	struct pst_arena *turn = pst_arena_new();
	struct pst_world inner = *world;
	struct pst_survey survey = {.domain = input->domain,
	    .findings = {.arena = turn},
	    .exists = true,
	    .dnssec = "not known"};
	struct pst_survey_part part = {&inner, input, &survey};
	bool done = true;

	inner.arena = turn;
	inner.eager = true;
	/* Each part asks what it can, whether or not the others are done. */
	done = pst_survey_spf(&part) && done;
	done = pst_survey_dkim(&part) && done;
	done = pst_survey_dmarc(&part) && done;
	done = pst_survey_mail(&part) && done;
	if (!done) {
		pst_arena_free(turn);
		return false;
	}
	pst_survey_whole(&part);
	sort_findings(&survey.findings);
	pst_arena_defer(world->arena, free_arena, turn);
	*out = survey;
	return true;
}

int
pst_survey_exit(const struct pst_survey *survey)
{
	bool has[PST_SEVERITIES] = {false};

	for (size_t i = 0; i < survey->findings.count; i++)
		has[survey->findings.items[i].info->severity] = true;
	if (has[PST_SEVERITY_ERROR])
		return 2;
	if (has[PST_SEVERITY_UNKNOWN])
		return 3;
	return has[PST_SEVERITY_WARNING] ? 1 : 0;
}

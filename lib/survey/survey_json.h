/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_SURVEY_JSON_H
#define PST_SURVEY_SURVEY_JSON_H

#include "survey/survey.h"

/*
 * Returns the survey as one line of JSON without a newline, in the arena. Names
 * of members do not change; new ones may be added.
 */
const char *
pst_survey_json(struct pst_arena *arena, const struct pst_survey *survey);

/* Returns what a list of domains needs of it, in the same form. */
const char *pst_survey_summary_json(
    struct pst_arena *arena, const struct pst_survey *survey);

#endif

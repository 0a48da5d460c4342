/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_ADVISE_JSON_H
#define PST_SURVEY_ADVISE_JSON_H

#include "survey/advise.h"
#include "survey/anomaly.h"

/*
 * Returns the advice as one line of JSON without a newline, in the arena. Names
 * of members do not change; new ones may be added. anomalies may be NULL. Of the
 * sources, the first max_sources are in it, and how many are left out; those in
 * the way come first.
 */
const char *
pst_advise_json(struct pst_arena *arena, const struct pst_advice *advice,
    const struct pst_anomalies *anomalies, size_t max_sources);

/* Returns what a list of domains needs of it, in the same form. */
const char *pst_advise_summary_json(struct pst_arena *arena,
    const struct pst_advice *advice, const struct pst_anomalies *anomalies);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ADVISE_SEEN_H
#define PST_TOOLS_ADVISE_SEEN_H

/* What this gateway itself has seen in a domain's name: journal and tallies. */

#include "config/config.h"
#include "survey/advise.h"

/*
 * Adds it to the evidence, after the rows of reports. A journal or a file of
 * tallies that is not there or cannot be read adds nothing: the advice is then
 * made without it, and is more careful.
 */
void pst_advise_read_seen(struct pst_arena *arena, struct pst_config *config,
    const struct pst_advise_input *input, struct pst_advise *advise);

#endif

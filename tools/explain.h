/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_EXPLAIN_H
#define PST_TOOLS_EXPLAIN_H

#include "core/explained.h"

/* Prints everything about a message on standard output (`postern explain`). */
void pst_explained_print(struct pst_arena *arena,
    const struct pst_explained *one, const struct pst_config *config);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_STATUS_PAGE_H
#define PST_TOOLS_STATUS_PAGE_H

/* What `postern status` prints for a person. */

#include "core/status.h"

/* Returns the page, of at most 80 columns, in the arena. */
const char *
pst_status_page(struct pst_arena *arena, const struct pst_status *status);

#endif

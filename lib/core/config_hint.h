/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CONFIG_HINT_H
#define PST_CORE_CONFIG_HINT_H

/* What to tell an operator about a key that is not known where it stands. */

#include "base/arena.h"
#include "base/str.h"

/* The sections with a title. */
#define PST_SECTION_RULE "rule"
#define PST_SECTION_LISTENER "listener"

/* One sentence; any other name than that of a section is the top level. */
const char *pst_config_unknown_key(
    struct pst_arena *arena, const char *section, struct pst_str name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_HINT_H
#define PST_CONFIG_HINT_H

/* What to tell an operator about an option that is not known where it stands. */

#include "base/arena.h"
#include "base/str.h"

/* The sections with a title. */
#define PST_SECTION_RULE "rule"
#define PST_SECTION_LISTENER "listener"

/* One sentence; any other name than that of a section is the top level. */
const char *pst_hint_unknown_option(
    struct pst_arena *arena, const char *section, struct pst_str name);

/*
 * The known option of that section (NULL: top level), or the known section name,
 * that looks most like name; NULL when none is near.
 */
const char *pst_hint_option(const char *section, const char *name);

/* The same of the options of a rule (config/rule_reader.h). */
const char *pst_hint_rule_option(const char *name);

/* The same of the options that may be set for one listener. */
const char *pst_hint_listener_option(const char *name);

#endif

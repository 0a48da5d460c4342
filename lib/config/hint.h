/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_HINT_H
#define PST_CONFIG_HINT_H

/* What to tell an operator about an option that is unknown in its section. */

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* The section with a title that config/titled does not have. */
#define PST_SECTION_LISTENER "listener"

/*
 * Returns one sentence, in the arena, about the unknown option `name` in
 * `section`. A section that is not the name of one means the top level.
 */
const char *pst_hint_unknown_option(
    struct pst_arena *arena, const char *section, struct pst_str name);

/* True if text begins with a quote of word processors and web pages. */
bool pst_hint_is_curly(const char *text);

/*
 * Returns the name of the option that is most similar to name, NULL if none is
 * similar. section is where to look; with NULL that is the top level, and the
 * names of sections are candidates too.
 */
const char *pst_hint_option(const char *section, const char *name);

/* The same for the options of a rule (config/rule_reader.h). */
const char *pst_hint_rule_option(const char *name);

/* The same for the options that may be set for one listener. */
const char *pst_hint_listener_option(const char *name);

#endif

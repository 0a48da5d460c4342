/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_RULE_READER_H
#define PST_CONFIG_RULE_READER_H

/* The options of a rule, and how their values become a rule. */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "config/rules.h"

/* Indexed by enum pst_rule_option. */
extern const struct pst_titled_option pst_rule_options[PST_RULE_OPTIONS];

/* Returns the option of that name, PST_RULE_OPTIONS if there is none. */
enum pst_rule_option pst_rule_option_find(const char *name);

/*
 * Fills in the rest of a rule, of which title, line and `written` are set.
 * Returns false if the rule is invalid, with a sentence in err and the line
 * that it is about in *line. What is stored lives in the arena.
 */
bool pst_rule_make(struct pst_rule *rule, struct pst_arena *arena,
    unsigned *line, struct pst_err *err) PST_MUST_CHECK;

#endif

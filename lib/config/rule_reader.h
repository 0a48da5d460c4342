/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_RULE_READER_H
#define PST_CONFIG_RULE_READER_H

/* The options of a rule, and what the file says of one made fit for use. */

#include "base/arena.h"
#include "base/err.h"
#include "config/rules.h"

struct pst_rule_option_info {
	const char *name;
	bool list;
};

/* By enum pst_rule_option. */
extern const struct pst_rule_option_info pst_rule_options[PST_RULE_OPTIONS];

/* PST_RULE_OPTIONS when there is no such option. */
enum pst_rule_option pst_rule_option_find(const char *name);

/*
 * Fills the rest of a rule of which title, line and `written` are set. False
 * with a sentence in err, and in *line where it belongs.
 */
bool pst_rule_make(struct pst_rule *rule, struct pst_arena *arena,
    unsigned *line, struct pst_err *err);

/* The value of an option that is set, as it would stand in a file. */
const char *pst_rule_value_text(const struct pst_rule *rule,
    enum pst_rule_option option, struct pst_arena *arena);

#endif

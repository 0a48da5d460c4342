/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RULE_MAKE_H
#define PST_CORE_RULE_MAKE_H

/* The keys of a rule, and what the file says of one made fit for use. */

#include "base/arena.h"
#include "base/err.h"
#include "core/rules.h"

struct pst_rule_key_info {
	const char *name;
	bool list;
};

/* By enum pst_rule_key. */
extern const struct pst_rule_key_info pst_rule_keys[PST_RULE_KEYS];

/* PST_RULE_KEYS when there is no such key. */
enum pst_rule_key pst_rule_key_find(const char *name);

/*
 * Fills the rest of a rule of which title, line and `written` are set. False
 * with a sentence in err, and in *line where it belongs.
 */
bool pst_rule_make(struct pst_rule *rule, struct pst_arena *arena,
    unsigned *line, struct pst_err *err);

/* The value of a key that is set, as it would stand in a file. */
const char *pst_rule_value_text(const struct pst_rule *rule,
    enum pst_rule_key key, struct pst_arena *arena);

#endif

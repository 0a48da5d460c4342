/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_RULE_FIXTURE_H
#define PST_TESTS_RULE_FIXTURE_H

/* Rules of the configuration, written as a few words. */

#include "config/rules.h"

/* Of the rules; it lives from rule_begin() to rule_end(). */
extern struct pst_arena *rule_arena;
int rule_begin(void **state);
int rule_end(void **state);

/* An option of a rule with its parts, separated by blanks. */
struct key_text {
	const char *name, *parts;
};
#define RULE_MAX_KEYS 5

/* A rule as it is read from a file, before pst_rule_make(). */
struct pst_rule
rule_written(const char *title, const struct key_text keys[RULE_MAX_KEYS]);

/* The same after it; the test fails if it has an error. */
struct pst_rule rule_make(const struct key_text keys[RULE_MAX_KEYS]);

#endif

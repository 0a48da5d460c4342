/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RULE_MATCH_H
#define PST_CORE_RULE_MATCH_H

/* Which of the operator's rules applies to a message. Pure. */

#include "config/rules.h"
#include "core/rule_facts.h"

/*
 * Returns the first rule that matches, NULL if none does. All Author Domains
 * and all recipients must be in the set of their condition; of the signatures,
 * one is enough.
 */
const struct pst_rule *pst_rule_match(
    const struct pst_rules *rules, const struct pst_rule_facts *facts);

/* Whether all recipients are in the rule's rcpt-domain; true if it has none. */
bool pst_rule_match_rcpts(const struct pst_rule *rule, struct pst_names rcpt);

#endif

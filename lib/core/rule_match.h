/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RULE_MATCH_H
#define PST_CORE_RULE_MATCH_H

/* Which of the operator's rules applies to a message. Pure. */

#include "config/rules.h"
#include "core/rule_facts.h"

/*
 * Returns the first rule that matches, NULL if none does. All Author Domains
 * and all recipients must be in the set of their condition; of the signatures,
 * one is enough. A condition that cannot be decided, since a look-up failed for
 * now, holds if the rule says `temperror = match`:
 *
 *	client		the networks of an SPF record are not known
 *	client-name	iprev is temperror
 *	dkim-domain	no signature of the set passes, and the key of one could
 *			not be looked up
 *	dmarc, spf, spf-helo
 *			the result is temperror, and the rule does not name it
 *	aligned		no identifier passes, and one might
 *	spf-weak	spf is temperror
 *	indirect	the networks of a forwarder are not known
 *
 * The others are always decided.
 */
const struct pst_rule *pst_rule_match(
    const struct pst_rules *rules, const struct pst_rule_facts *facts);

/* The same for the rules after that one; NULL: for all. */
const struct pst_rule *pst_rule_match_next(const struct pst_rules *rules,
    const struct pst_rule *after, const struct pst_rule_facts *facts);

/*
 * True if that rule, which matches, would not without `temperror = match`: it is
 * not certain that all its conditions hold.
 */
bool pst_rule_match_is_undecided(const struct pst_rules *rules,
    const struct pst_rule *rule, const struct pst_rule_facts *facts);

/*
 * Whether rule `at` would match if every condition held that cannot be decided,
 * because the networks of an SPF record are not known (core/client_nets).
 */
bool pst_rule_match_could(const struct pst_rules *rules, size_t at,
    const struct pst_rule_facts *facts);

/* Whether all recipients are in the rule's rcpt-domain; true if it has none. */
bool pst_rule_match_rcpts(const struct pst_rule *rule, struct pst_names rcpt);

#endif

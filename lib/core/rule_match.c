/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rule_match.h"

#include <assert.h>

static bool
is_set(const struct pst_rule *rule, enum pst_rule_option option)
{
	return rule->written[option].line != 0;
}

static bool
has_one(const struct pst_domain_set *set, const char *name)
{
	return name != NULL && pst_domain_set_has(set, name);
}

/* True if all names are in the set; false if there are no names. */
static bool
has_all(const struct pst_domain_set *set, struct pst_names names)
{
	for (size_t i = 0; i < names.count; i++) {
		if (!pst_domain_set_has(set, names.items[i]))
			return false;
	}
	return names.count > 0;
}

static bool
has_any(const struct pst_domain_set *set, struct pst_names names)
{
	for (size_t i = 0; i < names.count; i++) {
		if (pst_domain_set_has(set, names.items[i]))
			return true;
	}
	return false;
}

static bool
holds(const struct pst_rule *rule, enum pst_rule_option option,
    const struct pst_rule_facts *facts)
{
	const struct pst_domain_set *set = &rule->domains[option];

	switch (option) {
	case PST_RULE_CLIENT:
		return pst_net_set_has(&rule->client, &facts->client);
	case PST_RULE_CLIENT_NAME:
		return has_one(set, facts->client_name);
	case PST_RULE_MAIL_FROM:
		return has_one(set, facts->mail_from);
	case PST_RULE_FROM_DOMAIN:
		return has_all(set, facts->from);
	case PST_RULE_RCPT_DOMAIN: /* see rcpts_hold() */
		return true;
	case PST_RULE_DKIM_DOMAIN:
		return has_any(set, facts->dkim);
	case PST_RULE_LIST_ID:
		return has_one(set, facts->list_id);
	case PST_RULE_ARC_SEALER:
		return has_one(set, facts->arc_sealer);
	case PST_RULE_DMARC:
		return (rule->dmarc & 1u << facts->dmarc) != 0;
	case PST_RULE_SPF:
		return (rule->spf & 1u << facts->spf) != 0;
	case PST_RULE_INDIRECT:
		return rule->indirect == facts->indirect;
	case PST_RULE_ACTION:
	case PST_RULE_REASON:
	case PST_RULE_COMMENT:
	case PST_RULE_REPLY:
	case PST_RULE_OPTIONS:
		break;
	}
	assert(false);
	return false;
}

bool
pst_rule_match_rcpts(const struct pst_rule *rule, struct pst_names rcpt)
{
	return !is_set(rule, PST_RULE_RCPT_DOMAIN) ||
	    has_all(&rule->domains[PST_RULE_RCPT_DOMAIN], rcpt);
}

static bool
rcpts_hold(const struct pst_rules *rules, size_t at,
    const struct pst_rule_facts *facts)
{
	const struct pst_rule *rule = &rules->items[at];

	if (facts->rcpt_held == NULL)
		return pst_rule_match_rcpts(rule, facts->rcpt);
	return at < facts->rcpt_held_count && facts->rcpt_held[at];
}

static bool
matches(const struct pst_rules *rules, size_t at,
    const struct pst_rule_facts *facts)
{
	const struct pst_rule *rule = &rules->items[at];

	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		if (is_set(rule, option) && !holds(rule, option, facts))
			return false;
	}
	return rcpts_hold(rules, at, facts);
}

const struct pst_rule *
pst_rule_match(
    const struct pst_rules *rules, const struct pst_rule_facts *facts)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (matches(rules, i, facts))
			return &rules->items[i];
	}
	return NULL;
}

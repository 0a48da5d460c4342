/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rules.h"

#include <assert.h>

static bool
is_set(const struct pst_rule *rule, enum pst_rule_key key)
{
	return rule->written[key].line != 0;
}

static bool
has_one(const struct pst_domain_set *set, const char *name)
{
	return name != NULL && pst_domain_set_has(set, name);
}

/* What is said about nobody is not true of all. */
static bool
has_all(const struct pst_domain_set *set, struct pst_names names)
{
	size_t i;

	for (i = 0; i < names.count; i++) {
		if (!pst_domain_set_has(set, names.items[i]))
			return false;
	}
	return names.count > 0;
}

static bool
has_any(const struct pst_domain_set *set, struct pst_names names)
{
	size_t i;

	for (i = 0; i < names.count; i++) {
		if (pst_domain_set_has(set, names.items[i]))
			return true;
	}
	return false;
}

static bool
holds(const struct pst_rule *rule, enum pst_rule_key key,
    const struct pst_facts *facts)
{
	const struct pst_domain_set *set = &rule->domains[key];

	switch (key) {
	case PST_RULE_CLIENT:
		return pst_net_set_has(&rule->client, &facts->client);
	case PST_RULE_CLIENT_NAME:
		return has_one(set, facts->client_name);
	case PST_RULE_MAIL_FROM:
		return has_one(set, facts->mail_from);
	case PST_RULE_FROM_DOMAIN:
		return has_all(set, facts->from);
	case PST_RULE_RCPT_DOMAIN:
		return has_all(set, facts->rcpt);
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
	case PST_RULE_KEYS:
		break;
	}
	assert(false);
	return false;
}

static bool
matches(const struct pst_rule *rule, const struct pst_facts *facts)
{
	enum pst_rule_key key;

	for (key = PST_RULE_CLIENT; key <= PST_RULE_INDIRECT; key++) {
		if (is_set(rule, key) && !holds(rule, key, facts))
			return false;
	}
	return true;
}

const struct pst_rule *
pst_rules_find(const struct pst_rules *rules, const struct pst_facts *facts)
{
	size_t i;

	for (i = 0; i < rules->count; i++) {
		if (matches(&rules->items[i], facts))
			return &rules->items[i];
	}
	return NULL;
}

/* True when a's condition holds wherever b's does; both are set. */
static bool
condition_covers(
    const struct pst_rule *a, const struct pst_rule *b, enum pst_rule_key key)
{
	if (key == PST_RULE_CLIENT)
		return pst_net_set_covers(&a->client, &b->client);
	if (key == PST_RULE_DMARC)
		return (b->dmarc & ~a->dmarc) == 0;
	if (key == PST_RULE_SPF)
		return (b->spf & ~a->spf) == 0;
	if (key == PST_RULE_INDIRECT)
		return a->indirect == b->indirect;
	return pst_domain_set_covers(&a->domains[key], &b->domains[key]);
}

static bool
rule_covers(const struct pst_rule *a, const struct pst_rule *b)
{
	enum pst_rule_key key;

	for (key = PST_RULE_CLIENT; key <= PST_RULE_INDIRECT; key++) {
		if (is_set(a, key) &&
		    (!is_set(b, key) || !condition_covers(a, b, key)))
			return false;
	}
	return true;
}

const struct pst_rule *
pst_rules_cover(const struct pst_rules *rules, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++) {
		if (rule_covers(&rules->items[i], &rules->items[at]))
			return &rules->items[i];
	}
	return NULL;
}

const char *
pst_reason_word(enum pst_reason reason)
{
	static const char *const words[] = {
	    [PST_REASON_NONE] = "none",
	    [PST_REASON_TRUSTED_FORWARDER] = "trusted_forwarder",
	    [PST_REASON_MAILING_LIST] = "mailing_list",
	    [PST_REASON_LOCAL_POLICY] = "local_policy",
	    [PST_REASON_POLICY_TEST_MODE] = "policy_test_mode",
	    [PST_REASON_OTHER] = "other",
	};

	return words[reason];
}

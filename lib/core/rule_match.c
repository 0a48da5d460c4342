/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rule_match.h"

#include <assert.h>

#include "core/own_domains.h"

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

/* Whether a condition holds. */
enum answer {
	NO,
	YES,
	UNDECIDED, /* it does not, but it might, had a look-up not failed */
};

static enum answer
said(bool yes, bool might)
{
	if (yes)
		return YES;
	return might ? UNDECIDED : NO;
}

/* results has a bit 1 << enum pst_result for each that is asked for. */
static enum answer
is_result(unsigned results, enum pst_result result)
{
	return said(
	    (results & 1u << result) != 0, result == PST_RESULT_TEMPERROR);
}

/* Of a condition that depends on networks of SPF records that are not known. */
static enum answer
without_networks(const struct pst_rule_facts *facts)
{
	return facts->assume_networks ? YES : UNDECIDED;
}

static enum answer
client_holds(const struct pst_rule *rule, const struct pst_rule_facts *facts)
{
	switch (pst_client_nets_held(
	    &rule->client, &facts->client, facts->client_nets)) {
	case PST_HELD_NO:
		return NO;
	case PST_HELD_YES:
		return YES;
	case PST_HELD_UNKNOWN:
		return without_networks(facts);
	}
	assert(false);
	return NO;
}

static bool
shows(const struct pst_rule *rule, const struct pst_rule_facts *facts)
{
	return facts->shown != NULL &&
	    ((rule->shows_own && facts->shows_own) ||
		pst_own_domains_show(facts->shown, facts->arena, &rule->shown));
}

static enum answer
holds(const struct pst_rule *rule, enum pst_rule_option option,
    const struct pst_rule_facts *facts)
{
	const struct pst_domain_set *set = &rule->domains[option];

	switch (option) {
	case PST_RULE_CLIENT:
		return client_holds(rule, facts);
	case PST_RULE_CLIENT_NAME:
		return said(has_one(set, facts->client_name),
		    facts->client_name_is_open);
	case PST_RULE_MAIL_FROM:
		return said(has_one(set, facts->mail_from), false);
	case PST_RULE_FROM_DOMAIN:
		return said(has_all(set, facts->from), false);
	case PST_RULE_RCPT_DOMAIN: /* see rcpts_hold() */
		return YES;
	case PST_RULE_DKIM_DOMAIN:
		return said(
		    has_any(set, facts->dkim), has_any(set, facts->dkim_open));
	case PST_RULE_LIST_ID:
		return said(has_one(set, facts->list_id), false);
	case PST_RULE_ARC_SEALER:
		return said(has_one(set, facts->arc_sealer), false);
	case PST_RULE_DMARC:
		return is_result(rule->dmarc, facts->dmarc);
	case PST_RULE_SPF:
		return is_result(rule->spf, facts->spf);
	case PST_RULE_SPF_HELO:
		return is_result(rule->spf_helo, facts->spf_helo);
	case PST_RULE_ALIGNED:
		return said(
		    (rule->aligned & facts->aligned) != 0, facts->aligned == 0);
	case PST_RULE_SPF_WEAK:
		return said(rule->spf_weak == facts->spf_weak,
		    facts->spf == PST_RESULT_TEMPERROR);
	case PST_RULE_DISPLAY_NAME:
		return said(shows(rule, facts), false);
	case PST_RULE_INDIRECT:
		return facts->indirect_unsure ?
		    without_networks(facts) :
		    said(rule->indirect == facts->indirect, false);
	case PST_RULE_TEMPERROR:
	case PST_RULE_ACTION:
	case PST_RULE_REASON:
	case PST_RULE_COMMENT:
	case PST_RULE_REPLY:
	case PST_RULE_ALSO:
	case PST_RULE_OPTIONS:
		break;
	}
	assert(false);
	return NO;
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

static enum answer
matches(const struct pst_rules *rules, size_t at,
    const struct pst_rule_facts *facts)
{
	const struct pst_rule *rule = &rules->items[at];
	enum answer all = YES;

	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		enum answer one =
		    is_set(rule, option) ? holds(rule, option, facts) : YES;

		if (one == NO || (one == UNDECIDED && !rule->match_temperror))
			return NO;
		if (one == UNDECIDED)
			all = UNDECIDED;
	}
	return rcpts_hold(rules, at, facts) ? all : NO;
}

bool
pst_rule_match_could(const struct pst_rules *rules, size_t at,
    const struct pst_rule_facts *facts)
{
	struct pst_rule_facts assumed = *facts;

	assumed.assume_networks = true;
	return matches(rules, at, &assumed) != NO;
}

const struct pst_rule *
pst_rule_match_next(const struct pst_rules *rules, const struct pst_rule *after,
    const struct pst_rule_facts *facts)
{
	size_t i = after == NULL ? 0 : (size_t)(after - rules->items) + 1;

	for (; i < rules->count; i++) {
		if (matches(rules, i, facts) != NO)
			return &rules->items[i];
	}
	return NULL;
}

const struct pst_rule *
pst_rule_match(
    const struct pst_rules *rules, const struct pst_rule_facts *facts)
{
	return pst_rule_match_next(rules, NULL, facts);
}

bool
pst_rule_match_is_undecided(const struct pst_rules *rules,
    const struct pst_rule *rule, const struct pst_rule_facts *facts)
{
	return rule->match_temperror &&
	    matches(rules, (size_t)(rule - rules->items), facts) == UNDECIDED;
}

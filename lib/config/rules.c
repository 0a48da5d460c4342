/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/rules.h"

#include <assert.h>

static bool
is_set(const struct pst_rule *rule, enum pst_rule_option option)
{
	return rule->written[option].line != 0;
}

/* True if a's condition holds whenever b's does; both are set. */
static bool
condition_covers(const struct pst_rule *a, const struct pst_rule *b,
    enum pst_rule_option option)
{
	if (option == PST_RULE_CLIENT)
		return pst_net_set_covers(&a->client, &b->client);
	if (option == PST_RULE_DMARC)
		return (b->dmarc & ~a->dmarc) == 0;
	if (option == PST_RULE_SPF)
		return (b->spf & ~a->spf) == 0;
	if (option == PST_RULE_SPF_HELO)
		return (b->spf_helo & ~a->spf_helo) == 0;
	if (option == PST_RULE_ALIGNED)
		return (b->aligned & ~a->aligned) == 0;
	if (option == PST_RULE_SPF_WEAK)
		return a->spf_weak == b->spf_weak;
	if (option == PST_RULE_DISPLAY_NAME)
		return (a->shows_own || !b->shows_own) &&
		    pst_name_set_covers(&a->shown, &b->shown);
	if (option == PST_RULE_INDIRECT)
		return a->indirect == b->indirect;
	return pst_domain_set_covers(&a->domains[option], &b->domains[option]);
}

bool
pst_rule_may_be_undecided(
    const struct pst_rule *rule, enum pst_rule_option option)
{
	switch (option) {
	case PST_RULE_CLIENT:
		return rule->client.spf_count > 0;
	case PST_RULE_CLIENT_NAME:
	case PST_RULE_DKIM_DOMAIN:
	case PST_RULE_DMARC:
	case PST_RULE_SPF:
	case PST_RULE_SPF_HELO:
	case PST_RULE_ALIGNED:
	case PST_RULE_SPF_WEAK:
	case PST_RULE_INDIRECT: /* a forwarder's networks may be unknown */
		return true;
	case PST_RULE_MAIL_FROM:
	case PST_RULE_FROM_DOMAIN:
	case PST_RULE_RCPT_DOMAIN:
	case PST_RULE_LIST_ID:
	case PST_RULE_ARC_SEALER: /* such a chain counts as broken */
	case PST_RULE_DISPLAY_NAME:
	case PST_RULE_TEMPERROR:
	case PST_RULE_ACTION:
	case PST_RULE_REASON:
	case PST_RULE_COMMENT:
	case PST_RULE_REPLY:
	case PST_RULE_ALSO:
	case PST_RULE_OPTIONS:
		break;
	}
	return false;
}

static bool
rule_covers(const struct pst_rule *a, const struct pst_rule *b)
{
	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		if (!is_set(a, option))
			continue;
		if (!is_set(b, option) || !condition_covers(a, b, option))
			return false;
		/* b also matches when this one is undecided. */
		if (b->match_temperror && !a->match_temperror &&
		    pst_rule_may_be_undecided(a, option))
			return false;
	}
	return true;
}

const struct pst_rule *
pst_rules_find_covering(const struct pst_rules *rules, size_t at)
{
	for (size_t i = 0; i < at; i++) {
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

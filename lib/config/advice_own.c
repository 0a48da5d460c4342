/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/advice_own.h"

#include "config/advice.h"
#include "config/option.h"

static bool
is_set(const struct pst_rule *rule, enum pst_rule_option option)
{
	return rule->written[option].line != 0;
}

static void
warn_rule(const struct pst_config *config, struct pst_problems *problems,
    const struct pst_rule *rule, const char *sentence)
{
	(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
	    pst_config_file(config), rule->written[PST_RULE_DISPLAY_NAME].line,
	    "rule \"%s\": display-name: %s", rule->title, sentence);
}

/* Whether the rule would also decide about mail that DMARC refuses. */
static bool
lowers_refusals(const struct pst_rule *rule)
{
	const unsigned refused =
	    1u << PST_RESULT_FAIL | 1u << PST_RESULT_TEMPERROR;

	if (rule->action != PST_ACTION_TAG &&
	    rule->action != PST_ACTION_QUARANTINE)
		return false;
	if (is_set(rule, PST_RULE_ALIGNED) &&
	    (rule->aligned & PST_ALIGNED_NONE) == 0)
		return false;
	return !is_set(rule, PST_RULE_DMARC) || (rule->dmarc & refused) != 0;
}

static void
check_rule(const struct pst_config *config, struct pst_problems *problems,
    const struct pst_rule *rule)
{
	if (rule->shows_own && config->own_domains.written.count == 0)
		warn_rule(config, problems, rule,
		    "own-address never holds without own-domains; list your "
		    "domains there");
	if (lowers_refusals(rule))
		warn_rule(config, problems, rule,
		    "the rule also decides about mail that DMARC refuses, so a "
		    "forger is let in with a mark; add dmarc = {pass, none}");
}

void
pst_advise_own(const struct pst_config *config, struct pst_problems *problems)
{
	const size_t own = pst_option_find(NULL, "own-domains");
	const size_t on_own = pst_option_find(NULL, "on-own-domain");
	const bool listed = config->own_domains.written.count > 0;

	if (!listed && pst_config_line(config, on_own) != 0)
		pst_config_warn(config, problems, on_own,
		    "on-own-domain: it has no effect without own-domains; list "
		    "your domains there");
	if (listed && config->on_own_domain == PST_ACTION_ACCEPT)
		pst_config_warn(config, problems, own,
		    "own-domains: with on-own-domain = accept, mail in your "
		    "name is not refused; only display names are compared");
	for (size_t i = 0; i < config->rules.count; i++) {
		if (is_set(&config->rules.items[i], PST_RULE_DISPLAY_NAME))
			check_rule(config, problems, &config->rules.items[i]);
	}
}

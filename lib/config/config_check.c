/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/config_check.h"

#include "config/option.h"

bool
pst_config_fail(const struct pst_config *config,
    const struct pst_config_fault *fault, struct pst_problems *problems)
{
	size_t option = pst_option_find(fault->section, fault->option);
	size_t other = pst_option_find(fault->section, fault->other);
	unsigned line = pst_config_line(config, option);

	if (line == 0)
		line = pst_config_line(config, other);
	if (pst_config_was_refused(config, option) ||
	    pst_config_was_refused(config, other))
		return false;
	return pst_problems_add(problems, PST_PROBLEM_ERROR,
	    pst_config_file(config), line, "%s", fault->sentence);
}

/* Queries that must be left for SPF and iprev. */
#define MIN_FREE 30

/*
 * A sender chooses what SPF and iprev ask. That must never use up the queries
 * for DKIM keys and for the policy of the From domain, because a sender could
 * then escape its policy.
 */
unsigned
pst_config_reserved_queries(const struct pst_config *config)
{
	unsigned domains =
	    config->dmarc.evaluate_all ? config->dmarc.max_author_domains : 1;

	/* The tree walk, and the test that the domain exists (R-DMARC-25). */
	return config->dkim.max_verified + domains * (PST_WALK_MAX + 1);
}

/* Only iprev can confirm the client's name that a rule asks for. */
static void
check_names(const struct pst_config *config, struct pst_problems *problems)
{
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		unsigned line = rule->written[PST_RULE_CLIENT_NAME].line;

		if (line != 0)
			(void)pst_problems_add(problems, PST_PROBLEM_ERROR,
			    pst_config_file(config), line,
			    "rule \"%s\": client-name needs iprev.enabled",
			    rule->title);
	}
}

/* Trusted sealers need ARC verification, and arc-sealer needs both. */
static void
check_sealers(const struct pst_config *config, struct pst_problems *problems)
{
	bool listed = config->arc.trusted_sealers.written.count > 0;

	if (listed && !config->arc.verify)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"arc", "trusted-sealers",
			"verify", "arc.trusted-sealers needs arc.verify"},
		    problems);
	for (size_t i = 0; !listed && i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		unsigned line = rule->written[PST_RULE_ARC_SEALER].line;

		if (line != 0)
			(void)pst_problems_add(problems, PST_PROBLEM_ERROR,
			    pst_config_file(config), line,
			    "rule \"%s\": arc-sealer needs arc.verify and "
			    "arc.trusted-sealers",
			    rule->title);
	}
}

static void
check_reports(const struct pst_config *config, struct pst_problems *problems)
{
	bool all = config->failures.all_domains;

	if (config->reports.dkim_key[0] != '\0' &&
	    config->reports.dkim_selector[0] == '\0')
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"reports", "dkim-key",
			"dkim-selector",
			"reports.dkim-key needs reports.dkim-selector"},
		    problems);
	if (config->reports.relay_user[0] != '\0' &&
	    config->reports.relay_password_file[0] == '\0')
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"reports", "relay-user",
			"relay-password-file",
			"reports.relay-user needs reports.relay-password-file"},
		    problems);
	if ((all || config->failures.domains.written.count > 0) &&
	    config->reports.from[0] == '\0')
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"failure-reports",
			all ? "all-domains" : "domains", "domains",
			"failure-reports needs reports.from"},
		    problems);
}

/* Nobody can make a message of a domain that passes without one of the two. */
static void
check_canary(const struct pst_config *config, struct pst_problems *problems)
{
	bool has_key = config->canary.genuine_key[0] != '\0';

	if (config->canary.genuine[0] != '\0' && !has_key &&
	    config->canary.genuine_client[0] == '\0')
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"canary", "genuine",
			"genuine-client",
			"canary.genuine needs canary.genuine-client or "
			"canary.genuine-key"},
		    problems);
	if (config->canary.genuine[0] == '\0' &&
	    (has_key || config->canary.genuine_client[0] != '\0'))
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"canary",
			has_key ? "genuine-key" : "genuine-client", "genuine",
			"canary.genuine-client and canary.genuine-key need "
			"canary.genuine"},
		    problems);
	if (has_key && config->canary.genuine_selector[0] == '\0')
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"canary", "genuine-key",
			"genuine-selector",
			"canary.genuine-key needs canary.genuine-selector"},
		    problems);
}

/*
 * A host in both hands over mail from outside, which would be signed. Which hosts
 * an entry "spf:" means is not known here.
 */
static void
check_sign_networks(const struct pst_config *config, const char *option,
    const struct pst_net_set *set, struct pst_problems *problems)
{
	char text[PST_IP_TEXT_SIZE];
	const struct pst_net *both =
	    pst_net_set_common(&config->sign_networks.set, set);

	if (both == NULL)
		return;
	(void)pst_config_fail(config,
	    &(struct pst_config_fault){NULL, option, "sign-networks",
		pst_arena_printf(problems->arena,
		    "%s: %s/%u is also in sign-networks, so mail from outside that "
		    "comes by way of it would be signed with your keys; remove "
		    "it from one of the two",
		    option, pst_ip_text(&both->base, text), both->prefix_bits)},
	    problems);
}

static void
check_sign(const struct pst_config *config, struct pst_problems *problems)
{
	if (!config->sign)
		return;
	if (config->sign_domains.count == 0)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){NULL, "sign", "sign",
			"sign = yes needs a section sign for each of your "
			"domains, or nothing would be signed; add sign "
			"\"example.com\" { selector = s1 key = \"/path\" }"},
		    problems);
	check_sign_networks(config, "relays", &config->relays.set, problems);
	check_sign_networks(
	    config, "forwarders", &config->forwarders.set, problems);
}

void
pst_config_check(const struct pst_config *config, struct pst_problems *problems)
{
	if (pst_config_listeners(config) == 0)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){NULL, "listen", "listen",
			"listen is empty; name at least one socket"},
		    problems);
	if (pst_config_listeners(config) > PST_CONFIG_MAX_LISTENERS)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){NULL, "listen", "listen",
			"there may be at most 32 listeners"},
		    problems);
	if (config->dkim.max_parsed < config->dkim.max_verified)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"dkim", "max-parsed",
			"max-verified",
			"dkim.max-parsed is below dkim.max-verified; raise it"},
		    problems);
	if (config->dns.max_queries <
	    pst_config_reserved_queries(config) + MIN_FREE)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"dns", "max-queries",
			"max-queries",
			"dns.max-queries is too low for dkim.max-verified and the "
			"policy look-ups; raise it"},
		    problems);
	if (config->on_iprev_fail != PST_ACTION_ACCEPT &&
	    !config->iprev.enabled)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){NULL, "on-iprev-fail",
			"on-iprev-fail", "on-iprev-fail needs iprev.enabled"},
		    problems);
	if (config->on_iprev_temperror != PST_ACTION_ACCEPT &&
	    !config->iprev.enabled)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){NULL, "on-iprev-temperror",
			"on-iprev-temperror",
			"on-iprev-temperror needs iprev.enabled"},
		    problems);
	if (!config->iprev.enabled)
		check_names(config, problems);
	check_sealers(config, problems);
	check_reports(config, problems);
	check_canary(config, problems);
	check_sign(config, problems);
	if (config->header.max_total_bytes < config->header.max_field_bytes)
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){"header", "max-size",
			"max-field-size",
			"header.max-size is below header.max-field-size; raise it"},
		    problems);
}

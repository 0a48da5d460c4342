/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters_rules.h"

#include <assert.h>

#include "base/macros.h"
#include "core/counters.h"
#include "core/parts.h"
#include "core/policy.h"

#define WITH_CAP(rule) rule, rule "-capped"

static const char *const names[] = {
    /* core/exempt */
    "trusted-network",
    "authenticated",
    "submission",
    "no-address",
    "relay",
    "signing",
    /* core/policy */
    "default",
    "dmarc-none",
    "dmarc-quarantine",
    "dmarc-reject",
    "dmarc-reject-ignored",
    "dmarc-reject-indirect",
    "dmarc-reject-lowered",
    "dmarc-reject-unverified",
    "from-encoded",
    "from-malformed",
    "from-missing",
    "from-multiple",
    "from-no-domain",
    "from-several-fields",
    "header-flood",
    /* core/own_domains and core/local_checks */
    "own-domain",
    "dkim-missing",
    "header-malformed",
    "helo-fail",
    "iprev-fail",
    "multiple-checks",
    "spf-fail",
    "spf-softfail",
    "unauthenticated",
    "unauthenticated-indirect",
    "unauthenticated-unverified",
    /* core/temperror */
    WITH_CAP("dkim-temperror"),
    WITH_CAP("dmarc-temperror"),
    WITH_CAP("iprev-temperror"),
    WITH_CAP("own-domain-temperror"),
    WITH_CAP("spf-temperror"),
    WITH_CAP("unauthenticated-temperror"),
    PST_POLICY_NETWORKS_UNKNOWN,
    /* core/parts and the MTA's refusal to do what was decided */
    PST_PARTS_RULE,
    PST_DONE_RULE,
};

static_assert(PST_COUNT(names) < PST_COUNTER_PLACES,
    "each built-in rule has a place, and \"other\" has one");

const char *
pst_counters_rule(size_t i)
{
	return i < PST_COUNT(names) ? names[i] : NULL;
}

void
pst_counters_configured(const struct pst_config *config)
{
	for (size_t i = 0; i < PST_COUNT(names); i++)
		(void)pst_counters_place(PST_COUNTER_RULES, names[i]);
	for (size_t i = 0; i < config->rules.count; i++)
		(void)pst_counters_place(
		    PST_COUNTER_OPERATOR_RULES, config->rules.items[i].title);
	pst_counter_set(PST_COUNTER_SUFFIX_LIST_DATED,
	    (uint64_t)pst_psl_dated(config->psl));
}

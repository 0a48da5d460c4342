/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_RULES_H
#define PST_CONFIG_RULES_H

/*
 * The operator's ordered rules. All conditions of a rule must hold, the first
 * rule that matches decides. Pure: what a rule may look at is struct pst_rule_facts.
 */

#include <stdbool.h>
#include <stddef.h>

#include "auth/result.h"
#include "base/ip.h"
#include "config/sets.h"

/* What a condition or another option of a rule is called; the values' order. */
enum pst_rule_option {
	PST_RULE_CLIENT,
	PST_RULE_CLIENT_NAME,
	PST_RULE_MAIL_FROM,
	PST_RULE_FROM_DOMAIN,
	PST_RULE_RCPT_DOMAIN,
	PST_RULE_DKIM_DOMAIN,
	PST_RULE_LIST_ID,
	PST_RULE_ARC_SEALER,
	PST_RULE_DMARC,
	PST_RULE_SPF,
	PST_RULE_INDIRECT, /* the last condition */
	PST_RULE_ACTION,
	PST_RULE_REASON,
	PST_RULE_COMMENT,
	PST_RULE_REPLY,
	PST_RULE_OPTIONS
};

/* Why a policy was not followed, as aggregate reports say it. */
enum pst_reason {
	PST_REASON_NONE,
	PST_REASON_TRUSTED_FORWARDER,
	PST_REASON_MAILING_LIST,
	PST_REASON_LOCAL_POLICY,
	PST_REASON_POLICY_TEST_MODE,
	PST_REASON_OTHER,
};

/* What the file says, as it says it. */
struct pst_rule_value {
	unsigned line; /* 0: not set */
	const char **parts;
	size_t count;
};

struct pst_rule {
	const char *title;
	unsigned line;
	struct pst_rule_value written[PST_RULE_OPTIONS];
	struct pst_net_set client;
	/* By option; of the conditions that take domains. */
	struct pst_domain_set domains[PST_RULE_INDIRECT];
	unsigned dmarc; /* bit 1 << enum pst_result for each that will do */
	unsigned spf;
	bool indirect;
	bool skip;              /* not touched; then action is accept */
	int action;             /* enum pst_action */
	enum pst_reason reason; /* never NONE */
	const char *comment;    /* NULL: none */
	const char *reply;      /* NULL: the general text */
};

struct pst_rules {
	struct pst_rule *items;
	size_t count;
};

/*
 * The earlier rule that matches whenever rule `at` does, so that this one never
 * gets its turn; NULL when there is none.
 */
const struct pst_rule *
pst_rules_find_covering(const struct pst_rules *rules, size_t at);

/* "none", "trusted_forwarder", "mailing_list", ... (RFC 9990 s. 3.1.6). */
const char *pst_reason_word(enum pst_reason reason);

#endif

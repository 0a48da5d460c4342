/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_RULES_H
#define PST_CONFIG_RULES_H

/*
 * The operator's ordered rules. A rule matches if all its conditions hold; the
 * first rule that matches decides. Pure: a rule looks only at struct
 * pst_rule_facts (core/rule_facts.h); core/rule_match finds the rule.
 */

#include <stdbool.h>
#include <stddef.h>

#include "auth/result.h"
#include "base/ip.h"
#include "config/choice.h"
#include "config/marks.h"
#include "config/name_set.h"
#include "config/sets.h"
#include "config/titled.h"

/* The options of a rule: first the conditions, then the others. */
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
	PST_RULE_SPF_HELO,
	PST_RULE_ALIGNED,
	PST_RULE_SPF_WEAK,
	PST_RULE_DISPLAY_NAME,
	PST_RULE_INDIRECT, /* the last condition */
	PST_RULE_TEMPERROR,
	PST_RULE_ACTION,
	PST_RULE_REASON,
	PST_RULE_COMMENT,
	PST_RULE_REPLY,
	PST_RULE_ALSO,
	PST_RULE_OPTIONS
};

/* Why a policy was not followed, as in aggregate reports (RFC 9990 s. 3.1.6) */
enum pst_reason {
	PST_REASON_NONE,
	PST_REASON_TRUSTED_FORWARDER,
	PST_REASON_MAILING_LIST,
	PST_REASON_LOCAL_POLICY,
	PST_REASON_POLICY_TEST_MODE,
	PST_REASON_OTHER,
};

/* What the condition `aligned` asks for; see core/alignment.h. */
enum pst_aligned_bit {
	PST_ALIGNED_SPF = 1u << 0,
	PST_ALIGNED_DKIM = 1u << 1,
	PST_ALIGNED_NONE = 1u << 2,
};

struct pst_rule {
	const char *title;
	unsigned line;
	struct pst_titled_value written[PST_RULE_OPTIONS];
	struct pst_net_set client;
	/* Indexed by option; used for the conditions that take domains. */
	struct pst_domain_set domains[PST_RULE_INDIRECT];
	unsigned dmarc;    /* bit 1 << enum pst_result for each that matches */
	unsigned spf;      /* the same */
	unsigned spf_helo; /* the same */
	unsigned aligned;  /* enum pst_aligned_bit: holds if one of them does */
	bool spf_weak;
	bool shows_own;            /* display-name: an address of own-domains */
	struct pst_name_set shown; /* display-name: names of people */
	bool indirect;
	bool match_temperror; /* temperror = match: a condition that cannot be
	                         decided, because a look-up failed for now,
	                         holds; else it does not */
	bool skip; /* action = skip: the message is not changed; the member
	              action is then accept */
	enum pst_action action;
	enum pst_reason reason; /* never NONE */
	const char *comment;    /* on the reason, for reports; NULL: none */
	const char *reply;      /* NULL: refused_text of the configuration */
	/* Fields that are added to a message that is delivered. */
	struct pst_mark *also;
	size_t also_count;
};

/*
 * True if a look-up that fails can leave that condition of the rule undecided
 * (core/rule_match).
 */
bool pst_rule_may_be_undecided(
    const struct pst_rule *rule, enum pst_rule_option option);

struct pst_rules {
	struct pst_rule *items;
	size_t count;
};

/*
 * Returns the first earlier rule that matches whenever rule `at` does, so that
 * rule `at` is never used; NULL if there is none.
 */
const struct pst_rule *
pst_rules_find_covering(const struct pst_rules *rules, size_t at);

/* Returns "none", "trusted_forwarder" etc. (RFC 9990 s. 3.1.6). */
const char *pst_reason_word(enum pst_reason reason);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_POLICY_FIXTURE_H
#define PST_TESTS_POLICY_FIXTURE_H

/* Findings and options for tests of core/policy; include after cmocka.h. */

#include "base/buf.h"
#include "core/edits.h"
#include "core/policy.h"

static const struct pst_mta able = {true, true, true};
static struct pst_arena *arena;

static inline int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static inline int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static inline struct pst_config
defaults(void)
{
	struct pst_config config = {
	    .mode = PST_MODE_ENFORCE,
	    .on_reject = PST_ON_REJECT_UNLESS_INDIRECT,
	    .on_quarantine = PST_ACTION_TAG,
	    .on_temperror = PST_ACTION_ACCEPT,
	    .on_policy_temperror = PST_LOOK_UP_SAME,
	    .on_spf_temperror = PST_LOOK_UP_SAME,
	    .on_dkim_temperror = PST_LOOK_UP_SAME,
	    .on_iprev_temperror = PST_ACTION_ACCEPT,
	    .enforce_percent = 100,
	    .on_missing_from = PST_ACTION_REJECT,
	    .on_several_from = PST_ACTION_REJECT,
	    .on_malformed_from = PST_ACTION_REJECT,
	    .on_encoded_from = PST_ACTION_REJECT,
	    .on_multiple_from = PST_ACTION_REJECT,
	    .on_no_author_domain = PST_ACTION_TAG,
	    .quarantine_fallback = PST_ACTION_TAG,
	    .reject_text = "Message refused by DMARC policy of {domain}",
	    .tempfail_text = "Try {domain} later",
	    .malformed_text = "One From field, please",
	    .refused_text = "Refused: {reason}",
	    .marks = {{{"X-DMARC-Verdict", " quarantine"},
			  {"X-Spam-Flag", " YES"}},
		2},
	};

	config.dmarc.max_author_domains = 4;
	return config;
}

/* Returns findings of a message that fails the policy of bank.example. */
static inline struct pst_findings
failing(enum pst_dmarc_policy effective)
{
	static const char *one_domain[] = {"bank.example"};
	struct pst_findings findings = {.exempt = PST_EXEMPT_NO};

	findings.from = (struct pst_from){.verdict = PST_FROM_SINGLE,
	    .domains = one_domain,
	    .domain_count = 1};
	findings.dmarc = (struct pst_dmarc){.result = PST_RESULT_FAIL,
	    .judged = PST_RESULT_FAIL,
	    .knowledge = PST_DMARC_LEARNED,
	    .author_domain = "bank.example",
	    .policy_domain = "bank.example",
	    .tag = "p",
	    .published = effective,
	    .effective = effective};
	return findings;
}

/*
 * Sets the DMARC result and what goes with it. With temperror, the policy is
 * unknown.
 */
static inline void
set_result(struct pst_findings *findings, enum pst_result result)
{
	struct pst_dmarc *dmarc = &findings->dmarc;

	dmarc->result = result;
	dmarc->judged = result;
	dmarc->identifiers = result == PST_RESULT_PASS ?
	    PST_DMARC_ALIGNED_PASS :
	    PST_DMARC_NONE_PASSED;
	dmarc->knowledge = result == PST_RESULT_TEMPERROR ? PST_DMARC_UNKNOWN :
	    result == PST_RESULT_FAIL || result == PST_RESULT_PASS ?
							    PST_DMARC_LEARNED :
							    PST_DMARC_ABSENT;
}

/* Watches the names that edits are made for. */
static inline void
watch(struct pst_header *header, const struct pst_config *config)
{
	pst_header_watch(header, PST_AUTHRES_NAME);
	for (size_t i = 0; i < config->marks.count; i++)
		pst_header_watch(header, config->marks.items[i].name);
}

static inline struct pst_decision
decide_for(const struct pst_config *config, struct pst_mta mta,
    const struct pst_findings *findings)
{
	const struct pst_header_limits roomy = {1000, 65536, 524288};
	struct pst_header header;
	struct pst_decision out;

	pst_header_init(&header, arena, roomy);
	watch(&header, config);
	memset(&out, 0xa5, sizeof(out));
	pst_policy_decide(
	    arena, config, &mta, "mx.gateway.example", &header, findings, &out);
	return out;
}

#endif

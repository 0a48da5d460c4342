/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters.h"

#include "core/counters_labels.h"
#include "core/session.h"
#include "core/slow_questions.h"

static void
count_spf(const struct pst_spf *spf, enum pst_spf_identity identity)
{
	pst_counter_add(PST_COUNTER_SPF_IDENTITIES,
	    pst_spf_identity_place(identity, spf->result), 1);
}

static void
count_results(const struct pst_findings *findings)
{
	if (findings->has_iprev)
		pst_counter_add(PST_COUNTER_IPREV, findings->iprev.result, 1);
	if (findings->has_arc)
		pst_counter_add(PST_COUNTER_ARC, findings->arc.result, 1);
	pst_counter_add(PST_COUNTER_SPF, findings->spf.result, 1);
	count_spf(&findings->spf, findings->spf.identity);
	if (findings->has_helo)
		count_spf(&findings->helo, PST_SPF_HELO);
	pst_counter_add(PST_COUNTER_DKIM, findings->dkim.result, 1);
	for (size_t i = 0; i < findings->dkim.count; i++)
		pst_counter_add(PST_COUNTER_DKIM_SIGNATURES,
		    findings->dkim.sigs[i].result, 1);
	pst_counter_add(PST_COUNTER_DMARC, findings->dmarc.result, 1);
	pst_counter_add(PST_COUNTER_DMARC_POLICIES,
	    pst_dmarc_policy_place(&findings->dmarc), 1);
}

static void
count_answers(const struct pst_dns *dns)
{
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_answer *answer =
		    pst_dns_at(dns, i)->answer;

		if (answer != NULL)
			pst_counter_add(
			    PST_COUNTER_DNS_ANSWERS, answer->status, 1);
	}
}

/* Counts what was really done, as the log line says it. */
static void
count_action(const struct pst_message *message)
{
	const struct pst_findings *findings = &message->findings;
	const struct pst_decision *decision = &message->decision;
	bool failed = message->done.failed != NULL;
	enum pst_counter rules = decision->titled && !failed ?
	    PST_COUNTER_OPERATOR_RULES :
	    PST_COUNTER_RULES;
	const char *rule = failed ? PST_DONE_RULE : decision->rule;
	/* The MTA's refusal, not the decision, is why no policy is followed. */
	enum pst_reason reason = failed ? PST_REASON_OTHER : decision->reason;

	pst_counter_add(PST_COUNTER_MESSAGES, message->done.action, 1);
	pst_counter_add(PST_COUNTER_DISPOSITIONS,
	    pst_disposition_place(
		findings->exempt == PST_EXEMPT_NO ? &findings->dmarc : NULL,
		message->done.action),
	    1);
	if (reason != PST_REASON_NONE)
		pst_counter_add(PST_COUNTER_OVERRIDES, reason - 1u, 1);
	if (decision->monitored)
		pst_counter_add(PST_COUNTER_NOT_ENFORCED, decision->would, 1);
	if (rule != NULL)
		pst_counter_add(rules, pst_counters_place(rules, rule), 1);
}

void
pst_counters_message(const struct pst_message *message)
{
	const struct pst_findings *findings = &message->findings;

	if (message->is_test) {
		pst_counter_add(PST_COUNTER_TEST_MESSAGES, 0, 1);
		return;
	}
	pst_counter_time(PST_COUNTER_MESSAGE_MS, message->elapsed_ms);
	pst_counter_add(PST_COUNTER_EXEMPT, findings->exempt, 1);
	if (findings->exempt == PST_EXEMPT_NO)
		count_results(findings);
	if (message->dns != NULL)
		count_answers(message->dns);
	count_action(message);
}

void
pst_counters_dns_health(enum pst_dns_observation observed)
{
	switch (observed) {
	case PST_DNS_OBSERVED_NOTHING:
		return;
	case PST_DNS_OBSERVED_ANSWERS:
		pst_counter_since(PST_COUNTER_DNS_FAILING_SINCE, false);
		return;
	case PST_DNS_OBSERVED_FAILURE:
		pst_counter_since(PST_COUNTER_DNS_FAILING_SINCE, true);
		return;
	}
}

/* A flight is over. */
static void
count_end(const struct pst_resolver_note *note)
{
	bool given_up = note->event == PST_RESOLVER_GIVEN_UP;

	pst_counter_change(PST_COUNTER_DNS_OPEN, -1);
	pst_counter_add(PST_COUNTER_DNS_OUTCOMES,
	    pst_dns_outcome_place(note->type, note->status, given_up), 1);
	pst_slow_questions_note(note);
}

void
pst_counters_resolver(const struct pst_resolver_note *note)
{
	switch (note->event) {
	case PST_RESOLVER_CACHED:
		pst_counter_add(PST_COUNTER_DNS_CACHED, 0, 1);
		return;
	case PST_RESOLVER_ASKED:
		pst_counter_add(PST_COUNTER_DNS_MISSED, 0, 1);
		pst_counter_add(PST_COUNTER_DNS_QUERIES, 0, 1);
		pst_counter_change(PST_COUNTER_DNS_OPEN, 1);
		return;
	case PST_RESOLVER_JOINED:
		pst_counter_add(PST_COUNTER_DNS_MISSED, 0, 1);
		pst_counter_add(PST_COUNTER_DNS_JOINED, 0, 1);
		return;
	case PST_RESOLVER_REFUSED:
		pst_counter_add(PST_COUNTER_DNS_MISSED, 0, 1);
		/* Place 0 is the first verdict that refuses. */
		pst_counter_add(PST_COUNTER_DNS_REFUSED, note->verdict - 1u, 1);
		return;
	case PST_RESOLVER_ANSWERED:
		pst_counter_time(PST_COUNTER_DNS_MS, note->ms);
		count_end(note);
		return;
	case PST_RESOLVER_DISPLACED:
		pst_counter_add(PST_COUNTER_DNS_DISPLACED, 0, 1);
		count_end(note);
		return;
	case PST_RESOLVER_GIVEN_UP:
		count_end(note);
		return;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/temperror.h"

#include <assert.h>

#include "core/local_checks.h"
#include "core/own_domains.h"
#include "core/unauthenticated.h"

/* A failed look-up. Of two with the same action, the first one counts. */
struct cause {
	const char *rule;
	const char *capped; /* the rule's name if the cap turned tempfail into
	                       tag */
	const char *xcode;
};

/* By the look-up that failed, whose code the reply has. */
struct causes {
	struct cause policy, dkim, spf;
};

#define CAUSES(rule)                                                           \
	{                                                                      \
		{rule, rule "-capped", "4.4.3"},                               \
		    {rule, rule "-capped", "4.7.5"},                           \
		    {rule, rule "-capped", "4.7.24"},                          \
	}

static const struct causes of_dmarc = CAUSES("dmarc-temperror");
static const struct causes of_unauthenticated =
    CAUSES("unauthenticated-temperror");
static const struct causes of_own = CAUSES("own-domain-temperror");
static const struct cause dkim_alone = {
    "dkim-temperror", "dkim-temperror-capped", "4.7.5"};
static const struct cause spf_alone = {
    "spf-temperror", "spf-temperror-capped", "4.7.24"};
static const struct cause iprev_alone = {
    "iprev-temperror", "iprev-temperror-capped", "4.7.25"};

static const struct cause networks = {
    PST_POLICY_NETWORKS_UNKNOWN, PST_POLICY_NETWORKS_UNKNOWN, "4.4.3"};

struct choice {
	const struct cause *cause; /* NULL: none so far */
	enum pst_action action;
};

static void
weigh(
    struct choice *best, enum pst_action action, const struct cause *candidate)
{
	if (best->cause != NULL &&
	    !pst_action_is_stricter(action, best->action))
		return;
	best->cause = candidate;
	best->action = action;
}

/* The cap applies to the strictest action, so it comes after weighing them. */
static void
conclude(const struct choice *best, bool capped, struct pst_temperror *out)
{
	bool lowered = capped && best->action == PST_ACTION_TEMPFAIL;

	out->action = lowered ? PST_ACTION_TAG : best->action;
	out->rule = lowered ? best->cause->capped : best->cause->rule;
	out->xcode = best->cause->xcode;
}

static enum pst_action
part_of_dmarc(const struct pst_config *config, enum pst_look_up_action own)
{
	return pst_look_up_action(own, config->on_temperror);
}

static bool
has_sig(const struct pst_dkim *dkim, enum pst_result result)
{
	for (size_t i = 0; i < dkim->count; i++) {
		if (dkim->sigs[i].result == result)
			return true;
	}
	return false;
}

/*
 * Collects the look-ups that keep it from being known what the policy is, or
 * whether something vouches for the author. all: also those that are overdue.
 */
static struct choice
weigh_causes(const struct pst_config *config,
    const struct pst_findings *findings, const struct causes *causes, bool all)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	bool policy = !pst_dmarc_is_certain(dmarc->knowledge);
	bool spf = all || !findings->spf_overdue;
	bool walk = dmarc->spf_may_align && spf;
	bool key = false;
	struct choice best = {NULL, PST_ACTION_ACCEPT};

	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->overdue && !all)
			continue;
		walk = walk || sig->may_align;
		key = key ||
		    (sig->aligned && sig->result == PST_RESULT_TEMPERROR);
	}
	/* Without a policy, the other look-ups do not decide anything yet. */
	if (policy && (all || !findings->policy_overdue))
		weigh(&best, part_of_dmarc(config, config->on_policy_temperror),
		    &causes->policy);
	if (key)
		weigh(&best, part_of_dmarc(config, config->on_dkim_temperror),
		    &causes->dkim);
	if (dmarc->spf_undecided && spf)
		weigh(&best, part_of_dmarc(config, config->on_spf_temperror),
		    &causes->spf);
	if (walk)
		weigh(&best, part_of_dmarc(config, config->on_policy_temperror),
		    &causes->policy);
	return best;
}

bool
pst_temperror_is_deferring(enum pst_course course)
{
	return course == PST_COURSE_DEFER || course == PST_COURSE_TAG;
}

enum pst_course
pst_temperror_of_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	enum pst_known_policy policy = pst_undetermined_policy(dmarc);
	enum pst_deferring_cap cap = PST_CAP_NOT_REACHED;
	enum pst_course course =
	    pst_undetermined_course(policy, dmarc->identifiers, cap);
	struct choice best;

	if (course != PST_COURSE_DEFER)
		return course;
	best = weigh_causes(config, findings, &of_dmarc, false);
	if (best.cause == NULL) {
		cap = PST_CAP_DOMAIN;
		best = weigh_causes(config, findings, &of_dmarc, true);
		assert(best.cause != NULL);
	}
	if (findings->temperror_capped)
		cap = PST_CAP_RESOLVER;
	/* The caps end tempfail only; the other actions let mail through. */
	if (best.action == PST_ACTION_TEMPFAIL)
		course =
		    pst_undetermined_course(policy, dmarc->identifiers, cap);
	conclude(&best, course == PST_COURSE_TAG, out);
	return course;
}

/* As pst_temperror_of_unauthenticated(), before any cap but temperror-domain-cap. */
static enum pst_course
weigh_unauthenticated(const struct pst_config *config,
    const struct pst_findings *findings, struct choice *best)
{
	enum pst_deferring_cap cap = PST_CAP_NOT_REACHED;
	enum pst_dmarc_identifiers identifiers;

	if (pst_unauthenticated_domain(config, findings, &identifiers) == NULL)
		return PST_COURSE_ACCEPT;
	if (identifiers == PST_DMARC_UNDETERMINED) {
		*best =
		    weigh_causes(config, findings, &of_unauthenticated, false);
		if (best->cause == NULL) {
			cap = PST_CAP_DOMAIN;
			*best = weigh_causes(
			    config, findings, &of_unauthenticated, true);
		}
		/* An older recorded message, without what was not asked. */
		if (best->cause == NULL)
			return PST_COURSE_ACCEPT;
	}
	return pst_undetermined_course(PST_KNOWN_ENFORCING, identifiers, cap);
}

enum pst_course
pst_temperror_of_unauthenticated(
    const struct pst_config *config, const struct pst_findings *findings)
{
	struct choice best = {NULL, PST_ACTION_ACCEPT};

	return weigh_unauthenticated(config, findings, &best);
}

enum pst_course
pst_temperror_of_own(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out)
{
	enum pst_deferring_cap cap =
	    findings->temperror_capped ? PST_CAP_RESOLVER : PST_CAP_NOT_REACHED;
	struct choice best = weigh_causes(config, findings, &of_own, false);
	enum pst_course course;

	if (best.cause == NULL) {
		best = weigh_causes(config, findings, &of_own, true);
		/* An older recorded message, without what was not asked. */
		if (best.cause == NULL)
			best.cause = &of_own.policy;
		else if (!findings->temperror_capped)
			cap = PST_CAP_DOMAIN;
	}
	course = pst_undetermined_course(
	    PST_KNOWN_ENFORCING, PST_DMARC_UNDETERMINED, cap);
	best.action = PST_ACTION_TEMPFAIL;
	conclude(&best, course == PST_COURSE_TAG, out);
	return course;
}

/* `same` does nothing here: on-temperror is about the DMARC result only. */
static enum pst_action
beside_dmarc(enum pst_look_up_action own)
{
	return pst_look_up_action(own, PST_ACTION_ACCEPT);
}

static void
weigh_alone(
    struct choice *best, enum pst_action action, const struct cause *cause)
{
	if (action != PST_ACTION_ACCEPT)
		weigh(best, action, cause);
}

bool
pst_temperror_beside(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out)
{
	enum pst_result dmarc = findings->dmarc.judged;
	bool no_verdict =
	    dmarc == PST_RESULT_NONE || dmarc == PST_RESULT_PERMERROR;
	struct choice best = {NULL, PST_ACTION_ACCEPT};
	struct choice vouching = best;

	if (weigh_unauthenticated(config, findings, &vouching) ==
	    PST_COURSE_DEFER)
		weigh_alone(&best, vouching.action, vouching.cause);
	if (pst_unauthenticated_is_unsure(config, findings) &&
	    pst_temperror_of_unauthenticated(config, findings) ==
		PST_COURSE_APPLY)
		weigh_alone(&best, PST_ACTION_TEMPFAIL, &networks);
	if (no_verdict && has_sig(&findings->dkim, PST_RESULT_TEMPERROR) &&
	    !has_sig(&findings->dkim, PST_RESULT_PASS))
		weigh_alone(&best, beside_dmarc(config->on_dkim_temperror),
		    &dkim_alone);
	if (no_verdict && findings->spf.result == PST_RESULT_TEMPERROR)
		weigh_alone(
		    &best, beside_dmarc(config->on_spf_temperror), &spf_alone);
	if (dmarc != PST_RESULT_PASS && findings->has_iprev &&
	    findings->iprev.result == PST_RESULT_TEMPERROR)
		weigh_alone(&best, config->on_iprev_temperror, &iprev_alone);
	if (best.cause == NULL)
		return false;
	conclude(&best, findings->temperror_capped, out);
	return true;
}

void
pst_temperror_of_networks(
    const struct pst_findings *findings, struct pst_temperror *out)
{
	const struct choice best = {&networks, PST_ACTION_TEMPFAIL};

	conclude(&best, findings->temperror_capped, out);
}

bool
pst_temperror_is_felt(
    const struct pst_config *config, const struct pst_findings *findings)
{
	struct pst_temperror found;

	return findings->dmarc.judged == PST_RESULT_TEMPERROR ||
	    pst_temperror_beside(config, findings, &found) ||
	    pst_own_domains_wait(config, findings);
}

bool
pst_temperror_may_defer(const struct pst_config *config)
{
	const enum pst_action tempfail = PST_ACTION_TEMPFAIL;

	return part_of_dmarc(config, config->on_policy_temperror) == tempfail ||
	    part_of_dmarc(config, config->on_spf_temperror) == tempfail ||
	    part_of_dmarc(config, config->on_dkim_temperror) == tempfail ||
	    config->on_iprev_temperror == PST_ACTION_TEMPFAIL ||
	    (config->own_domains.written.count > 0 &&
		config->on_own_domain != PST_ACTION_ACCEPT);
}

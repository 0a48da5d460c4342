/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/temperror.h"

#include "core/local_checks.h"

/* A failed look-up. Of two with the same action, the first one counts. */
struct cause {
	const char *rule;
	const char *capped; /* the rule's name if the cap turned tempfail into
	                       tag */
	const char *xcode;
};

static const struct cause dmarc_by_dkim = {
    "dmarc-temperror", "dmarc-temperror-capped", "4.7.5"};
static const struct cause dmarc_by_spf = {
    "dmarc-temperror", "dmarc-temperror-capped", "4.7.24"};
static const struct cause dmarc_by_policy = {
    "dmarc-temperror", "dmarc-temperror-capped", "4.4.3"};
static const struct cause dkim_alone = {
    "dkim-temperror", "dkim-temperror-capped", "4.7.5"};
static const struct cause spf_alone = {
    "spf-temperror", "spf-temperror-capped", "4.7.24"};
static const struct cause iprev_alone = {
    "iprev-temperror", "iprev-temperror-capped", "4.7.25"};

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
has_sig(const struct pst_dkim *dkim, enum pst_result result, bool aligned)
{
	for (size_t i = 0; i < dkim->count; i++) {
		if (dkim->sigs[i].result == result &&
		    (dkim->sigs[i].aligned || !aligned))
			return true;
	}
	return false;
}

bool
pst_temperror_of_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_temperror *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	struct choice best = {NULL, PST_ACTION_ACCEPT};

	if (dmarc->result != PST_RESULT_TEMPERROR)
		return false;
	if (has_sig(&findings->dkim, PST_RESULT_TEMPERROR, true))
		weigh(&best, part_of_dmarc(config, config->on_dkim_temperror),
		    &dmarc_by_dkim);
	if (dmarc->spf_undecided)
		weigh(&best, part_of_dmarc(config, config->on_spf_temperror),
		    &dmarc_by_spf);
	/* If it was neither, the policy or the tree walk to it has failed. */
	if (dmarc->align_undecided || best.cause == NULL)
		weigh(&best, part_of_dmarc(config, config->on_policy_temperror),
		    &dmarc_by_policy);
	conclude(&best, findings->temperror_capped, out);
	return true;
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
	enum pst_result dmarc = findings->dmarc.result;
	bool no_verdict =
	    dmarc == PST_RESULT_NONE || dmarc == PST_RESULT_PERMERROR;
	struct choice best = {NULL, PST_ACTION_ACCEPT};

	if (no_verdict &&
	    has_sig(&findings->dkim, PST_RESULT_TEMPERROR, false) &&
	    !has_sig(&findings->dkim, PST_RESULT_PASS, false))
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

bool
pst_temperror_is_felt(
    const struct pst_config *config, const struct pst_findings *findings)
{
	struct pst_temperror found;

	return pst_temperror_of_dmarc(config, findings, &found) ||
	    pst_temperror_beside(config, findings, &found);
}

bool
pst_temperror_may_defer(const struct pst_config *config)
{
	const enum pst_action tempfail = PST_ACTION_TEMPFAIL;

	return part_of_dmarc(config, config->on_policy_temperror) == tempfail ||
	    part_of_dmarc(config, config->on_spf_temperror) == tempfail ||
	    part_of_dmarc(config, config->on_dkim_temperror) == tempfail ||
	    config->on_iprev_temperror == PST_ACTION_TEMPFAIL;
}

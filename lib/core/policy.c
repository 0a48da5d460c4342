/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include <assert.h>

#include "base/buf.h"
#include "core/edits.h"
#include "core/enforcement.h"
#include "core/remark.h"
#include "core/rule_match.h"
#include "core/local_checks.h"
#include "core/own_domains.h"
#include "core/strip.h"
#include "core/temperror.h"

#define MAX_REPLY_TEXT 480

/* The code of a tempfail that is not due to a look-up. */
#define NO_LOOK_UP "4.7.1"
/* That of one that is due to some look-up. */
#define LOOK_UP "4.4.3"

/*
 * What has been decided, before it is known what the MTA can do and whether the
 * decision is carried out. {domain} and {reason} in texts are not filled in.
 */
struct verdict {
	enum pst_action action;
	const char *rule;
	const char *xcode; /* for reject */
	const char *text;  /* for reject */
	const char *later; /* text for tempfail */
	const char *later_xcode;
	const char *domain; /* for {domain}; NULL: no single domain */
	const char *reason; /* for {reason}; NULL: leave {reason} as it is */
	const char *hold;   /* for quarantine: why the message is held */
	enum pst_reason override;
	const char *comment;
	const struct pst_rule *by; /* the operator's rule; NULL: not by one */
	bool undecided;            /* see pst_decision */
};

/*
 * Fills in the placeholder that text begins with. Returns its length, 0 if text
 * does not begin with one.
 */
static size_t
fill_mark(struct pst_buf *buf, const char *text, const struct verdict *v)
{
	static const struct pst_str domain = PST_STR_INIT("{domain}");
	static const struct pst_str reason = PST_STR_INIT("{reason}");

	if (pst_str_starts(pst_str(text), domain)) {
		pst_buf_add_text(
		    buf, v->domain == NULL ? "the sender" : v->domain);
		return domain.len;
	}
	if (v->reason != NULL && pst_str_starts(pst_str(text), reason)) {
		pst_buf_add_text(buf, v->reason);
		return reason.len;
	}
	return 0;
}

void
pst_policy_chain(struct pst_arena *arena, const struct pst_config *config,
    struct pst_findings *findings)
{
	const struct pst_arc *arc = &findings->arc;

	if (arc->result != PST_RESULT_PASS ||
	    !pst_domain_set_has(&config->arc.trusted_sealers.set, arc->sealer))
		return;
	findings->arc_sealer = arc->sealer;
	findings->indirect_comment = pst_arc_comment(arena, arc);
}

/* Returns the operator's text with its placeholders filled in. */
static const char *
fill_text(struct pst_arena *arena, const char *text, const struct verdict *v)
{
	struct pst_buf buf;
	struct pst_str filled;
	size_t len;

	pst_buf_init(&buf, arena, MAX_REPLY_TEXT);
	while (*text != '\0') {
		len = fill_mark(&buf, text, v);
		if (len == 0)
			pst_buf_add_char(&buf, *text++);
		text += len;
	}
	/* If the text is too long, with long domains, its end is cut. */
	filled = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, filled.ptr, filled.len);
}

static void
decide(struct verdict *out, enum pst_action action, const char *rule)
{
	out->action = action;
	out->rule = rule;
}

/* For an option that lowers or raises what the sender's policy asks for. */
static void
decide_locally(struct verdict *out, enum pst_action action, const char *rule,
    const char *comment)
{
	decide(out, action, rule);
	out->override = PST_REASON_LOCAL_POLICY;
	out->comment = comment;
}

static void
decide_malformed(const struct pst_config *config, enum pst_from_fault fault,
    struct verdict *out)
{
	switch (fault) {
	case PST_FROM_MISSING:
		decide(out, config->on_missing_from, "from-missing");
		return;
	case PST_FROM_SEVERAL:
		decide(out, config->on_several_from, "from-several-fields");
		return;
	case PST_FROM_ENCODED:
		decide(out, config->on_encoded_from, "from-encoded");
		return;
	case PST_FROM_WELL_FORMED: /* too many domains */
	case PST_FROM_GRAMMAR:
		decide(out, config->on_malformed_from, "from-malformed");
		return;
	}
	assert(false);
}

/* R-DMARC-7 to R-DMARC-9. False if the From field is not a reason to act. */
static bool
read_from(const struct pst_config *config, const struct pst_findings *findings,
    struct verdict *out)
{
	out->xcode = "5.6.0";
	out->text = config->malformed_text;
	out->hold = "Postern: no single sender domain";
	switch (findings->from.verdict) {
	case PST_FROM_SINGLE:
		return false;
	case PST_FROM_NONE:
		decide(out, config->on_no_author_domain, "from-no-domain");
		return config->on_no_author_domain != PST_ACTION_ACCEPT;
	case PST_FROM_MALFORMED:
		decide_malformed(config, findings->from.fault, out);
		return true;
	case PST_FROM_MULTI:
		if (!config->dmarc.evaluate_all) {
			decide(out, config->on_multiple_from, "from-multiple");
			return true;
		}
		if (findings->from.domain_count <=
		    config->dmarc.max_author_domains)
			return false;
		decide_malformed(config, PST_FROM_WELL_FORMED, out);
		return true;
	}
	assert(false);
	return false;
}

/*
 * The From field counts unless the checks ask for something stricter. An odd
 * field must not switch off what a proper one would have led to.
 */
static void
decide_from(const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	struct verdict own = {
	    .later = out->later, .later_xcode = out->later_xcode};

	if (!read_from(config, findings, &own) ||
	    pst_action_is_stricter(out->action, own.action))
		return;
	if (findings->dmarc.judged == PST_RESULT_FAIL) {
		own.override = PST_REASON_LOCAL_POLICY;
		own.comment = own.rule;
	}
	*out = own;
}

static void
wait_for_networks(const struct pst_findings *findings, struct verdict *out)
{
	struct pst_temperror temperror;

	pst_temperror_of_networks(findings, &temperror);
	decide(out, temperror.action, temperror.rule);
	out->later_xcode = temperror.xcode;
}

/*
 * R-DMARC-43, -48: a policy of reject alone is not a reason to refuse a
 * message.
 */
static void
decide_reject(const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	enum pst_action quarantine = config->on_quarantine;

	switch (config->on_reject) {
	case PST_ON_REJECT_UNLESS_INDIRECT:
		if (findings->indirect != NULL)
			decide_locally(out, quarantine, "dmarc-reject-indirect",
			    findings->indirect_comment != NULL ?
				findings->indirect_comment :
				findings->indirect);
		else if (findings->unverified != NULL)
			decide_locally(out, quarantine,
			    "dmarc-reject-unverified", findings->unverified);
		else if (findings->forwarder_unsure)
			wait_for_networks(findings, out);
		else
			decide(out, PST_ACTION_REJECT, "dmarc-reject");
		return;
	case PST_ON_REJECT_ALWAYS:
		decide(out, PST_ACTION_REJECT, "dmarc-reject");
		return;
	case PST_ON_REJECT_QUARANTINE:
		decide_locally(out, quarantine, "dmarc-reject-lowered",
		    "on-reject = quarantine");
		return;
	case PST_ON_REJECT_ACCEPT:
		decide_locally(out, PST_ACTION_ACCEPT, "dmarc-reject-ignored",
		    "on-reject = accept");
		return;
	}
	assert(false);
}

/*
 * Follows the policy. A temperror gets here if the policy is none, or after
 * temperror-domain-cap; it then counts as a failure.
 */
static void
apply_policy(const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	if (dmarc->judged != PST_RESULT_FAIL &&
	    dmarc->judged != PST_RESULT_TEMPERROR) {
		decide(out, PST_ACTION_ACCEPT, "default");
		return;
	}
	if (dmarc->effective != dmarc->published)
		out->override = PST_REASON_POLICY_TEST_MODE;
	switch (dmarc->effective) {
	case PST_DMARC_NONE:
		decide(out, PST_ACTION_ACCEPT, "dmarc-none");
		return;
	case PST_DMARC_QUARANTINE:
		decide(out, config->on_quarantine, "dmarc-quarantine");
		return;
	case PST_DMARC_REJECT:
		decide_reject(config, findings, out);
		return;
	}
	assert(false);
}

static void
decide_dmarc(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	struct pst_temperror temperror;

	out->xcode = "5.7.26";
	out->text = config->reject_text;
	out->domain = dmarc->author_domain;
	out->hold = dmarc->author_domain == NULL ?
	    "Postern: no single sender domain" :
	    pst_arena_printf(
		arena, "Postern: DMARC policy of %s", dmarc->author_domain);
	switch (pst_temperror_of_dmarc(config, findings, &temperror)) {
	case PST_COURSE_DEFER:
	case PST_COURSE_TAG:
		decide(out, temperror.action, temperror.rule);
		out->later_xcode = temperror.xcode;
		return;
	case PST_COURSE_ACCEPT:
	case PST_COURSE_APPLY:
		apply_policy(config, findings, out);
		return;
	}
	assert(false);
}

/* Replaces an action that the MTA does not offer (R-MTA-13). */
static enum pst_action
possible(const struct pst_config *config, const struct pst_mta *mta,
    enum pst_action action)
{
	if (action == PST_ACTION_QUARANTINE && !mta->can_quarantine)
		action = config->quarantine_fallback;
	if (action == PST_ACTION_TAG && !mta->can_add_headers)
		action = PST_ACTION_ACCEPT;
	return action;
}

/* A look-up that fails for now proves nothing: the message may come later. */
static void
defer_instead(const struct pst_config *config, struct verdict *out)
{
	out->action = PST_ACTION_TEMPFAIL;
	out->later = config->tempfail_text;
	if (strcmp(out->later_xcode, NO_LOOK_UP) == 0)
		out->later_xcode = LOOK_UP;
}

static void
decide_by_rule(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, const struct pst_rule *rule,
    struct verdict *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	bool failed = dmarc->judged == PST_RESULT_FAIL;
	struct pst_temperror temperror;

	decide(out, rule->action, rule->title);
	out->by = rule;
	out->xcode = failed ? "5.7.26" : "5.7.1";
	out->text = rule->reply == NULL ? config->refused_text : rule->reply;
	out->later = out->text;
	/* If the rule defers because of a temperror, use its code. */
	if (pst_temperror_is_deferring(
		pst_temperror_of_dmarc(config, findings, &temperror)))
		out->later_xcode = temperror.xcode;
	out->domain = dmarc->author_domain;
	out->reason = failed && dmarc->author_domain != NULL ?
	    pst_arena_printf(arena, "DMARC fail for %s", dmarc->author_domain) :
	    "a rule set by this site";
	out->hold = pst_arena_printf(arena, "Postern: rule %s", rule->title);
	out->override = rule->reason;
	out->comment = rule->comment;
	if (out->undecided && rule->action == PST_ACTION_REJECT)
		defer_instead(config, out);
}

/* Local checks count if their action is stricter than that of DMARC. */
static void
decide_other(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	struct pst_local_action refusal;

	pst_local_checks_decide(arena, config, findings, &refusal);
	if (!pst_action_is_stricter(refusal.action, out->action))
		return;
	decide_locally(out, refusal.action, refusal.rule, refusal.rule);
	out->xcode = refusal.xcode;
	out->text = config->refused_text;
	out->later = config->refused_text;
	out->later_xcode = NO_LOOK_UP;
	out->reason = refusal.reason;
	out->hold = pst_arena_printf(arena, "Postern: %s", refusal.rule);
}

/* The same for checks other than DMARC for which the DNS did not answer. */
static void
decide_undecided(const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	struct pst_temperror temperror;

	if (!pst_temperror_beside(config, findings, &temperror) ||
	    !pst_action_is_stricter(temperror.action, out->action))
		return;
	decide_locally(out, temperror.action, temperror.rule, temperror.rule);
	out->later = config->tempfail_text;
	out->later_xcode = temperror.xcode;
}

/* So does mail in our own name. */
static void
decide_own(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	struct pst_own_refusal refusal;

	if (!pst_own_domains_decide(arena, config, findings, &refusal) ||
	    !pst_action_is_stricter(refusal.action, out->action))
		return;
	decide_locally(out, refusal.action, refusal.rule, refusal.rule);
	out->xcode = refusal.xcode;
	out->text = config->refused_text;
	out->later = config->tempfail_text;
	out->later_xcode = refusal.xcode;
	out->domain = refusal.domain;
	out->reason = refusal.reason;
	out->hold = pst_arena_printf(arena, "Postern: %s", refusal.rule);
}

static void
decide_without_rule(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct verdict *out)
{
	decide_dmarc(arena, config, findings, out);
	decide_from(config, findings, out);
	decide_own(arena, config, findings, out);
	decide_other(arena, config, findings, out);
	decide_undecided(config, findings, out);
}

static bool
is_refusal(enum pst_action action)
{
	return action == PST_ACTION_REJECT || action == PST_ACTION_TEMPFAIL;
}

/*
 * Defers the message if a rule before the one that has matched (NULL: none has)
 * would refuse it, or keep it from being refused, if its networks were known.
 */
static void
decide_unsure_rules(const struct pst_config *config,
    const struct pst_findings *findings, const struct pst_rule_facts *facts,
    const struct pst_rule *matched, struct verdict *out)
{
	const struct pst_rules *rules = &config->rules;

	if (!findings->forwarder_unsure &&
	    !pst_client_nets_are_unsure(findings->client_nets))
		return;
	for (size_t i = 0; i < rules->count; i++) {
		if (&rules->items[i] == matched ||
		    out->action == PST_ACTION_TEMPFAIL)
			return;
		if (is_refusal(rules->items[i].action) ==
			is_refusal(out->action) ||
		    !pst_rule_match_could(rules, i, facts))
			continue;
		*out = (struct verdict){
		    .later = config->tempfail_text, .domain = out->domain};
		wait_for_networks(findings, out);
		return;
	}
}

/*
 * A sender can cause a look-up to fail, so a rule of which a condition is not
 * decided must not keep away what would be done without it: it counts unless
 * what comes after it is stricter.
 */
static void
decide_all(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const struct pst_findings *findings,
    struct verdict *out)
{
	const struct verdict start = *out;
	const struct pst_rule *rule = NULL;
	struct pst_rule_facts facts;
	struct verdict next;

	if (config->rules.count > 0)
		pst_rule_facts_make(arena, header, findings, &facts);
	do {
		next = start;
		if (config->rules.count > 0)
			rule =
			    pst_rule_match_next(&config->rules, rule, &facts);
		if (rule != NULL) {
			next.undecided = pst_rule_match_is_undecided(
			    &config->rules, rule, &facts);
			decide_by_rule(arena, config, findings, rule, &next);
		} else {
			decide_without_rule(arena, config, findings, &next);
		}
		if (out->rule == NULL ||
		    pst_action_is_stricter(next.action, out->action))
			*out = next;
	} while (next.undecided);
	if (config->rules.count > 0)
		decide_unsure_rules(config, findings, &facts, rule, out);
}

/*
 * A message with more fields to remove than are counted cannot be delivered: a
 * forged one would stay in it. No rule of the operator is meant for that.
 */
static void
decide_over(const struct pst_config *config, const struct pst_mta *mta,
    const struct pst_header *header, struct verdict *out)
{
	if (!pst_strip_is_over(mta, header))
		return;
	decide_locally(out, PST_ACTION_REJECT, "header-flood", "header-flood");
	out->by = NULL;
	out->xcode = "5.6.0";
	out->text = config->refused_text;
	out->reason = "the message has too many different header fields that "
		      "only a filter of the recipient may add";
}

static void
set_reply(
    struct pst_arena *arena, const struct verdict *v, struct pst_decision *out)
{
	switch (out->action) {
	case PST_ACTION_ACCEPT:
	case PST_ACTION_TAG:
		return;
	case PST_ACTION_QUARANTINE:
		out->quarantine_reason = v->hold;
		return;
	case PST_ACTION_REJECT:
		out->code = 550;
		out->xcode = v->xcode;
		out->text = fill_text(arena, v->text, v);
		return;
	case PST_ACTION_TEMPFAIL:
		out->code = 451;
		out->xcode = v->later_xcode;
		out->text = fill_text(arena, v->later, v);
		return;
	}
	assert(false);
}

/* Turns the verdict into the decision, whether it is carried out or not. */
static void
conclude(const struct pst_config *config, const struct pst_mta *mta,
    const struct verdict *v, struct pst_decision *out)
{
	out->rule = v->rule;
	out->titled = v->by != NULL;
	out->undecided = v->undecided;
	out->reason = v->override;
	out->comment = v->comment;
	out->would = possible(config, mta, v->action);
	out->action = out->monitored ? PST_ACTION_ACCEPT : out->would;
	out->skip = v->by != NULL && v->by->skip && !out->monitored;
	out->by = out->monitored ? NULL : v->by;
	if (out->action == out->would)
		return;
	out->reason = PST_REASON_LOCAL_POLICY;
	out->comment = "not enforced";
}

void
pst_policy_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *out)
{
	struct verdict v = {
	    .action = PST_ACTION_ACCEPT,
	    .later = config->tempfail_text,
	    .later_xcode = NO_LOOK_UP,
	};
	enum pst_enforcement enforcement;
	bool mixed;

	memset(out, 0, sizeof(*out));
	enforcement = pst_enforcement_of_all(config, findings, &mixed);
	out->monitored = enforcement == PST_MONITORED;
	out->unsure = enforcement == PST_ENFORCEMENT_UNSURE;
	if (findings->exempt != PST_EXEMPT_NO)
		decide(
		    &v, PST_ACTION_ACCEPT, pst_exempt_word(findings->exempt));
	else
		decide_all(arena, config, header, findings, &v);
	if (findings->exempt == PST_EXEMPT_NO)
		decide_over(config, mta, header, &v);
	conclude(config, mta, &v, out);
	/* If nothing but our result field is added, all get the same. */
	if (mixed && (out->action != PST_ACTION_ACCEPT || out->skip))
		out->mixed = PST_MIXED_WORD_STRICTEST;
	set_reply(arena, &v, out);
	if (config->authres_comments && mta->can_add_headers)
		out->remark = pst_remark_of(arena, findings, out);
	pst_edits_make(arena, config, mta, authserv_id, header, findings, out);
}

struct pst_done
pst_done_as_decided(const struct pst_decision *decision)
{
	return (struct pst_done){
	    .action = decision->action,
	    .code = decision->code,
	    .edited = true,
	};
}

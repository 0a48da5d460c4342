/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/replay.h"

#include <string.h>

#include "base/macros.h"
#include "core/check.h"
#include "core/enforcement.h"
#include "core/exempt.h"
#include "core/indirect.h"
#include "core/own_domains.h"
#include "core/parts.h"
#include "core/recipients.h"
#include "core/relay.h"
#include "core/temperror.h"

struct replaying {
	struct pst_arena *arena;
	const struct pst_recorded *recorded;
	const struct pst_message *message;
	const struct pst_config *config;
	struct pst_findings findings; /* as they are with this configuration */
	struct pst_replay *out;
};

/* The first doubt is said. What is not checked passes in any case. */
static void
doubt(struct replaying *replaying, const char *why)
{
	if (replaying->out->doubt == NULL &&
	    replaying->findings.exempt == PST_EXEMPT_NO)
		replaying->out->doubt = why;
}

static bool
is_same(const struct replaying *replaying, enum pst_fingerprint part)
{
	return replaying->recorded->same[part];
}

/* ---- exemption ---- */

static const char *
unchecked(enum pst_exempt why)
{
	switch (why) {
	case PST_EXEMPT_NO:
		return NULL;
	case PST_EXEMPT_TRUSTED:
		return "it was not checked then, as its client was in "
		       "trusted-networks";
	case PST_EXEMPT_AUTHENTICATED:
		return "it was not checked then, as its client had logged in";
	case PST_EXEMPT_SUBMISSION:
		return "it was not checked then, as mail of our own users";
	case PST_EXEMPT_NO_ADDRESS:
		return "it was not checked then, as its client had no address";
	case PST_EXEMPT_RELAY:
		return "it was not checked then, as the client of the relay "
		       "was not certain";
	case PST_EXEMPT_SIGNING:
		return "it was not checked then, as mail of our own that is "
		       "signed";
	}
	return NULL;
}

/*
 * Mail of a relay of ours: its Received fields are not in the entry, so what was
 * found in them then is used.
 */
static enum pst_exempt
behind_relay(struct replaying *replaying)
{
	const struct pst_message *message = replaying->message;
	bool relays = is_same(replaying, PST_FINGERPRINT_RELAYS);
	bool was_relayed = message->via.family != PST_IP_NONE;
	enum pst_exempt was = message->findings.exempt;

	if (was != PST_EXEMPT_NO)
		return was == PST_EXEMPT_RELAY && relays &&
			is_same(replaying, PST_FINGERPRINT_TRUSTED) ?
		    was :
		    PST_EXEMPT_NO;
	if (!was_relayed || !relays)
		doubt(replaying,
		    "which client sent it to the relay is not in the entry");
	return was_relayed &&
		pst_net_set_has(&replaying->config->trusted_networks.set,
		    &message->client) ?
	    PST_EXEMPT_RELAY :
	    PST_EXEMPT_NO;
}

/* Returns false if the message is to be checked and was not. */
static bool
judge_exemption(struct replaying *replaying)
{
	const struct pst_message *message = replaying->message;
	const struct pst_config *config = replaying->config;
	bool was_relayed = message->via.family != PST_IP_NONE;
	const struct pst_ip *ip =
	    was_relayed ? &message->via : &message->client;
	enum pst_exempt was = message->findings.exempt;
	enum pst_exempt now = pst_exempt_of(config, ip, message->authenticated);

	if (now == PST_EXEMPT_NO && pst_relay_is_own(config, ip))
		now = behind_relay(replaying);
	else if (now == PST_EXEMPT_NO && was_relayed)
		doubt(replaying,
		    "then the client of the relay was checked, not the relay");
	replaying->findings.exempt = now;
	if (now != PST_EXEMPT_NO || was == PST_EXEMPT_NO)
		return true;
	doubt(replaying, unchecked(was));
	return false;
}

/* ---- recipients ---- */

static void
judge_kinds(struct replaying *replaying)
{
	const struct pst_rcpts *rcpts = &replaying->message->rcpts;
	bool *kinds = replaying->findings.rcpt_kinds;

	if (pst_enforcement_differs(replaying->config) &&
	    is_same(replaying, PST_FINGERPRINT_RCPTS))
		return;
	if (pst_enforcement_differs(replaying->config) &&
	    replaying->recorded->rcpts == PST_RECORDED_RCPTS_NONE) {
		doubt(replaying,
		    "its recipients are not in the entry "
		    "(journal.recipients = none)");
		return;
	}
	memset(kinds, 0, sizeof(replaying->findings.rcpt_kinds));
	if (!pst_enforcement_differs(replaying->config)) {
		kinds[PST_RCPT_CONFIGURED] = true;
		return;
	}
	for (size_t i = 0; i < rcpts->count; i++)
		kinds[pst_enforcement_kind(replaying->arena, replaying->config,
		    rcpts->items[i],
		    rcpts->as == NULL ? PST_STR("") : rcpts->as[i])] = true;
	if (rcpts->count < replaying->message->rcpt_count)
		doubt(replaying, "not all of its recipients are in the entry");
}

static bool
asks_for(const struct pst_config *config, enum pst_rule_option option)
{
	for (size_t i = 0; i < config->rules.count; i++)
		if (config->rules.items[i].written[option].line != 0)
			return true;
	return false;
}

/* The domains for the rules; they were not always needed. */
static void
judge_domains(struct replaying *replaying)
{
	const struct pst_rcpts *rcpts = &replaying->message->rcpts;
	struct pst_recipients *domains = &replaying->findings.rcpts;

	if (!asks_for(replaying->config, PST_RULE_RCPT_DOMAIN) ||
	    is_same(replaying, PST_FINGERPRINT_RULES))
		return;
	replaying->findings.rcpt_held = NULL;
	if (replaying->recorded->rcpts == PST_RECORDED_RCPTS_NONE)
		doubt(replaying,
		    "its recipients are not in the entry "
		    "(journal.recipients = none)");
	else if (domains->count > 0 || domains->unknown)
		return;
	else if (rcpts->count < replaying->message->rcpt_count)
		doubt(replaying, "not all of its recipients are in the entry");
	*domains = (struct pst_recipients){.count = 0};
	for (size_t i = 0; i < rcpts->count; i++)
		pst_recipients_add(replaying->arena, domains, rcpts->items[i]);
}

/* ---- checks that are made or not ---- */

static void
judge_arc(struct replaying *replaying)
{
	struct pst_findings *findings = &replaying->findings;
	bool had_arc = findings->has_arc;

	findings->has_arc = replaying->config->arc.verify;
	findings->arc_sealer = findings->indirect_comment = NULL;
	if (!findings->has_arc)
		return;
	if (!had_arc) {
		if (pst_header_count(
			replaying->message->header, PST_RECORDED_ARC_FIELD) > 0)
			doubt(replaying, "ARC was not verified then");
		findings->arc = (struct pst_arc){.result = PST_RESULT_NONE};
		return;
	}
	if (findings->arc.sets > 0 && !is_same(replaying, PST_FINGERPRINT_ARC))
		doubt(replaying, "ARC was verified with another max-sets then");
	pst_policy_chain(replaying->arena, replaying->config, findings);
}

static void
judge_iprev(struct replaying *replaying)
{
	const struct pst_config *config = replaying->config;
	struct pst_findings *findings = &replaying->findings;

	if (config->iprev.enabled && !findings->has_iprev &&
	    (config->on_iprev_fail != PST_ACTION_ACCEPT ||
		config->on_iprev_temperror != PST_ACTION_ACCEPT ||
		asks_for(config, PST_RULE_CLIENT_NAME)))
		doubt(replaying, "iprev was not checked then");
	findings->has_iprev &= config->iprev.enabled;
}

static void
judge_helo(struct replaying *replaying)
{
	const struct pst_message *message = replaying->message;
	const struct pst_config *config = replaying->config;
	struct pst_findings *findings = &replaying->findings;
	struct pst_path path;

	if (config->spf.check_helo && !findings->has_helo &&
	    pst_check_helo_decides(config)) {
		pst_reverse_path_parse(
		    replaying->arena, message->mail_from, &path);
		if (pst_check_helo_applies(
			replaying->arena, &path, message->helo))
			doubt(replaying,
			    "SPF was not checked for HELO then, or not waited "
			    "for");
	}
	findings->has_helo &= config->spf.check_helo;
}

static bool
has_temperror(const struct replaying *replaying)
{
	const struct pst_findings *findings = &replaying->findings;

	for (size_t i = 0; i < findings->dkim.count; i++)
		if (findings->dkim.sigs[i].result == PST_RESULT_TEMPERROR)
			return true;
	return findings->spf.result == PST_RESULT_TEMPERROR ||
	    findings->dmarc.judged == PST_RESULT_TEMPERROR ||
	    !pst_dmarc_is_certain(findings->dmarc.knowledge) ||
	    findings->dmarc.knowledge == PST_DMARC_REMEMBERED ||
	    (findings->has_helo &&
		findings->helo.result == PST_RESULT_TEMPERROR) ||
	    (findings->has_iprev &&
		findings->iprev.result == PST_RESULT_TEMPERROR);
}

/* Names what a check would find otherwise with these options. */
static void
judge_limits(struct replaying *replaying)
{
	const struct pst_findings *findings = &replaying->findings;
	const struct {
		enum pst_fingerprint part;
		bool matters;
		const char *why;
	} limits[] = {
	    {PST_FINGERPRINT_HEADER, true,
		"its header was read with other limits (section header)"},
	    {PST_FINGERPRINT_DMARC, true,
		"its policy was found with other options (section dmarc)"},
	    {PST_FINGERPRINT_AUTHORS, findings->from.domain_count > 1,
		"its From field was evaluated with other options "
		"(evaluate-all, max-author-domains)"},
	    {PST_FINGERPRINT_DKIM,
		findings->dkim.count > 0 || findings->dkim.unparsed > 0,
		"its signatures were checked with other options (section "
		"dkim)"},
	    {PST_FINGERPRINT_SPF,
		findings->spf.voids > 0 ||
		    (findings->has_helo && findings->helo.voids > 0),
		"SPF was checked with another limit (void-lookups)"},
	    {PST_FINGERPRINT_DNS, has_temperror(replaying),
		"a look-up failed, with other limits (section dns, deadline)"},
	    {PST_FINGERPRINT_CAPS, has_temperror(replaying),
		"a look-up failed, with another temperror-cap, "
		"temperror-domain-cap or remember"},
	};

	for (size_t i = 0; i < PST_COUNT(limits); i++)
		if (limits[i].matters && !is_same(replaying, limits[i].part))
			doubt(replaying, limits[i].why);
}

static void
judge_indirect(struct replaying *replaying)
{
	bool missed = false;
	const struct pst_indirect_input input = {
	    .config = replaying->config,
	    .now_epoch = replaying->message->began_s,
	    .known = pst_known_days_noted(
		replaying->arena, &replaying->findings, &missed),
	};

	pst_indirect_judge(replaying->arena, &input, &replaying->findings);
	if (missed)
		doubt(replaying,
		    "on how many days a domain was known then is not in the "
		    "entry");
}

/* Networks change, so only what was known of them then counts. */
static void
judge_networks(struct replaying *replaying)
{
	const struct pst_texts *names = &replaying->config->spf_names;

	for (size_t i = 0; i < names->count; i++)
		if (pst_client_nets_find(replaying->findings.client_nets,
			names->items[i]) == NULL)
			doubt(replaying,
			    "whether its client was in the networks of an SPF "
			    "record (spf:) then is not in the entry");
}

/* ---- the decision ---- */

static void
settle(struct replaying *replaying)
{
	struct pst_decision *decision = &replaying->out->decision;

	if (decision->mixed != NULL &&
	    pst_parts_are_wanted(replaying->config) &&
	    !pst_parts_settle_again(
		decision, replaying->message->decision.mixed))
		doubt(replaying, "messages were not split then");
	/* Without the secret it was not known then either. */
	if (decision->unsure && !replaying->message->decision.unsure)
		doubt(replaying,
		    "enforce-percent was 0 or 100 then, so whether this message "
		    "is in the share is not known");
}

static void
decide(struct replaying *replaying)
{
	const struct pst_message *message = replaying->message;
	const struct pst_config *config = replaying->config;

	pst_policy_decide(replaying->arena, config, &message->mta,
	    config->authserv_id[0] == '\0' ? message->authserv_id :
					     config->authserv_id,
	    message->header, &replaying->findings, &replaying->out->decision);
	settle(replaying);
}

static bool
is_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
differs(const struct pst_decision *a, const struct pst_decision *b)
{
	return a->action != b->action || a->would != b->would ||
	    a->code != b->code || !is_equal(a->rule, b->rule) ||
	    !is_equal(a->xcode, b->xcode) || !is_equal(a->text, b->text) ||
	    a->skip != b->skip;
}

/* Whether the configuration is certainly that of the message's listener. */
static bool
is_own_config(const struct pst_recorded *recorded)
{
	return recorded->socket != NULL ||
	    recorded->same[PST_FINGERPRINT_LISTENERS];
}

/* What From fields show is in the entry only if somebody asked for it. */
static void
judge_own(struct replaying *replaying)
{
	const struct pst_config *config = replaying->config;
	const struct pst_own_findings *own = replaying->findings.own;
	bool malformed =
	    replaying->findings.from.verdict == PST_FROM_MALFORMED &&
	    config->own_domains.written.count > 0;

	if ((own == NULL || !own->read) &&
	    (malformed || asks_for(config, PST_RULE_DISPLAY_NAME)))
		doubt(replaying,
		    "what its From field shows is not in the entry "
		    "(own-domains, display-name)");
	pst_own_domains_judge(
	    replaying->arena, config, NULL, &replaying->findings);
}

static void
judge_all(struct replaying *replaying)
{
	const struct pst_recorded *recorded = replaying->recorded;

	if (!is_own_config(recorded))
		doubt(replaying,
		    "other listeners have options of their own, and which one "
		    "took it is not in the entry");
	if (!judge_exemption(replaying)) {
		replaying->out->decision = replaying->message->decision;
		return;
	}
	judge_kinds(replaying);
	if (replaying->findings.exempt == PST_EXEMPT_NO) {
		judge_domains(replaying);
		judge_arc(replaying);
		judge_iprev(replaying);
		judge_helo(replaying);
		judge_limits(replaying);
		judge_networks(replaying);
		judge_indirect(replaying);
		judge_own(replaying);
	}
	decide(replaying);
}

void
pst_replay_decide(struct pst_arena *arena, const struct pst_recorded *recorded,
    struct pst_replay *out)
{
	const struct pst_message *message = &recorded->message;
	struct replaying replaying = {.arena = arena,
	    .recorded = recorded,
	    .message = message,
	    .config = message->config,
	    .findings = message->findings,
	    .out = out};

	memset(out, 0, sizeof(*out));
	judge_all(&replaying);
	out->is_changed = differs(&out->decision, &message->decision);
	if (recorded->cut && out->is_changed)
		doubt(&replaying, "the entry was too long and is not complete");
	out->is_same =
	    recorded->same[PST_FINGERPRINT_ALL] && is_own_config(recorded);
	if (out->is_same && !recorded->cut)
		out->doubt = NULL;
}

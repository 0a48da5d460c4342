/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include <assert.h>

#include "base/buf.h"
#include "core/edits.h"

#define MAX_REPLY_TEXT 480

const char *
pst_exempt_word(enum pst_exempt exempt)
{
	static const char *const words[] = {
	    [PST_EXEMPT_NO] = "no",
	    [PST_EXEMPT_TRUSTED] = "trusted-network",
	    [PST_EXEMPT_AUTHENTICATED] = "authenticated",
	    [PST_EXEMPT_NO_ADDRESS] = "no-address",
	};

	return words[exempt];
}

const char *
pst_policy_indirect(const struct pst_header *header)
{
	static const char *const fields[] = {
	    "List-Id", "List-Post", "Mailing-List"};
	const struct pst_header_field *field;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (pst_header_count(header, fields[i]) > 0)
			return fields[i];
	}
	for (i = 1;; i++) {
		field = pst_header_find(header, "Precedence", i);
		if (field == NULL)
			return NULL;
		if (pst_str_ieq(pst_str_trim(field->value), PST_STR("list")))
			return "Precedence";
	}
}

/* The operator's text with {domain} filled in. */
static const char *
fill_text(struct pst_arena *arena, const char *text, const char *domain)
{
	static const struct pst_str mark = PST_STR_INIT("{domain}");
	struct pst_buf buf;
	struct pst_str filled;

	pst_buf_init(&buf, arena, MAX_REPLY_TEXT);
	while (*text != '\0') {
		if (pst_str_starts(pst_str(text), mark)) {
			pst_buf_add_text(
			    &buf, domain == NULL ? "the sender" : domain);
			text += mark.len;
		} else {
			pst_buf_add_char(&buf, *text++);
		}
	}
	/* A long domain that is named twice may not fit: the end is cut. */
	filled = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, filled.ptr, filled.len);
}

static void
decide(struct pst_decision *out, enum pst_action action, const char *rule)
{
	out->would = action;
	out->rule = rule;
}

/* R-DMARC-7, R-DMARC-8. False when the From field is no reason to act. */
static bool
decide_from(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_decision *out)
{
	switch (findings->from.verdict) {
	case PST_FROM_SINGLE:
	case PST_FROM_NONE:
		return false;
	case PST_FROM_MALFORMED:
		decide(out, (enum pst_action)config->on_malformed_from,
		    "from-malformed");
		return true;
	case PST_FROM_MULTI:
		if (!config->dmarc.evaluate_all) {
			decide(out, (enum pst_action)config->on_multiple_from,
			    "from-multiple");
			return true;
		}
		if (findings->from.domain_count <=
		    config->dmarc.max_author_domains)
			return false;
		decide(out, (enum pst_action)config->on_malformed_from,
		    "from-malformed");
		return true;
	}
	assert(false);
	return false;
}

/* R-DMARC-43: a policy of reject alone is not enough. */
static void
decide_reject(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_decision *out)
{
	enum pst_action quarantine = (enum pst_action)config->on_quarantine;

	switch ((enum pst_on_reject)config->on_reject) {
	case PST_ON_REJECT_UNLESS_INDIRECT:
		if (findings->indirect == NULL)
			decide(out, PST_ACTION_REJECT, "dmarc-reject");
		else
			decide(out, quarantine, "dmarc-reject-indirect");
		return;
	case PST_ON_REJECT_ALWAYS:
		decide(out, PST_ACTION_REJECT, "dmarc-reject");
		return;
	case PST_ON_REJECT_QUARANTINE:
		decide(out, quarantine, "dmarc-reject-lowered");
		return;
	case PST_ON_REJECT_ACCEPT:
		decide(out, PST_ACTION_ACCEPT, "dmarc-reject-ignored");
		return;
	}
	assert(false);
}

static void
decide_dmarc(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_decision *out)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	if (dmarc->result == PST_RESULT_TEMPERROR) {
		decide(out, (enum pst_action)config->on_temperror,
		    "dmarc-temperror");
		return;
	}
	if (dmarc->result != PST_RESULT_FAIL) {
		decide(out, PST_ACTION_ACCEPT, "default");
		return;
	}
	switch (dmarc->effective) {
	case PST_DMARC_NONE:
		decide(out, PST_ACTION_ACCEPT, "dmarc-none");
		return;
	case PST_DMARC_QUARANTINE:
		decide(out, (enum pst_action)config->on_quarantine,
		    "dmarc-quarantine");
		return;
	case PST_DMARC_REJECT:
		decide_reject(config, findings, out);
		return;
	}
	assert(false);
}

/* What the MTA can not do is never skipped silently (R-MTA-13). */
static enum pst_action
possible(const struct pst_config *config, const struct pst_mta *mta,
    enum pst_action action)
{
	if (action == PST_ACTION_QUARANTINE && !mta->can_quarantine)
		action = (enum pst_action)config->quarantine_fallback;
	if (action == PST_ACTION_TAG && !mta->can_add_headers)
		action = PST_ACTION_ACCEPT;
	return action;
}

/*
 * Which look-up is to blame (RFC 7372 s. 3, RFC 6376 s. 6.3): an aligned
 * signature's key, an aligned SPF record, or the policy itself.
 */
static const char *
tempfail_xcode(const struct pst_findings *findings)
{
	size_t i;

	if (findings->dmarc.result != PST_RESULT_TEMPERROR)
		return "4.7.1";
	for (i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->aligned && sig->result == PST_RESULT_TEMPERROR)
			return "4.7.5";
	}
	if (findings->dmarc.spf_undecided)
		return "4.7.24";
	return "4.4.3";
}

static void
set_reply(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_decision *out)
{
	bool from = strcmp(out->rule, "from-malformed") == 0 ||
	    strcmp(out->rule, "from-multiple") == 0;
	const char *domain = from ? NULL : findings->dmarc.author_domain;

	if (out->action == PST_ACTION_REJECT) {
		out->code = 550;
		out->xcode = from ? "5.6.0" : "5.7.26";
		out->text = fill_text(arena,
		    from ? config->malformed_text : config->reject_text,
		    domain);
	} else if (out->action == PST_ACTION_TEMPFAIL) {
		out->code = 451;
		out->xcode = tempfail_xcode(findings);
		out->text = fill_text(arena, config->tempfail_text, domain);
	} else if (out->action == PST_ACTION_QUARANTINE) {
		out->quarantine_reason = domain == NULL ?
		    "Postern: no single sender domain" :
		    pst_arena_printf(
			arena, "Postern: DMARC policy of %s", domain);
	}
}

void
pst_policy_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *out)
{
	memset(out, 0, sizeof(*out));
	if (findings->exempt != PST_EXEMPT_NO)
		decide(
		    out, PST_ACTION_ACCEPT, pst_exempt_word(findings->exempt));
	else if (!decide_from(config, findings, out))
		decide_dmarc(config, findings, out);
	out->would = possible(config, mta, out->would);
	out->action =
	    config->mode == PST_MODE_MONITOR ? PST_ACTION_ACCEPT : out->would;
	set_reply(arena, config, findings, out);
	pst_edits_make(arena, config, mta, authserv_id, header, findings, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/local_checks.h"

#include "base/buf.h"
#include "base/domain.h"
#include "core/temperror.h"
#include "core/unauthenticated.h"

#define MAX_REASON 400

bool
pst_action_is_stricter(enum pst_action a, enum pst_action b)
{
	static const unsigned rank[] = {
	    [PST_ACTION_ACCEPT] = 0,
	    [PST_ACTION_TAG] = 1,
	    [PST_ACTION_QUARANTINE] = 2,
	    [PST_ACTION_TEMPFAIL] = 3,
	    [PST_ACTION_REJECT] = 4,
	};

	return rank[a] > rank[b];
}

/* The reasons in this file are printable: domains are in normal form. */
static bool
spf_refusal(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_local_action *out)
{
	const struct pst_spf *spf = &findings->spf;
	bool soft = spf->result == PST_RESULT_SOFTFAIL;

	if (spf->result != PST_RESULT_FAIL && !soft)
		return false;
	*out = (struct pst_local_action){
	    .action = soft ? config->on_spf_softfail : config->on_spf_fail,
	    .rule = soft ? "spf-softfail" : "spf-fail",
	    .xcode = "5.7.23",
	    .reason = pst_arena_printf(arena, "SPF %s for %s",
		pst_result_word(spf->result),
		spf->domain == NULL ? "the sender" : spf->domain),
	};
	return out->action != PST_ACTION_ACCEPT;
}

static bool
helo_refusal(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_local_action *out)
{
	if (!findings->has_helo || findings->helo.result != PST_RESULT_FAIL)
		return false;
	*out = (struct pst_local_action){
	    .action = config->on_helo_fail,
	    .rule = "helo-fail",
	    .xcode = "5.7.23",
	    .reason = pst_arena_printf(arena, "SPF fail for HELO name %s",
		findings->helo.domain == NULL ? "of the client" :
						findings->helo.domain),
	};
	return out->action != PST_ACTION_ACCEPT;
}

static bool
iprev_refusal(const struct pst_config *config,
    const struct pst_findings *findings, struct pst_local_action *out)
{
	/* R-IPREV-5: not for errors, nor for an address without a name. */
	if (!findings->has_iprev || findings->iprev.result != PST_RESULT_FAIL)
		return false;
	*out = (struct pst_local_action){
	    .action = config->on_iprev_fail,
	    .rule = "iprev-fail",
	    .xcode = "5.7.25",
	    .reason = "the client's IP address has no host name that resolves "
		      "back to it",
	};
	return out->action != PST_ACTION_ACCEPT;
}

/*
 * RFC 7372 s. 3.1: returns 5.7.20 if no signature passes, 5.7.22 if none of
 * those that pass is the author's; NULL if one is, or if that is unknown.
 */
static const char *
missing_xcode(const struct pst_dkim *dkim, const char *domain)
{
	const char *xcode = "5.7.20";

	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		/* This signature may be valid: the DNS did not answer. */
		if (sig->result == PST_RESULT_TEMPERROR)
			return NULL;
		if (sig->result != PST_RESULT_PASS || sig->domain == NULL)
			continue;
		if (sig->aligned || pst_domain_is_below(domain, sig->domain))
			return NULL;
		xcode = "5.7.22";
	}
	return xcode;
}

static bool
dkim_refusal(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_local_action *out)
{
	const struct pst_from *from = &findings->from;
	bool malformed = from->only_domain != NULL;
	const char *const *domains =
	    malformed ? &from->only_domain : from->domains;
	size_t count = malformed ? 1 : from->domain_count;
	const char *xcode = NULL;
	size_t i;

	for (i = 0; i < count && xcode == NULL; i++) {
		if (pst_domain_set_has(&config->dkim_required.set, domains[i]))
			xcode = missing_xcode(&findings->dkim, domains[i]);
	}
	if (xcode == NULL)
		return false;
	*out = (struct pst_local_action){
	    .action = config->on_dkim_missing,
	    .rule = "dkim-missing",
	    .xcode = xcode,
	    .reason = pst_arena_printf(
		arena, "no valid DKIM signature from %s", domains[i - 1]),
	};
	return out->action != PST_ACTION_ACCEPT;
}

/* R-POL-23. From has options of its own. */
static bool
header_refusal(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_local_action *out)
{
	const char *fault = pst_header_fault_text(findings->header_fault);

	if (fault == NULL || config->on_malformed_header == PST_ACTION_ACCEPT)
		return false;
	*out = (struct pst_local_action){
	    .action = config->on_malformed_header,
	    .rule = "header-malformed",
	    .xcode = "5.6.0",
	    .reason = pst_arena_printf(
		arena, "the message has %s (RFC 5322 section 3.6)", fault),
	};
	return true;
}

/*
 * R-POL-3. What lowers a refusal for a policy of reject lowers this one, but
 * not what anybody can claim.
 */
static bool
unauthenticated_refusal(struct pst_arena *arena,
    const struct pst_config *config, const struct pst_findings *findings,
    struct pst_local_action *out)
{
	enum pst_dmarc_identifiers identifiers;

	/* If it is unsure, pst_temperror_beside() says what is done. */
	if (pst_temperror_of_unauthenticated(config, findings) !=
		PST_COURSE_APPLY ||
	    pst_unauthenticated_is_unsure(config, findings))
		return false;
	*out = (struct pst_local_action){
	    .action = config->on_unauthenticated,
	    .rule = "unauthenticated",
	    .xcode = "5.7.26",
	    .reason = pst_arena_printf(arena,
		"mail from %s passes neither SPF nor DKIM for that domain",
		pst_unauthenticated_domain(config, findings, &identifiers)),
	};
	if (out->action != PST_ACTION_REJECT)
		return true;
	if (pst_unauthenticated_is_forwarded(findings))
		out->rule = "unauthenticated-indirect";
	else if (findings->unverified != NULL)
		out->rule = "unauthenticated-unverified";
	else
		return true;
	out->action = config->on_quarantine;
	return out->action != PST_ACTION_ACCEPT;
}

/*
 * Adds one action to the result: the stricter one counts; if both are equal,
 * their reasons are joined, with one code for several checks (RFC 7372 s. 4).
 */
static void
join(struct pst_arena *arena, const struct pst_local_action *one,
    struct pst_local_action *all)
{
	struct pst_buf reason;
	struct pst_str text;

	if (pst_action_is_stricter(one->action, all->action)) {
		*all = *one;
		return;
	}
	if (one->action != all->action)
		return;
	pst_buf_init(&reason, arena, MAX_REASON);
	pst_buf_printf(&reason, "%s, ", all->reason);
	pst_buf_add_text(&reason, one->reason);
	text = pst_buf_slice(&reason);
	all->rule = "multiple-checks";
	all->xcode = "5.7.26";
	all->reason = pst_arena_memdup(arena, text.ptr, text.len);
}

void
pst_local_checks_decide(struct pst_arena *arena,
    const struct pst_config *config, const struct pst_findings *findings,
    struct pst_local_action *out)
{
	struct pst_local_action one;

	*out = (struct pst_local_action){.action = PST_ACTION_ACCEPT};
	if (spf_refusal(arena, config, findings, &one))
		join(arena, &one, out);
	if (helo_refusal(arena, config, findings, &one))
		join(arena, &one, out);
	if (iprev_refusal(config, findings, &one))
		join(arena, &one, out);
	if (dkim_refusal(arena, config, findings, &one))
		join(arena, &one, out);
	if (unauthenticated_refusal(arena, config, findings, &one))
		join(arena, &one, out);
	if (header_refusal(arena, config, findings, &one))
		join(arena, &one, out);
}

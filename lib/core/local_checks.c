/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/local_checks.h"

#include "base/buf.h"
#include "base/domain.h"

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
	if (iprev_refusal(config, findings, &one))
		join(arena, &one, out);
	if (dkim_refusal(arena, config, findings, &one))
		join(arena, &one, out);
}

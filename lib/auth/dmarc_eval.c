/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc_eval.h"

#include <assert.h>

#include "base/domain.h"

/*
 * A public suffix that publishes a record without psd=y would become the org
 * domain of all names below it. The list, if there is one, prevents that
 * (R-DMARC-31).
 */
static const char *
guard(struct pst_dmarc_eval *ev, const char *name, const char *org_domain)
{
	const struct pst_psl *psl = ev->config->psl;
	const char *by_list;

	if (!ev->config->psl_guard || !pst_psl_is_suffix(psl, org_domain))
		return org_domain;
	by_list = pst_psl_org_domain(psl, name);
	if (!pst_domain_eq(by_list, org_domain))
		ev->out.psl_guarded = true;
	return by_list;
}

enum pst_dmarc_lookup
pst_dmarc_eval_org_domain(
    struct pst_dmarc_eval *ev, const char *name, const char **org_domain)
{
	struct pst_arena_mark mark;
	struct pst_walk walk;

	if (ev->psl_mode) {
		*org_domain = pst_psl_org_domain(ev->config->psl, name);
		return PST_DMARC_KNOWN;
	}
	mark = pst_arena_mark(ev->world->arena);
	if (!pst_walk_check(ev->world, name, &walk))
		return PST_DMARC_PENDING;
	/* walk.widest points into name, and the records are not needed. */
	pst_arena_rewind(ev->world->arena, mark);
	*org_domain = guard(ev, name, walk.widest);
	return walk.temperror ? PST_DMARC_TEMPERROR : PST_DMARC_KNOWN;
}

static void
apply_record(struct pst_dmarc_eval *ev, enum pst_dmarc_source source,
    const char *domain, const struct pst_dmarc_record *record)
{
	ev->out.source = source;
	ev->out.policy_domain = domain;
	ev->out.record = *record;
}

static bool
end_temperror(struct pst_dmarc_eval *ev, const char *fault)
{
	ev->out.result = PST_RESULT_TEMPERROR;
	ev->out.fault = fault;
	return true;
}

static const char dns_fault[] = "no answer to the DMARC policy look-up";

/*
 * Applies the record of the org domain, or else that of the public suffix
 * domain. Returns false while an answer is missing.
 */
static bool
discover_above_by_walk(struct pst_dmarc_eval *ev)
{
	struct pst_walk walk;
	size_t last;

	if (!pst_walk_check(ev->world, ev->author, &walk))
		return false;
	if (walk.temperror)
		return end_temperror(ev, dns_fault);
	ev->out.org_domain = guard(ev, ev->author, walk.org_domain);
	if (walk.fault != NULL)
		ev->out.fault = walk.fault;
	if (walk.hit_count == 0)
		return true;
	last = walk.hit_count - 1;
	for (size_t i = 0; i <= last; i++) {
		if (!pst_domain_eq(walk.hits[i].domain, walk.org_domain))
			continue;
		apply_record(ev, PST_DMARC_FROM_ORG, walk.hits[i].domain,
		    &walk.hits[i].record);
		return true;
	}
	/* Unless a walk ends at psd=y, its org domain is one of the hits. */
	assert(walk.hits[last].record.psd == PST_DMARC_PSD_Y);
	apply_record(ev, PST_DMARC_FROM_PSD, walk.hits[last].domain,
	    &walk.hits[last].record);
	return true;
}

static bool
discover_above_by_psl(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc_record record;
	const char *org_domain;
	const char *fault = NULL;

	org_domain = pst_psl_org_domain(ev->config->psl, ev->author);
	if (pst_domain_eq(org_domain, ev->author))
		return true;
	switch (pst_walk_record(ev->world, org_domain, &record, &fault)) {
	case PST_WALK_PENDING:
		return false;
	case PST_WALK_TEMPERROR:
		return end_temperror(ev, dns_fault);
	case PST_WALK_RECORD:
		apply_record(ev, PST_DMARC_FROM_ORG, org_domain, &record);
		break;
	case PST_WALK_ABSENT:
		break;
	}
	if (fault != NULL)
		ev->out.fault = fault;
	return true;
}

/*
 * Returns false while an answer is missing. Only a temperror sets out.result.
 */
static bool
discover(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc_record record;
	const char *fault = NULL;

	if (ev->psl_mode)
		ev->out.org_domain =
		    pst_psl_org_domain(ev->config->psl, ev->author);
	switch (pst_walk_record(ev->world, ev->author, &record, &fault)) {
	case PST_WALK_PENDING:
		return false;
	case PST_WALK_TEMPERROR:
		return end_temperror(ev, dns_fault);
	case PST_WALK_RECORD:
		apply_record(ev, PST_DMARC_FROM_AUTHOR, ev->author, &record);
		return true;
	case PST_WALK_ABSENT:
		break;
	}
	ev->out.fault = fault;
	if (ev->psl_mode)
		return discover_above_by_psl(ev);
	return discover_above_by_walk(ev);
}

static enum pst_dmarc_align
align_relaxed(struct pst_dmarc_eval *ev, const char *domain)
{
	const char *author_org;
	const char *org_domain;

	/* Without a common last label there can be no common org domain. */
	if (!pst_domain_eq(pst_domain_last_labels(domain, 1),
		pst_domain_last_labels(ev->author, 1)))
		return PST_DMARC_ALIGN_NO;
	switch (pst_dmarc_eval_org_domain(ev, ev->author, &author_org)) {
	case PST_DMARC_PENDING:
		return PST_DMARC_ALIGN_PENDING;
	case PST_DMARC_TEMPERROR:
		if (!pst_domain_is_below(domain, author_org))
			return PST_DMARC_ALIGN_NO;
		return PST_DMARC_ALIGN_UNKNOWN;
	case PST_DMARC_KNOWN:
		ev->out.org_domain = author_org;
		break;
	}
	if (!pst_domain_is_below(domain, author_org))
		return PST_DMARC_ALIGN_NO;
	switch (pst_dmarc_eval_org_domain(ev, domain, &org_domain)) {
	case PST_DMARC_PENDING:
		return PST_DMARC_ALIGN_PENDING;
	case PST_DMARC_TEMPERROR:
		return PST_DMARC_ALIGN_UNKNOWN;
	case PST_DMARC_KNOWN:
		break;
	}
	return pst_domain_eq(org_domain, author_org) ? PST_DMARC_ALIGN_YES :
						       PST_DMARC_ALIGN_NO;
}

static enum pst_dmarc_align
align(struct pst_dmarc_eval *ev, const char *domain, bool strict)
{
	if (domain == NULL)
		return PST_DMARC_ALIGN_NO;
	if (pst_domain_eq(domain, ev->author))
		return PST_DMARC_ALIGN_YES;
	return strict ? PST_DMARC_ALIGN_NO : align_relaxed(ev, domain);
}

/* Returns true for a pass that counts (R-DMARC-33). */
static bool
sig_counts(const struct pst_dmarc_eval *ev, const struct pst_dkim_sig *sig)
{
	return sig->result == PST_RESULT_PASS &&
	    (!sig->test_key || ev->config->accept_test_keys);
}

static bool
sig_matters(const struct pst_dmarc_eval *ev, const struct pst_dkim_sig *sig)
{
	return sig_counts(ev, sig) || sig->result == PST_RESULT_TEMPERROR;
}

/*
 * Aligns the signatures that can decide the result (matter is true) or the
 * others, whose alignment is only reported. A signature that was not checked
 * stays unaligned, so it never counts. Returns false while an answer is
 * missing.
 */
static bool
align_sigs(struct pst_dmarc_eval *ev, bool matter)
{
	bool done = true;

	for (size_t i = 0; i < ev->dkim->count; i++) {
		const struct pst_dkim_sig *sig = &ev->dkim->sigs[i];

		if (!sig->checked || sig_matters(ev, sig) != matter)
			continue;
		ev->sig_align[i] =
		    align(ev, sig->domain, ev->out.record.adkim_strict);
		if (ev->sig_align[i] != PST_DMARC_ALIGN_PENDING)
			continue;
		if (!ev->world->eager)
			return false;
		done = false;
	}
	return done;
}

static bool
align_spf(struct pst_dmarc_eval *ev)
{
	if (ev->spf->result == PST_RESULT_PASS ||
	    ev->spf->result == PST_RESULT_TEMPERROR)
		ev->spf_align =
		    align(ev, ev->spf->domain, ev->out.record.aspf_strict);
	return ev->spf_align != PST_DMARC_ALIGN_PENDING;
}

static bool
align_all(struct pst_dmarc_eval *ev)
{
	bool done = align_spf(ev);

	if (!done && !ev->world->eager)
		return false;
	return align_sigs(ev, true) && done;
}

/*
 * Takes one identifier into account. Returns true if it might have given a
 * pass, had no look-up failed.
 */
static bool
weigh(enum pst_dmarc_align alignment, bool passed, bool *aligned)
{
	if (passed && alignment == PST_DMARC_ALIGN_YES)
		*aligned = true;
	return alignment == PST_DMARC_ALIGN_UNKNOWN ||
	    (!passed && alignment == PST_DMARC_ALIGN_YES);
}

static void
decide(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;
	bool undecided = false;

	out->align_undecided = ev->spf_align == PST_DMARC_ALIGN_UNKNOWN;
	undecided = weigh(ev->spf_align, ev->spf->result == PST_RESULT_PASS,
	    &out->spf_aligned);
	out->spf_undecided = ev->spf->result == PST_RESULT_TEMPERROR &&
	    ev->spf_align == PST_DMARC_ALIGN_YES;
	for (size_t i = 0; i < ev->dkim->count; i++) {
		const struct pst_dkim_sig *sig = &ev->dkim->sigs[i];

		if (!sig_matters(ev, sig))
			continue;
		if (ev->sig_align[i] == PST_DMARC_ALIGN_UNKNOWN)
			out->align_undecided = true;
		if (weigh(ev->sig_align[i], sig_counts(ev, sig),
			&out->dkim_aligned))
			undecided = true;
	}
	if (out->spf_aligned || out->dkim_aligned)
		out->result = PST_RESULT_PASS;
	else if (undecided)
		(void)end_temperror(ev, "an aligned check is undecided");
	else
		out->result = PST_RESULT_FAIL;
}

static enum pst_dmarc_policy
step_down(enum pst_dmarc_policy policy)
{
	static const enum pst_dmarc_policy lower[] = {
	    [PST_DMARC_NONE] = PST_DMARC_NONE,
	    [PST_DMARC_QUARANTINE] = PST_DMARC_NONE,
	    [PST_DMARC_REJECT] = PST_DMARC_QUARANTINE,
	};

	return lower[policy];
}

static void
set_policy(struct pst_dmarc *out, const char *tag, enum pst_dmarc_policy policy)
{
	out->tag = tag;
	out->published = policy;
	out->effective = out->record.test ? step_down(policy) : policy;
}

static bool
np_differs(const struct pst_dmarc *out)
{
	return out->source != PST_DMARC_FROM_AUTHOR && out->record.has_np &&
	    out->record.np != out->record.sp;
}

static const struct pst_dns_answer *
ask_existence(struct pst_dmarc_eval *ev)
{
	return pst_world_ask(
	    ev->world, PST_DNS_POLICY, pst_str(ev->author), PST_DNS_A)
	    ->answer;
}

/* Returns false while it is unknown whether the Author Domain exists. */
static bool
choose_policy(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;
	const struct pst_dmarc_record *record = &out->record;
	const struct pst_dns_answer *answer;

	if (out->source == PST_DMARC_FROM_AUTHOR || !record->has_sp)
		set_policy(out, "p", record->p);
	else
		set_policy(out, "sp", record->sp);
	if (out->result != PST_RESULT_FAIL || !np_differs(out))
		return true;
	answer = ask_existence(ev);
	if (answer == NULL)
		return false;
	if (answer->status == PST_DNS_NXDOMAIN)
		set_policy(out, "np", record->np);
	else if (pst_dns_is_temporary(answer->status))
		(void)end_temperror(
		    ev, "no answer on whether the Author Domain exists");
	return true;
}

/* Sets the org domain if it can be found without another query. */
static void
tell_org_domain(struct pst_dmarc_eval *ev)
{
	const char *org_domain;

	if (ev->out.org_domain == NULL &&
	    ev->out.record.psd != PST_DMARC_PSD_U &&
	    pst_dmarc_eval_org_domain(ev, ev->author, &org_domain) ==
		PST_DMARC_KNOWN)
		ev->out.org_domain = org_domain;
}

struct pst_dmarc_eval
pst_dmarc_eval_begin(
    const struct pst_dmarc_eval *blank, const char *author, bool psl_mode)
{
	struct pst_dmarc_eval ev = *blank;

	ev.author = author;
	ev.psl_mode = psl_mode;
	ev.spf_align = PST_DMARC_ALIGN_NO;
	ev.sig_align = pst_arena_array(
	    ev.world->arena, ev.dkim->count, sizeof(*ev.sig_align));
	ev.out = (struct pst_dmarc){
	    .result = PST_RESULT_NONE,
	    .author_domain = author,
	    .discovery = psl_mode ? "psl" : "treewalk",
	};
	return ev;
}

bool
pst_dmarc_eval_check(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;

	if (!discover(ev))
		return false;
	if (out->policy_domain == NULL)
		return true;
	if (out->record.fault != NULL)
		out->fault = out->record.fault;
	tell_org_domain(ev);
	if (!out->record.usable_policy) {
		out->result = PST_RESULT_PERMERROR;
		return true;
	}
	if (ev->world->eager && np_differs(out))
		(void)ask_existence(ev);
	if (!align_all(ev))
		return false;
	decide(ev);
	return choose_policy(ev) && align_sigs(ev, false);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc_eval.h"

#include <assert.h>

#include "base/domain.h"

static const char dns_fault[] = "no answer to the DMARC policy look-up";

static bool
has_hit(const struct pst_walk *walk, const char *domain)
{
	for (size_t i = 0; i < walk->hit_count; i++)
		if (pst_domain_eq(walk->hits[i].domain, domain))
			return true;
	return false;
}

/*
 * A public suffix that publishes a record without psd=y would become the org
 * domain of all names below it. The list, if there is one, prevents that
 * (R-DMARC-31).
 */
static const char *
guard(struct pst_dmarc_eval *ev, const struct pst_walk *walk,
    const char *org_domain)
{
	const struct pst_psl *psl = ev->config->psl;
	const char *by_list;

	if (!ev->config->psl_guard || !pst_psl_is_suffix(psl, org_domain))
		return org_domain;
	by_list = pst_psl_org_domain(psl, walk->start);
	if (!pst_domain_eq(by_list, org_domain) && has_hit(walk, org_domain))
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
	*org_domain = guard(ev, &walk, walk.widest);
	return walk.temperror ? PST_DMARC_TEMPERROR : PST_DMARC_KNOWN;
}

static void
apply_record(struct pst_dmarc_eval *ev, enum pst_dmarc_source source,
    const struct pst_walk_hit *hit)
{
	ev->out.source = source;
	ev->out.policy_domain = hit->domain;
	ev->out.record = hit->record;
	ev->out.from_memory = hit->remembered;
	ev->out.remembered_s = hit->remembered_s;
	ev->out.knowledge =
	    hit->remembered ? PST_DMARC_REMEMBERED : PST_DMARC_LEARNED;
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

/* The policy, unless the Author Domain does not exist and np differs. */
static void
set_usual_policy(struct pst_dmarc *out)
{
	const struct pst_dmarc_record *record = &out->record;

	if (out->source == PST_DMARC_FROM_AUTHOR || !record->has_sp)
		set_policy(out, "p", record->p);
	else
		set_policy(out, "sp", record->sp);
}

/*
 * A look-up failed whose record could be the one that applies. If it has none,
 * hit applies; NULL: nothing else was found. It is used only if its policy is
 * enforcing: a sender must not be able to replace a policy with a
 * milder one (R-DMARC-47).
 */
static void
inherit(struct pst_dmarc_eval *ev, enum pst_dmarc_source source,
    const struct pst_walk_hit *hit)
{
	struct pst_dmarc_eval tried = *ev;

	ev->out.fault = dns_fault;
	if (hit == NULL || !hit->record.usable_policy)
		return;
	apply_record(&tried, source, hit);
	set_usual_policy(&tried.out);
	if (tried.out.effective == PST_DMARC_NONE)
		return;
	tried.out.knowledge = PST_DMARC_INHERITED;
	tried.out.fault = dns_fault;
	*ev = tried;
}

/*
 * Applies the record that was found above the Author Domain. missed: a look-up
 * failed that could have shown another one.
 */
static void
apply_above(struct pst_dmarc_eval *ev, enum pst_dmarc_source source,
    const struct pst_walk_hit *hit, bool missed)
{
	if (missed)
		inherit(ev, source, hit);
	else if (hit != NULL)
		apply_record(ev, source, hit);
	else
		ev->out.knowledge = PST_DMARC_ABSENT;
}

/*
 * Returns the hit of the org domain, or else that of the public suffix domain;
 * NULL if there is neither. Names whose look-up failed count as without a
 * record.
 */
static const struct pst_walk_hit *
pick_hit(const struct pst_walk *walk, enum pst_dmarc_source *source)
{
	const struct pst_walk_hit *last;

	*source = PST_DMARC_FROM_NOWHERE;
	if (walk->hit_count == 0)
		return NULL;
	last = &walk->hits[walk->hit_count - 1];
	*source = PST_DMARC_FROM_ORG;
	for (const struct pst_walk_hit *hit = walk->hits; hit <= last; hit++) {
		if (pst_domain_eq(hit->domain, walk->guess))
			return hit;
	}
	/* Unless a walk ends at psd=y, its org domain is one of the hits. */
	assert(last->record.psd == PST_DMARC_PSD_Y);
	*source = PST_DMARC_FROM_PSD;
	return last;
}

/*
 * Applies a record above the Author Domain. missed: the look-up of the Author
 * Domain's own record failed. Returns false while an answer is missing.
 */
static bool
discover_above_by_walk(struct pst_dmarc_eval *ev, bool missed)
{
	enum pst_dmarc_source source;
	const struct pst_walk_hit *hit;
	struct pst_walk walk;

	if (!pst_walk_check(ev->world, ev->author, &walk))
		return false;
	ev->out.discarded = walk.discarded;
	ev->out.discarded_at = walk.discarded_at;
	assert(walk.temperror || !missed);
	if (!walk.temperror) {
		ev->out.org_domain = guard(ev, &walk, walk.org_domain);
		if (walk.fault != NULL)
			ev->out.fault = walk.fault;
	}
	hit = pick_hit(&walk, &source);
	apply_above(ev, source, hit, walk.temperror);
	return true;
}

static void
note_discarded(struct pst_dmarc_eval *ev, const struct pst_walk_hit *absent,
    const char *domain)
{
	if (ev->out.discarded != NULL || absent->discarded == NULL)
		return;
	ev->out.discarded = absent->discarded;
	ev->out.discarded_at = domain;
}

static bool
discover_above_by_psl(struct pst_dmarc_eval *ev, bool missed)
{
	struct pst_walk_hit hit;
	const char *org_domain =
	    pst_psl_org_domain(ev->config->psl, ev->author);
	const char *fault = NULL;

	if (pst_domain_eq(org_domain, ev->author)) {
		apply_above(ev, PST_DMARC_FROM_ORG, NULL, missed);
		return true;
	}
	switch (pst_walk_record(ev->world, org_domain, &hit, &fault)) {
	case PST_WALK_PENDING:
		return false;
	case PST_WALK_TEMPERROR:
		apply_above(ev, PST_DMARC_FROM_ORG, NULL, true);
		return true;
	case PST_WALK_RECORD:
		apply_above(ev, PST_DMARC_FROM_ORG, &hit, missed);
		return true;
	case PST_WALK_ABSENT:
		note_discarded(ev, &hit, org_domain);
		apply_above(ev, PST_DMARC_FROM_ORG, NULL, missed);
		break;
	}
	if (fault != NULL && !missed)
		ev->out.fault = fault;
	return true;
}

/* Finds the policy. Returns false while an answer is missing. */
static bool
discover(struct pst_dmarc_eval *ev)
{
	struct pst_walk_hit hit;
	const char *fault = NULL;
	bool missed = false;

	if (ev->psl_mode)
		ev->out.org_domain =
		    pst_psl_org_domain(ev->config->psl, ev->author);
	switch (pst_walk_record(ev->world, ev->author, &hit, &fault)) {
	case PST_WALK_PENDING:
		return false;
	case PST_WALK_RECORD:
		apply_record(ev, PST_DMARC_FROM_AUTHOR, &hit);
		return true;
	case PST_WALK_TEMPERROR:
		missed = true;
		break;
	case PST_WALK_ABSENT:
		note_discarded(ev, &hit, ev->author);
		break;
	}
	ev->out.fault = fault;
	if (ev->psl_mode)
		return discover_above_by_psl(ev, missed);
	return discover_above_by_walk(ev, missed);
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

/* Whether a policy applies, or may; if not, alignment is only told. */
static bool
may_have_policy(const struct pst_dmarc *out)
{
	return out->knowledge != PST_DMARC_ABSENT &&
	    (out->policy_domain == NULL || out->record.usable_policy);
}

/*
 * Where no record applies, a walk finds that each name is an organization of its
 * own, so the public suffix list tells, and nothing is asked. Without a list, a
 * name above the author's controls it all the same.
 */
static enum pst_dmarc_align
align_unasked(struct pst_dmarc_eval *ev, const char *domain)
{
	const struct pst_psl *psl = ev->config->psl;

	if (psl == NULL)
		return pst_domain_labels(domain) > 1 &&
			pst_domain_is_below(ev->author, domain) ?
		    PST_DMARC_ALIGN_YES :
		    align_relaxed(ev, domain);
	return !pst_psl_is_suffix(psl, domain) &&
		pst_domain_eq(pst_psl_org_domain(psl, domain),
		    pst_psl_org_domain(psl, ev->author)) ?
	    PST_DMARC_ALIGN_YES :
	    PST_DMARC_ALIGN_NO;
}

static enum pst_dmarc_align
align(struct pst_dmarc_eval *ev, const char *domain, bool strict)
{
	if (domain == NULL)
		return PST_DMARC_ALIGN_NO;
	if (pst_domain_eq(domain, ev->author))
		return PST_DMARC_ALIGN_YES;
	if (ev->out.knowledge == PST_DMARC_ABSENT)
		return align_unasked(ev, domain);
	return strict && may_have_policy(&ev->out) ? PST_DMARC_ALIGN_NO :
						     align_relaxed(ev, domain);
}

/* Returns true for a pass that counts (R-DMARC-33). */
static bool
sig_counts(const struct pst_dmarc_eval *ev, const struct pst_dkim_sig *sig)
{
	return sig->result == PST_RESULT_PASS &&
	    (!sig->test_key || ev->config->accept_test_keys);
}

bool
pst_dmarc_eval_sig_matters(
    const struct pst_dmarc_eval *ev, const struct pst_dkim_sig *sig)
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

		if (!sig->checked ||
		    pst_dmarc_eval_sig_matters(ev, sig) != matter)
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
	if (ev->config->ignore_weak_spf && ev->spf->weak != PST_SPF_NOT_WEAK)
		return true;
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

/* Sums up the identifiers. */
static void
weigh_all(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;
	bool undecided;

	out->spf_may_align = ev->spf_align == PST_DMARC_ALIGN_UNKNOWN;
	undecided = weigh(ev->spf_align, ev->spf->result == PST_RESULT_PASS,
	    &out->spf_aligned);
	out->spf_undecided = ev->spf->result == PST_RESULT_TEMPERROR &&
	    ev->spf_align == PST_DMARC_ALIGN_YES;
	for (size_t i = 0; i < ev->dkim->count; i++) {
		const struct pst_dkim_sig *sig = &ev->dkim->sigs[i];

		if (!pst_dmarc_eval_sig_matters(ev, sig))
			continue;
		if (weigh(ev->sig_align[i], sig_counts(ev, sig),
			&out->dkim_aligned))
			undecided = true;
	}
	if (out->spf_aligned || out->dkim_aligned)
		out->identifiers = PST_DMARC_ALIGNED_PASS;
	else if (undecided || out->knowledge == PST_DMARC_INHERITED)
		out->identifiers = PST_DMARC_UNDETERMINED;
	else
		out->identifiers = PST_DMARC_NONE_PASSED;
}

static void
decide(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;

	weigh_all(ev);
	if (out->identifiers == PST_DMARC_ALIGNED_PASS) {
		out->result = PST_RESULT_PASS;
	} else if (!pst_dmarc_is_certain(out->knowledge)) {
		out->result = PST_RESULT_TEMPERROR;
	} else if (out->identifiers == PST_DMARC_UNDETERMINED) {
		out->result = PST_RESULT_TEMPERROR;
		out->fault = "an aligned check is undecided";
	} else {
		out->result = PST_RESULT_FAIL;
	}
}

/*
 * Without a policy, the identifiers change no result: a look-up that fails here
 * makes them undetermined, and nothing else. Returns false while an answer is
 * missing.
 */
static bool
align_without_policy(struct pst_dmarc_eval *ev)
{
	if (!align_all(ev))
		return false;
	weigh_all(ev);
	return align_sigs(ev, false);
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

/*
 * Returns false while it is unknown whether the Author Domain exists. If it
 * stays so, the policy does.
 */
static bool
choose_policy(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc *out = &ev->out;
	const struct pst_dns_answer *answer;

	set_usual_policy(out);
	if (out->result == PST_RESULT_PASS ||
	    out->knowledge == PST_DMARC_INHERITED || !np_differs(out))
		return true;
	answer = ask_existence(ev);
	if (answer == NULL)
		return false;
	if (answer->status == PST_DNS_NXDOMAIN) {
		set_policy(out, "np", out->record.np);
	} else if (pst_dns_is_temporary(answer->status)) {
		out->knowledge = PST_DMARC_UNKNOWN;
		out->result = PST_RESULT_TEMPERROR;
		out->fault = "no answer on whether the Author Domain exists";
	}
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
	if (out->knowledge == PST_DMARC_ABSENT)
		return align_without_policy(ev);
	if (pst_dmarc_is_certain(out->knowledge)) {
		if (out->record.fault != NULL)
			out->fault = out->record.fault;
		tell_org_domain(ev);
		if (!out->record.usable_policy) {
			out->result = PST_RESULT_PERMERROR;
			return align_without_policy(ev);
		}
		if (ev->world->eager && np_differs(out))
			(void)ask_existence(ev);
	}
	if (!align_all(ev))
		return false;
	decide(ev);
	if (out->policy_domain != NULL && !choose_policy(ev))
		return false;
	return align_sigs(ev, false);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc.h"

#include <assert.h>
#include <stdlib.h>

#include "auth/dmarc_eval.h"
#include "base/domain.h"
#include "base/macros.h"

const char *
pst_dmarc_knowledge_word(enum pst_dmarc_knowledge knowledge)
{
	static const char *const words[] = {
	    [PST_DMARC_UNKNOWN] = "unknown",
	    [PST_DMARC_ABSENT] = "absent",
	    [PST_DMARC_LEARNED] = "learned",
	    [PST_DMARC_REMEMBERED] = "remembered",
	    [PST_DMARC_INHERITED] = "inherited",
	};

	return words[knowledge];
}

bool
pst_dmarc_is_certain(enum pst_dmarc_knowledge knowledge)
{
	return knowledge != PST_DMARC_UNKNOWN &&
	    knowledge != PST_DMARC_INHERITED;
}

static bool
same_answer(const struct pst_dmarc *a, const struct pst_dmarc *b)
{
	/* There is nothing to compare. */
	if (a->result == PST_RESULT_TEMPERROR ||
	    b->result == PST_RESULT_TEMPERROR ||
	    !pst_dmarc_is_certain(a->knowledge) ||
	    !pst_dmarc_is_certain(b->knowledge))
		return true;
	if (a->result != b->result)
		return false;
	if (a->policy_domain == NULL || b->policy_domain == NULL)
		return a->policy_domain == b->policy_domain;
	if (!pst_domain_eq(a->policy_domain, b->policy_domain) ||
	    a->effective != b->effective)
		return false;
	return a->org_domain == NULL || b->org_domain == NULL ||
	    pst_domain_eq(a->org_domain, b->org_domain);
}

/*
 * Evaluates with the public suffix list too and notes whether the result
 * differs. Returns false while an answer is missing.
 */
static bool
compare_with_psl(struct pst_dmarc_eval *ev)
{
	struct pst_dmarc_eval other =
	    pst_dmarc_eval_begin(ev, ev->author, true);
	const char *found;

	/* The comparison needs the walk's org domain in any case. */
	if (ev->out.policy_domain != NULL && ev->out.org_domain == NULL) {
		switch (pst_dmarc_eval_org_domain(ev, ev->author, &found)) {
		case PST_DMARC_PENDING:
			return false;
		case PST_DMARC_KNOWN:
			ev->out.org_domain = found;
			break;
		case PST_DMARC_TEMPERROR:
			break;
		}
	}
	if (!pst_dmarc_eval_check(&other))
		return false;
	ev->out.psl_differs = !same_answer(&ev->out, &other.out);
	ev->out.psl_org_domain = other.out.org_domain;
	return true;
}

static bool
evaluate_domain(struct pst_dmarc_eval *ev)
{
	const struct pst_dmarc_config *config = ev->config;

	if (ev->world->eager)
		pst_dmarc_prefetch(ev->world, config, ev->author);
	if (!pst_dmarc_eval_check(ev))
		return false;
	return config->discovery != PST_DMARC_COMPARE || compare_with_psl(ev);
}

static void
prefetch_name(struct pst_world *world, const char *domain)
{
	struct pst_arena_mark mark = pst_arena_mark(world->arena);
	struct pst_walk_hit hit;
	const char *fault;

	(void)pst_walk_record(world, domain, &hit, &fault);
	pst_arena_rewind(world->arena, mark);
}

void
pst_dmarc_prefetch(struct pst_world *world,
    const struct pst_dmarc_config *config, const char *author_domain)
{
	const char *names[PST_WALK_MAX];
	size_t count = pst_walk_names(author_domain, names);

	if (!world->eager || config->discovery == PST_DMARC_PSL)
		count = 1;
	for (size_t i = 0; i < count; i++)
		prefetch_name(world, names[i]);
	if (world->eager && config->discovery != PST_DMARC_TREEWALK)
		prefetch_name(
		    world, pst_psl_org_domain(config->psl, author_domain));
}

/* Returns whether a policy of none is known. */
static bool
asks_for_nothing(const struct pst_dmarc *verdict)
{
	return pst_dmarc_is_certain(verdict->knowledge) &&
	    verdict->effective == PST_DMARC_NONE;
}

/*
 * Ranks the results of several Author Domains; the highest is the message's
 * result. A pass requires all of them to pass, and an error of one domain must
 * not hide the failure of another (R-DMARC-8). Among failures the stricter
 * policy ranks higher. A domain with a policy of none, which a sender can add,
 * must not hide that another one is undetermined (R-DMARC-40).
 */
static unsigned
rank(const struct pst_dmarc *verdict)
{
	static const enum pst_result order[] = {
	    PST_RESULT_PASS,
	    PST_RESULT_NONE,
	    PST_RESULT_PERMERROR,
	    PST_RESULT_FAIL, /* with a policy of none */
	    PST_RESULT_TEMPERROR,
	};
	unsigned i = 0;

	if (verdict->result == PST_RESULT_FAIL && !asks_for_nothing(verdict))
		return PST_COUNT(order) + (unsigned)verdict->effective;
	while (order[i] != verdict->result)
		i++;
	if (verdict->result == PST_RESULT_TEMPERROR &&
	    asks_for_nothing(verdict))
		i--;
	return i;
}

/*
 * Returns why the From field is a permerror; NULL if it is not. A From field
 * without an Author Domain is not a permerror.
 */
static const char *
from_fault(const struct pst_dmarc_config *config, const struct pst_from *from)
{
	switch (from->verdict) {
	case PST_FROM_MALFORMED:
		return from->why != NULL ? from->why : "malformed From field";
	case PST_FROM_MULTI:
		if (!config->evaluate_all)
			return "several Author Domains";
		if (from->domain_count > config->max_author_domains)
			return "too many Author Domains";
		return NULL;
	case PST_FROM_SINGLE:
	case PST_FROM_NONE:
		return NULL;
	}
	abort();
}

/*
 * Among several Author Domains of which one without a policy decides, an
 * identifier vouches for the message only if each of them has one. weakest is
 * the evaluation of the domain for which least is known to pass.
 */
static void
take_weakest(struct pst_dmarc_eval *best, const struct pst_dmarc_eval *weakest)
{
	if (best->out.result != PST_RESULT_NONE &&
	    best->out.result != PST_RESULT_PERMERROR)
		return;
	best->out.identifiers = weakest->out.identifiers;
	best->out.spf_aligned = weakest->out.spf_aligned;
	best->out.dkim_aligned = weakest->out.dkim_aligned;
	best->out.spf_undecided = weakest->out.spf_undecided;
	best->out.spf_may_align = weakest->out.spf_may_align;
	best->sig_align = weakest->sig_align;
}

/* Ranks what is known of the identifiers; the lowest is the message's. */
static unsigned
vouching(const struct pst_dmarc *verdict)
{
	switch (verdict->identifiers) {
	case PST_DMARC_NONE_PASSED:
		return 0;
	case PST_DMARC_UNDETERMINED:
		return 1;
	case PST_DMARC_ALIGNED_PASS:
		return 2;
	}
	abort();
}

/*
 * Evaluates the Author Domains; *best becomes the evaluation that decides.
 * Returns false while an answer is missing.
 */
static bool
evaluate_all(const struct pst_dmarc_eval *blank, const char *const *domains,
    size_t count, struct pst_dmarc_eval *best)
{
	bool psl_mode = blank->config->discovery == PST_DMARC_PSL;
	struct pst_dmarc_eval weakest = *best;
	bool done = true;

	for (size_t i = 0; i < count; i++) {
		struct pst_dmarc_eval ev =
		    pst_dmarc_eval_begin(blank, domains[i], psl_mode);

		if (!evaluate_domain(&ev)) {
			if (!blank->world->eager)
				return false;
			done = false;
			continue;
		}
		if (i == 0 || rank(&ev.out) > rank(&best->out))
			*best = ev;
		if (i == 0 || vouching(&ev.out) < vouching(&weakest.out))
			weakest = ev;
	}
	if (count > 1)
		take_weakest(best, &weakest);
	return done;
}

/* Returns whether a result is bad enough to count for a malformed field. */
static bool
is_bad(enum pst_result result)
{
	return result == PST_RESULT_FAIL || result == PST_RESULT_TEMPERROR;
}

/* A From field with a fault, with the evaluation of its only domain, if any. */
static void
add_fault(struct pst_dmarc_eval *best, const char *fault)
{
	const struct pst_dmarc judged = best->out;

	if (is_bad(best->out.result)) {
		best->out.judged = best->out.result;
		best->out.result = PST_RESULT_PERMERROR;
		best->out.fault = fault;
		return;
	}
	best->out = (struct pst_dmarc){.result = PST_RESULT_PERMERROR,
	    .judged = PST_RESULT_PERMERROR,
	    .knowledge = PST_DMARC_ABSENT,
	    .discovery = judged.discovery,
	    .fault = fault};
	if (judged.identifiers != PST_DMARC_UNDETERMINED) {
		best->sig_align = NULL;
		return;
	}
	/* Something may depend on what no policy asks for. */
	best->out.author_domain = judged.author_domain;
	best->out.identifiers = PST_DMARC_UNDETERMINED;
	best->out.spf_undecided = judged.spf_undecided;
	best->out.spf_may_align = judged.spf_may_align;
}

static const struct pst_dmarc *
copy(struct pst_arena *arena, const struct pst_dmarc *dmarc)
{
	struct pst_dmarc *out = pst_arena_alloc(arena, sizeof(*out));

	*out = *dmarc;
	return out;
}

bool
pst_dmarc_check(struct pst_world *world, const struct pst_dmarc_config *config,
    const struct pst_from *from, const struct pst_spf *spf,
    struct pst_dkim *dkim, struct pst_dmarc *out)
{
	struct pst_arena_mark mark = pst_arena_mark(world->arena);
	const char *fault = from_fault(config, from);
	const struct pst_dmarc_eval blank = {
	    .world = world, .config = config, .spf = spf, .dkim = dkim};
	struct pst_dmarc_eval best = {
	    .out.result = PST_RESULT_NONE, .out.knowledge = PST_DMARC_ABSENT};
	bool done = true;

	best.out.discovery =
	    config->discovery == PST_DMARC_PSL ? "psl" : "treewalk";
	assert(config->discovery == PST_DMARC_TREEWALK || config->psl != NULL);
	if (fault == NULL)
		done = evaluate_all(
		    &blank, from->domains, from->domain_count, &best);
	else if (from->only_domain != NULL)
		done = evaluate_all(&blank, &from->only_domain, 1, &best);
	if (!done) {
		pst_arena_rewind(world->arena, mark);
		return false;
	}
	best.out.judged = best.out.result;
	if (fault != NULL) {
		const struct pst_dmarc *only = from->only_domain == NULL ?
		    NULL :
		    copy(world->arena, &best.out);
		add_fault(&best, fault);
		best.out.only = only;
	}
	for (size_t i = 0; i < dkim->count; i++) {
		struct pst_dkim_sig *sig = &dkim->sigs[i];
		enum pst_dmarc_align align = best.sig_align == NULL ?
		    PST_DMARC_ALIGN_NO :
		    best.sig_align[i];

		sig->aligned = align == PST_DMARC_ALIGN_YES;
		sig->may_align = align == PST_DMARC_ALIGN_UNKNOWN &&
		    pst_dmarc_eval_sig_matters(&best, sig);
	}
	*out = best.out;
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/spf_tree.h"

#include "auth/spf.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"

static const struct pst_str no_term = {NULL, 0};

void
pst_spf_say(struct pst_findings_list *list, const struct pst_spf_branch *branch,
    struct pst_spf_remark remark)
{
	struct pst_finding_place place = {
	    branch->shown, branch->text, remark.term};

	pst_finding_add(list, remark.name, &place, remark.text, remark.instead);
}

static struct pst_findings_list *
findings(const struct pst_spf_tree *tree)
{
	return &tree->part->survey->findings;
}

static struct pst_arena *
arena_of(const struct pst_spf_tree *tree)
{
	return tree->part->world->arena;
}

/* ---- counting ---- */

static void
use(struct pst_spf_limit *limit, unsigned max,
    const struct pst_spf_branch *branch, struct pst_str term)
{
	if (++limit->used <= max || limit->over != NULL)
		return;
	limit->over = branch;
	limit->term = term;
}

/* A node is named by its index, since the array moves. */
static size_t
add_node(struct pst_spf_tree *tree, const struct pst_spf_branch *branch,
    struct pst_str term)
{
	struct pst_survey_spf *out = tree->out;
	struct pst_survey_spf_node *bigger;

	if (out->node_count == PST_SPF_TREE_NODES)
		return PST_SPF_TREE_NODES;
	if (out->node_count == tree->node_capacity) {
		tree->node_capacity =
		    tree->node_capacity == 0 ? 32 : 2 * tree->node_capacity;
		bigger = pst_arena_array(
		    arena_of(tree), tree->node_capacity, sizeof(*bigger));
		if (out->node_count > 0)
			memcpy(bigger, out->nodes,
			    out->node_count * sizeof(*bigger));
		out->nodes = bigger;
	}
	out->nodes[out->node_count] = (struct pst_survey_spf_node){
	    .depth = branch->depth + (term.ptr != NULL),
	    .domain = branch->shown,
	    .term = term.ptr == NULL ? "" : pst_escaped(arena_of(tree), term),
	    .record = term.ptr == NULL ?
		pst_escaped(arena_of(tree), branch->text) :
		NULL,
	};
	return out->node_count++;
}

/* What was used before a node, so that its own part can be told. */
struct used {
	size_t node;
	unsigned lookups, voids, voids_v6;
};

static struct used
begin_node(struct pst_spf_tree *tree, const struct pst_spf_branch *branch,
    struct pst_str term)
{
	return (struct used){add_node(tree, branch, term), tree->lookups.used,
	    tree->voids.used, tree->voids_v6.used};
}

static struct pst_survey_spf_node *
node_of(const struct pst_spf_tree *tree, struct used before)
{
	return before.node < tree->out->node_count ?
	    &tree->out->nodes[before.node] :
	    NULL;
}

static void
end_node(struct pst_spf_tree *tree, struct used before)
{
	struct pst_survey_spf_node *node = node_of(tree, before);

	if (node == NULL)
		return;
	node->lookups = tree->lookups.used - before.lookups;
	node->voids = tree->voids.used - before.voids;
	node->voids_v6 = tree->voids_v6.used - before.voids_v6;
}

/* ---- questions ---- */

/* A term of a record on the way. */
struct step {
	const struct pst_spf_branch *branch;
	const struct pst_spf_term *term;
	struct used before;
	struct pst_str name; /* the name that it looks up */
};

static void
say(const struct pst_spf_tree *tree, const struct step *step, const char *name,
    const char *text, const char *instead)
{
	pst_spf_say(findings(tree), step->branch,
	    (struct pst_spf_remark){name, step->term->text, text, instead});
}

static const char *
shown_name(const struct pst_spf_tree *tree, struct pst_str name)
{
	return pst_escaped(arena_of(tree), pst_str_first(name, PST_DOMAIN_MAX));
}

/*
 * Returns NULL if the answer is missing, or if it is a failure, which becomes a
 * finding.
 */
static const struct pst_dns_answer *
ask(struct pst_spf_tree *tree, const struct step *step, struct pst_str name,
    enum pst_dns_type type)
{
	const struct pst_dns_answer *answer =
	    pst_world_ask(tree->part->world, PST_DNS_POLICY, name, type)
		->answer;
	struct pst_survey_spf_node *node = node_of(tree, step->before);

	if (answer == NULL) {
		tree->pending = true;
		return NULL;
	}
	if (!pst_dns_is_temporary(answer->status))
		return answer;
	tree->failed = true;
	if (node != NULL)
		node->failed = true;
	say(tree, step, "spf-lookup-failed",
	    pst_arena_printf(arena_of(tree),
		"The look-up of %s (%s) failed (%s), so what this term permits "
		"is not known.",
		shown_name(tree, name), pst_dns_type_word(type),
		pst_dns_status_word(answer->status)),
	    NULL);
	return NULL;
}

/* True if a macro of the text depends on the message. */
static bool
is_dynamic(struct pst_str spec)
{
	for (size_t i = 0; i + 2 < spec.len; i++) {
		char letter = pst_lower(spec.ptr[i + 2]);

		if (spec.ptr[i] != '%')
			continue;
		if (spec.ptr[i + 1] == '{' && letter != 'd' && letter != 'o')
			return true;
		i++; /* of "%%" the second is not the begin of a macro */
	}
	return false;
}

/* Sets the name that a term looks up; false: it depends on the message. */
static bool
find_name(struct pst_spf_tree *tree, struct step *step)
{
	struct pst_str spec = step->term->domain;
	struct pst_spf_macros macros = {
	    .sender_domain = tree->part->input->domain,
	    .domain = step->branch->domain,
	    .helo = "",
	    .validated = "unknown",
	    .receiver = "unknown",
	};

	step->name = pst_str(step->branch->domain);
	if (spec.len == 0)
		return true;
	if (!is_dynamic(spec)) {
		step->name = pst_spf_expand(arena_of(tree), spec, &macros);
		if (step->name.len > 0 &&
		    step->name.ptr[step->name.len - 1] == '.')
			step->name.len--;
		return true;
	}
	if (step->branch->is_own)
		say(tree, step, "spf-macro",
		    "The name in this term depends on the message, so what it "
		    "permits cannot be listed, and void look-ups cannot be "
		    "counted.",
		    NULL);
	return false;
}

/* A look-up that is void for clients of either family. */
static void
note_void(struct pst_spf_tree *tree, const struct step *step, bool v4, bool v6)
{
	unsigned max = tree->part->input->max_voids;

	if (v4)
		use(&tree->voids, max, step->branch, step->term->text);
	if (v6)
		use(&tree->voids_v6, max, step->branch, step->term->text);
	if (v4 && v6 && step->branch->is_own)
		say(tree, step, "spf-void",
		    pst_arena_printf(arena_of(tree),
			"%s has no record of the kind that this term asks for, "
			"so the term permits no host.",
			shown_name(tree, step->name)),
		    "leave the term out");
}

/* A name that no server can be asked for; auth/spf does not count it. */
static void
check_name(const struct pst_spf_tree *tree, const struct step *step,
    const struct pst_dns_answer *answer)
{
	if (answer != NULL && answer->status == PST_DNS_BADNAME &&
	    step->branch->is_own)
		say(tree, step, "spf-void",
		    pst_arena_printf(arena_of(tree),
			"%s cannot be a name in the DNS, so the term permits "
			"no host.",
			shown_name(tree, step->name)),
		    "leave the term out, or the right name");
}

static bool
is_void(const struct pst_dns_answer *answer)
{
	return answer != NULL &&
	    (answer->status == PST_DNS_NODATA ||
		answer->status == PST_DNS_NXDOMAIN);
}

static void
walk_addresses(struct pst_spf_tree *tree, const struct step *step)
{
	const struct pst_dns_answer *a = ask(tree, step, step->name, PST_DNS_A);
	const struct pst_dns_answer *aaaa =
	    ask(tree, step, step->name, PST_DNS_AAAA);

	check_name(tree, step, a);
	note_void(tree, step, is_void(a), is_void(aaaa));
}

/*
 * Returns true if the term matches every client: its name is always the same,
 * and it exists.
 */
static bool
walk_exists(struct pst_spf_tree *tree, const struct step *step)
{
	const struct pst_dns_answer *a = ask(tree, step, step->name, PST_DNS_A);
	bool none = is_void(a);

	check_name(tree, step, a);
	note_void(tree, step, none, none);
	if (a == NULL || a->status != PST_DNS_OK)
		return false;
	if (step->branch->passes && step->term->qualifier == '+')
		say(tree, step, "spf-plus-all",
		    "This name exists, whatever the host is, so every host in "
		    "the world may send mail in the name of the domain.",
		    "a name with %{i} in it, or leave the term out");
	return true;
}

static void
walk_mx(struct pst_spf_tree *tree, const struct step *step)
{
	const struct pst_dns_answer *mx =
	    ask(tree, step, step->name, PST_DNS_MX);

	check_name(tree, step, mx);
	note_void(tree, step, is_void(mx), is_void(mx));
	if (mx == NULL)
		return;
	if (mx->count > PST_SPF_MAX_MX) {
		say(tree, step, "spf-mx-too-many",
		    pst_arena_printf(arena_of(tree),
			"%s has %zu MX records, and an mx term may have 10.",
			shown_name(tree, step->name), mx->count),
		    "ip4: and ip6: with the addresses");
		return;
	}
	/* a term that is never reached must not use up the questions */
	if (tree->lookups.used > PST_SPF_MAX_LOOKUPS)
		return;
	for (size_t i = 0; i < mx->count; i++) {
		if (mx->records[i].data.len == 0)
			continue;
		(void)ask(tree, step, mx->records[i].data, PST_DNS_A);
		(void)ask(tree, step, mx->records[i].data, PST_DNS_AAAA);
	}
}

/* ---- include and redirect ---- */

static bool
walk_record(struct pst_spf_tree *tree, const struct pst_spf_branch *branch);

static bool
is_loop(const struct pst_spf_branch *branch, const char *domain)
{
	for (; branch != NULL; branch = branch->parent)
		if (pst_domain_eq(branch->domain, domain))
			return true;
	return false;
}

/* Finds the record of an include or a redirect; false: there is none. */
static bool
find_child(struct pst_spf_tree *tree, const struct step *step,
    struct pst_spf_branch *child)
{
	const struct pst_dns_answer *txt =
	    ask(tree, step, step->name, PST_DNS_TXT);
	size_t count = 0;

	if (txt == NULL)
		return false;
	if (txt->status == PST_DNS_NXDOMAIN || txt->status == PST_DNS_BADNAME) {
		say(tree, step, "spf-dead-include",
		    pst_arena_printf(arena_of(tree),
			"The domain %s does not exist, so SPF ends with an "
			"error here. Whoever registers it may send mail in "
			"your name.",
			child->shown),
		    "leave the term out");
		return false;
	}
	for (size_t i = 0; i < txt->count; i++) {
		if (!pst_spf_is_record(txt->records[i].data))
			continue;
		count++;
		child->text = txt->records[i].data;
	}
	if (count == 0)
		say(tree, step, "spf-include-without-record",
		    pst_arena_printf(arena_of(tree),
			"%s has no SPF record, so SPF ends with an error here.",
			child->shown),
		    "leave the term out, or a: with the name of a host");
	if (count > 1)
		pst_spf_say(findings(tree), child,
		    (struct pst_spf_remark){"spf-several-records", no_term,
			pst_arena_printf(arena_of(tree),
			    "%s has %zu SPF records, so SPF ends with an error "
			    "here.",
			    child->shown, count),
			"one record with the terms of all"});
	return count == 1;
}

/* Returns true if the record that is included has the result pass for all. */
static bool
walk_child(struct pst_spf_tree *tree, const struct step *step)
{
	struct pst_spf_branch *child =
	    pst_arena_alloc(arena_of(tree), sizeof(*child));
	const struct pst_spf_branch *parent = step->branch;
	bool redirect = step->term->kind == PST_SPF_REDIRECT;
	struct pst_survey_spf_node *node;

	child->parent = parent;
	child->domain =
	    pst_arena_memdup(arena_of(tree), step->name.ptr, step->name.len);
	child->shown = shown_name(tree, step->name);
	child->via = step->term->text;
	child->depth = parent->depth + 1;
	child->is_own = parent->is_own &&
	    (redirect ||
		pst_domain_is_below(child->domain, tree->part->input->domain));
	child->is_final = redirect && parent->is_final;
	child->passes =
	    parent->passes && (redirect || step->term->qualifier == '+');
	if (is_loop(parent, child->domain)) {
		say(tree, step, "spf-include-loop",
		    "This term leads back to a record that contains it, so SPF "
		    "ends with an error here.",
		    "leave the term out");
		return false;
	}
	if (!find_child(tree, step, child))
		return false;
	node = node_of(tree, step->before);
	if (node != NULL)
		node->record = pst_escaped(arena_of(tree), child->text);
	return walk_record(tree, child);
}

/* True if no host passes by the record. */
static bool
is_parked(const struct pst_spf_record *record)
{
	for (size_t i = 0; i < record->term_count; i++)
		if (record->terms[i].qualifier == '+')
			return false;
	return !record->has_redirect;
}

static void
check_parked(const struct pst_spf_tree *tree,
    const struct pst_spf_branch *branch, const struct pst_spf_record *record)
{
	const struct pst_spf_branch *parent = branch->parent;

	if (parent == NULL || !parent->is_own || branch->is_final ||
	    !is_parked(record))
		return;
	pst_spf_say(findings(tree), parent,
	    (struct pst_spf_remark){"spf-parked-include", branch->via,
		pst_arena_printf(arena_of(tree),
		    "The record of %s permits no host, so the term permits "
		    "none and costs a look-up.",
		    branch->shown),
		"leave the term out"});
}

/* ---- terms and records ---- */

/* Returns true if the term matches every client. */
static bool
walk_term(struct pst_spf_tree *tree, const struct pst_spf_branch *branch,
    const struct pst_spf_term *term)
{
	struct step step = {.branch = branch, .term = term};
	bool passes_all = false;

	step.before = begin_node(tree, branch, term->text);
	if (term->kind == PST_SPF_IP4 || term->kind == PST_SPF_IP6 ||
	    term->kind == PST_SPF_ALL)
		return false;
	use(&tree->lookups, PST_SPF_MAX_LOOKUPS, branch, term->text);
	if (term->kind == PST_SPF_PTR ||
	    tree->lookups.used > PST_SPF_TREE_LOOKUPS ||
	    !find_name(tree, &step)) {
		end_node(tree, step.before);
		return false;
	}
	switch (term->kind) {
	case PST_SPF_A:
		walk_addresses(tree, &step);
		break;
	case PST_SPF_MX:
		walk_mx(tree, &step);
		break;
	case PST_SPF_EXISTS:
		passes_all = walk_exists(tree, &step);
		break;
	case PST_SPF_INCLUDE:
	case PST_SPF_REDIRECT:
		passes_all = walk_child(tree, &step);
		break;
	case PST_SPF_ALL:
	case PST_SPF_PTR:
	case PST_SPF_IP4:
	case PST_SPF_IP6:
		break;
	}
	end_node(tree, step.before);
	return passes_all;
}

static bool
walk_record(struct pst_spf_tree *tree, const struct pst_spf_branch *branch)
{
	struct pst_spf_record record;
	const char *why;

	if (!pst_spf_record_parse(
		arena_of(tree), branch->text, &record, &why)) {
		pst_spf_wrong_check(findings(tree), branch, record.wrong, why);
		return false;
	}
	pst_spf_terms_check(findings(tree), branch, &record);
	check_parked(tree, branch, &record);
	for (size_t i = 0; i < record.term_count; i++) {
		const struct pst_spf_term *term = &record.terms[i];

		if (walk_term(tree, branch, term))
			return term->qualifier == '+';
		if (term->kind == PST_SPF_ALL)
			return term->qualifier == '+';
	}
	return record.has_redirect && walk_term(tree, branch, &record.redirect);
}

void
pst_spf_tree_walk(struct pst_spf_tree *tree, const struct pst_spf_branch *top)
{
	struct used before = begin_node(tree, top, no_term);

	(void)walk_record(tree, top);
	end_node(tree, before);
}

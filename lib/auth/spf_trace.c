/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_run.h"

static enum pst_result
qualifier_result(char qualifier)
{
	switch (qualifier) {
	case '-':
		return PST_RESULT_FAIL;
	case '~':
		return PST_RESULT_SOFTFAIL;
	case '?':
		return PST_RESULT_NEUTRAL;
	default:
		return PST_RESULT_PASS;
	}
}

static bool
is_error(enum pst_result result)
{
	return result == PST_RESULT_TEMPERROR || result == PST_RESULT_PERMERROR;
}

/* Returns what the child's result means to the record that refers to it. */
static enum pst_result
child_result(const struct pst_spf_level *child)
{
	if (child->result == PST_RESULT_NONE)
		return PST_RESULT_PERMERROR;
	return child->result;
}

static bool
term_matches(const struct pst_spf_run *run, const struct pst_spf_level *level,
    size_t index)
{
	const struct pst_spf_term *term = &level->record.terms[index];
	const struct pst_spf_term_state *state = &level->states[index];

	switch (term->kind) {
	case PST_SPF_ALL:
		return true;
	case PST_SPF_INCLUDE:
		return state->child != NULL &&
		    state->child->result == PST_RESULT_PASS;
	case PST_SPF_A:
	case PST_SPF_MX:
	case PST_SPF_PTR:
	case PST_SPF_EXISTS:
		return state->hit;
	case PST_SPF_IP4:
		return pst_spf_same_net(
		    &term->ip, &run->input->client, term->ip4_bits);
	case PST_SPF_IP6:
		return pst_spf_same_net(
		    &term->ip, &run->input->client, term->ip6_bits);
	case PST_SPF_REDIRECT:
		break;
	}
	return false;
}

/* Returns the record's result, given those of the records that it refers to. */
static enum pst_result
level_result(const struct pst_spf_run *run, const struct pst_spf_level *level,
    struct pst_str *matched)
{
	const struct pst_spf_record *record = &level->record;
	const struct pst_spf_level *child;

	for (size_t i = 0; i < record->term_count; i++) {
		child = level->states[i].child;
		if (child != NULL && is_error(child_result(child)))
			return child_result(child);
		if (term_matches(run, level, i)) {
			*matched = record->terms[i].text;
			return qualifier_result(record->terms[i].qualifier);
		}
		if (level->states[i].too_many)
			return PST_RESULT_PERMERROR;
	}
	child = level->states[PST_SPF_REDIRECT_INDEX].child;
	if (child == NULL)
		return PST_RESULT_NEUTRAL;
	*matched = record->redirect.text;
	return child_result(child);
}

/* Returns the record whose term decided. */
static const struct pst_spf_level *
deciding_level(const struct pst_spf_run *run)
{
	const struct pst_spf_level *level = run->levels[0];
	const struct pst_spf_level *child;

	for (;;) {
		child = level->states[PST_SPF_REDIRECT_INDEX].child;
		if (child == NULL)
			return level;
		level = child;
	}
}

/* An mx term with too many names: libspf2 finds that out, in any record. */
static void
find_too_many(const struct pst_spf_run *run, struct pst_spf *out)
{
	for (size_t i = 0; i < run->level_count; i++) {
		const struct pst_spf_level *level = run->levels[i];

		for (size_t n = 0; n < level->record.term_count; n++) {
			if (!level->states[n].too_many)
				continue;
			out->term = level->record.terms[n].text;
			out->term_domain = level->domain;
		}
	}
}

static void
set_term(const struct pst_spf_run *run, struct pst_spf *out)
{
	const struct pst_spf_level *level;

	if (run->forced) {
		out->term = run->term;
		out->term_domain = run->term_domain;
		return;
	}
	if (is_error(out->result)) {
		find_too_many(run, out);
		return;
	}
	level = deciding_level(run);
	out->term = level->matched;
	if (level->matched.len > 0)
		out->term_domain = level->domain;
}

void
pst_spf_run_results(struct pst_spf_run *run, struct pst_spf *out)
{
	/* Go backwards: a record comes before those that it refers to. */
	for (size_t i = run->level_count; i-- > 0;) {
		struct pst_spf_level *level = run->levels[i];

		if (!level->stopped)
			level->result =
			    level_result(run, level, &level->matched);
	}
	if (run->level_count > 0)
		set_term(run, out);
}

void
pst_spf_run_trace(const struct pst_spf_run *run, struct pst_spf *out)
{
	struct pst_spf_step *steps = pst_arena_array(
	    run->world->arena, run->level_count, sizeof(steps[0]));

	for (size_t i = 0; i < run->level_count; i++) {
		const struct pst_spf_level *level = run->levels[i];
		struct pst_spf_step *step = &steps[i];

		step->depth = level->depth;
		step->domain = level->domain;
		step->record = level->text;
		if (level->via != NULL)
			step->via = level->via->text;
		step->matched = level->matched;
		step->result = level->result;
	}
	out->trace = steps;
	out->trace_count = run->level_count;
}

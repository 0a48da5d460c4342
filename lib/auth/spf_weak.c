/* SPDX-License-Identifier: BSD-2-Clause */

/* Whether the term that gave a pass says anything of the message's sender. */

#include "auth/spf_run.h"

const char *
pst_spf_weak_word(enum pst_spf_weak weak)
{
	static const char *const words[] = {
	    [PST_SPF_NOT_WEAK] = "",
	    [PST_SPF_WEAK_ALL] = "+all",
	    [PST_SPF_WEAK_RANGE] = "range",
	    [PST_SPF_WEAK_PTR] = "ptr",
	};

	return words[weak];
}

/* Returns the number of the term that matched; the redirect if none did. */
static size_t
matched_index(const struct pst_spf_level *level)
{
	const struct pst_spf_record *record = &level->record;

	for (size_t i = 0; i < record->term_count; i++) {
		if (record->terms[i].text.ptr == level->matched.ptr)
			return i;
	}
	return PST_SPF_REDIRECT_INDEX;
}

/*
 * Returns the term at the end of the includes and redirects that led to the
 * pass; NULL if there is none.
 */
static const struct pst_spf_term *
deepest_term(const struct pst_spf_run *run)
{
	const struct pst_spf_level *level = run->levels[0];
	const struct pst_spf_term *term = NULL;

	while (level != NULL && level->matched.len > 0) {
		size_t index = matched_index(level);

		term = index == PST_SPF_REDIRECT_INDEX ?
		    &level->record.redirect :
		    &level->record.terms[index];
		level = level->states[index].child;
	}
	return term;
}

static enum pst_spf_weak
weak_by_bits(const struct pst_spf_input *input, unsigned bits)
{
	unsigned least = input->weak_range_bits;

	if (input->client.family == PST_IP_V6)
		least *= 2;
	if (bits == 0)
		return PST_SPF_WEAK_ALL;
	return bits < least ? PST_SPF_WEAK_RANGE : PST_SPF_NOT_WEAK;
}

enum pst_spf_weak
pst_spf_run_weak(const struct pst_spf_run *run)
{
	const struct pst_spf_term *term;
	unsigned bits;

	if (run->result != PST_RESULT_PASS || run->level_count == 0)
		return PST_SPF_NOT_WEAK;
	term = deepest_term(run);
	if (term == NULL)
		return PST_SPF_NOT_WEAK;
	bits = run->input->client.family == PST_IP_V6 ? term->ip6_bits :
							term->ip4_bits;
	switch (term->kind) {
	case PST_SPF_ALL:
		return PST_SPF_WEAK_ALL;
	case PST_SPF_EXISTS:
		return pst_spf_uses_client(term->domain) ? PST_SPF_NOT_WEAK :
							   PST_SPF_WEAK_ALL;
	case PST_SPF_PTR:
		return PST_SPF_WEAK_PTR;
	case PST_SPF_A:
	case PST_SPF_MX:
	case PST_SPF_IP4:
	case PST_SPF_IP6:
		return weak_by_bits(run->input, bits);
	case PST_SPF_INCLUDE:
	case PST_SPF_REDIRECT:
		break;
	}
	return PST_SPF_NOT_WEAK;
}

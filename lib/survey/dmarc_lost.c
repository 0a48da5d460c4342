/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_parts.h"

#include "base/macros.h"

/* The longer of two names that end alike comes first. */
static const char *const tags[] = {"adkim", "aspf", "psd", "rua", "ruf", "pct",
    "sp", "np", "fo", "rf", "ri", "p", "t", "v"};

/* Returns the name of the tag, of any case, that ends text; NULL: none. */
static const char *
tag_at_end(struct pst_str text)
{
	for (size_t i = 0; i < PST_COUNT(tags); i++)
		if (pst_str_iends(text, pst_str(tags[i])))
			return tags[i];
	return NULL;
}

static struct pst_str
trim_end(struct pst_str s)
{
	while (s.len > 0 && pst_is_wsp(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool
is_boundary(struct pst_str before)
{
	return before.len > 0 &&
	    (pst_is_wsp(before.ptr[before.len - 1]) ||
		before.ptr[before.len - 1] == ',');
}

/* A value, and the words that are valid for its tag. */
struct search {
	struct pst_str value;
	const char *words;
};

/*
 * Among addresses a tag begins after a blank or a comma, or it is followed by
 * "mailto:": an address may have "=" in it.
 */
static bool
begins_tag(const struct search *search, struct pst_str head, size_t name_len,
    struct pst_str after)
{
	if (search->words == NULL || search->words[0] != '\0')
		return true;
	return is_boundary(pst_str_first(head, head.len - name_len)) ||
	    pst_str_istarts(pst_str_trim(after), PST_STR("mailto:"));
}

static struct pst_dmarc_lost
find_lost(const struct search *search)
{
	struct pst_str value = search->value;
	struct pst_dmarc_lost lost = {.has_value = true};

	for (size_t i = 0; i < value.len; i++) {
		struct pst_str head = trim_end(pst_str_first(value, i));

		if (value.ptr[i] != '=')
			continue;
		lost.tag = tag_at_end(head);
		if (lost.tag == NULL)
			continue;
		lost.at = head.len - strlen(lost.tag);
		if (begins_tag(search, head, strlen(lost.tag),
			pst_str_from(value, i + 1)))
			return lost;
	}
	/* "adkim=saspf": a valid word, and a tag without a value. */
	lost = (struct pst_dmarc_lost){.tag = tag_at_end(value)};
	if (lost.tag == NULL || search->words == NULL ||
	    search->words[0] == '\0')
		return (struct pst_dmarc_lost){.tag = NULL};
	lost.at = value.len - strlen(lost.tag);
	if (!pst_dmarc_is_word(value, search->words) &&
	    pst_dmarc_is_word(
		trim_end(pst_str_first(value, lost.at)), search->words))
		return lost;
	return (struct pst_dmarc_lost){.tag = NULL};
}

bool
pst_dmarc_lost_find(
    struct pst_str value, const char *words, struct pst_dmarc_lost *out)
{
	struct search search = {value, words};
	struct pst_str before;

	*out = find_lost(&search);
	if (out->tag == NULL)
		return false;
	before = trim_end(pst_str_first(value, out->at));
	while (
	    before.len > 0 && strchr(",:", before.ptr[before.len - 1]) != NULL)
		before = trim_end(pst_str_first(before, before.len - 1));
	out->before = before;
	return true;
}

bool
pst_dmarc_lost_check(const struct pst_dmarc_parts *parts,
    const struct pst_dmarc_part *part, const char *words)
{
	const char *name = pst_dmarc_tag_name(part->tag);
	struct pst_dmarc_lost lost;
	struct pst_str before, after;

	if (!pst_dmarc_lost_find(part->value, words, &lost))
		return false;
	before = lost.before;
	after = pst_str_from(part->value, lost.at);
	pst_dmarc_say(parts, "dmarc-lost-separator", part->text,
	    pst_arena_printf(parts->arena,
		"The semicolon before %s is missing, so receivers read it as a "
		"part of %s= and use neither.",
		lost.tag, name),
	    pst_arena_printf(parts->arena, "%s=%s; %s%s", name,
		pst_dmarc_shown(parts, before), pst_dmarc_shown(parts, after),
		lost.has_value ? "" : "=... or leave it out"));
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/hint.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/edit_distance.h"
#include "config/option.h"
#include "config/titled.h"

#define MAX_LISTED 8 /* options of a section, in a hint */

/* Returns candidate if it is closer to name than best is, else best. */
static const char *
nearer(const char *best, const char *candidate, const char *name,
    size_t *best_distance)
{
	size_t d = pst_edit_distance(name, candidate);

	if (d >= *best_distance)
		return best;
	*best_distance = d;
	return candidate;
}

static const char *
nearest_of(const struct pst_titled_kind *kind, const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;

	for (size_t i = 0; i < kind->count; i++)
		best =
		    nearer(best, kind->options[i].name, name, &best_distance);
	return best;
}

const char *
pst_hint_rule_option(const char *name)
{
	return nearest_of(&pst_titled_kinds[PST_TITLED_RULE], name);
}

static bool
same_section(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

const char *
pst_hint_option(const char *section, const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;

	for (size_t i = 0; i < pst_option_count; i++) {
		if (same_section(pst_options[i].section, section))
			best = nearer(
			    best, pst_options[i].name, name, &best_distance);
	}
	for (size_t i = 0; section == NULL && pst_option_sections[i] != NULL;
	     i++)
		best =
		    nearer(best, pst_option_sections[i], name, &best_distance);
	if (section != NULL)
		return best;
	for (size_t i = 0; i < PST_TITLED_KINDS; i++)
		best = nearer(
		    best, pst_titled_kinds[i].section, name, &best_distance);
	return nearer(best, PST_SECTION_LISTENER, name, &best_distance);
}

const char *
pst_hint_listener_option(const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;

	for (size_t i = 0; i < pst_option_count; i++) {
		if (pst_options[i].per_listener)
			best = nearer(
			    best, pst_options[i].name, name, &best_distance);
	}
	return best;
}

/* Returns the sections that have an option of this name; NULL if none has. */
static const char *
sections_that_have(struct pst_arena *arena, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < pst_option_count; i++) {
		const char *section = pst_options[i].section;

		if (strcmp(pst_options[i].name, name) != 0)
			continue;
		if (section == NULL)
			return "at the top level, outside any section";
		found = found == NULL ?
		    pst_arena_printf(arena, "in section %s", section) :
		    pst_arena_printf(arena, "%s or %s", found, section);
	}
	if (found == NULL && pst_titled_with_option(name) != NULL)
		found = pst_arena_printf(
		    arena, "in a %s", pst_titled_with_option(name)->noun);
	return found;
}

/* The options of a section, for one that has only a few; else NULL. */
static const char *
options_of(struct pst_arena *arena, const char *section)
{
	const char *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < pst_option_count; i++) {
		if (pst_options[i].section == NULL ||
		    strcmp(pst_options[i].section, section) != 0)
			continue;
		count++;
		list = list == NULL ? pst_options[i].name :
				      pst_arena_printf(arena, "%s, %s", list,
					  pst_options[i].name);
	}
	return count <= MAX_LISTED ? list : NULL;
}

static const char *
nearest(const char *section, const char *name)
{
	const struct pst_titled_kind *kind = pst_titled_find(section);

	if (kind != NULL)
		return nearest_of(kind, name);
	if (strcmp(section, PST_SECTION_LISTENER) == 0)
		return pst_hint_listener_option(name);
	return pst_hint_option(pst_option_section(section), name);
}

bool
pst_hint_is_curly(const char *text)
{
	/* U+2018 to U+201F */
	return strncmp(text, "\xe2\x80", 2) == 0 &&
	    (unsigned char)text[2] >= 0x98 && (unsigned char)text[2] <= 0x9f;
}

/* "dns.zone" at the top level, and "[dns]": how a section is written. */
static const char *
other_spelling(struct pst_arena *arena, const char *text)
{
	size_t len = strlen(text), dot = strcspn(text, ".");
	const char *section =
	    pst_option_section(pst_arena_memdup(arena, text, dot));

	if (text[dot] == '.' && section != NULL &&
	    pst_option_find(section, text + dot + 1) != pst_option_count)
		return pst_arena_printf(
		    arena, "write %s { %s = VALUE }", section, text + dot + 1);
	if (len > 2 && text[0] == '[' && text[len - 1] == ']')
		section = pst_option_section(
		    pst_arena_memdup(arena, text + 1, len - 2));
	else
		section = NULL;
	if (section != NULL)
		return pst_arena_printf(arena,
		    "write %s { ... }, with its options between the braces",
		    section);
	return pst_hint_is_curly(text) ? "write straight quotes: \"...\"" :
					 NULL;
}

const char *
pst_hint_unknown_option(
    struct pst_arena *arena, const char *section, struct pst_str name)
{
	const char *text = pst_arena_memdup(arena, name.ptr, name.len);
	const char *near = nearest(section, text);
	const char *home = sections_that_have(arena, text);
	const char *own = pst_option_section(section);
	const char *spelling = other_spelling(arena, text);
	const char *hint = "see postern.conf(5) for the known options";

	if (strcmp(section, PST_SECTION_LISTENER) == 0 &&
	    ((home != NULL && pst_titled_with_option(text) == NULL) ||
		pst_option_section(text) != NULL))
		return pst_arena_printf(
		    arena, "%s cannot be set for one listener", text);
	if (spelling != NULL)
		hint = spelling;
	else if (own != NULL && near == NULL &&
	    options_of(arena, own) != NULL &&
	    (home == NULL || strchr(home, ',') == NULL))
		hint = pst_arena_printf(arena,
		    "the options of section %s are "
		    "%s%s%s",
		    own, options_of(arena, own),
		    home == NULL ? "" : "; there is an option of this name ",
		    home == NULL ? "" : home);
	else if (home != NULL)
		hint = pst_arena_printf(arena, "it belongs %s", home);
	else if (near != NULL)
		hint = pst_arena_printf(arena, "did you mean \"%s\"?", near);
	return pst_arena_printf(
	    arena, "unknown option \"%s\"; %s", pst_escaped(arena, name), hint);
}

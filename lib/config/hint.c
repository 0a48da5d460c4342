/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/hint.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/edit_distance.h"
#include "config/option.h"
#include "config/rule_reader.h"

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

const char *
pst_hint_rule_option(const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;

	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option < PST_RULE_OPTIONS; option++)
		best = nearer(
		    best, pst_rule_options[option].name, name, &best_distance);
	return best;
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
	best = nearer(best, PST_SECTION_RULE, name, &best_distance);
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

static const char *
section_that_has(const char *name)
{
	for (size_t i = 0; i < pst_option_count; i++) {
		if (strcmp(pst_options[i].name, name) == 0)
			return pst_options[i].section == NULL ?
			    "the top level, outside any section" :
			    pst_options[i].section;
	}
	return NULL;
}

static const char *
nearest(const char *section, const char *name)
{
	if (strcmp(section, PST_SECTION_RULE) == 0)
		return pst_hint_rule_option(name);
	if (strcmp(section, PST_SECTION_LISTENER) == 0)
		return pst_hint_listener_option(name);
	return pst_hint_option(pst_option_section(section), name);
}

const char *
pst_hint_unknown_option(
    struct pst_arena *arena, const char *section, struct pst_str name)
{
	const char *text = pst_arena_memdup(arena, name.ptr, name.len);
	const char *near = nearest(section, text);
	const char *home = section_that_has(text);
	const char *hint = "see postern.conf(5) for the known options";

	if (strcmp(section, PST_SECTION_LISTENER) == 0 &&
	    (home != NULL || pst_option_section(text) != NULL))
		return pst_arena_printf(
		    arena, "%s cannot be set for one listener", text);
	if (home == NULL && pst_rule_option_find(text) != PST_RULE_OPTIONS)
		home = "a rule";
	if (home != NULL)
		hint = pst_arena_printf(arena, "it belongs in %s%s",
		    strchr(home, ' ') == NULL ? "section " : "", home);
	else if (near != NULL)
		hint = pst_arena_printf(arena, "did you mean \"%s\"?", near);
	return pst_arena_printf(
	    arena, "unknown option \"%s\"; %s", pst_escaped(arena, name), hint);
}

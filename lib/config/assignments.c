/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/assignments.h"

#include <string.h>

#include "config/option.h"

struct pst_section_assignments {
	const void *section;
	/* One of the two is used. */
	struct pst_rule_assignments rule;
	struct pst_listener_section listener;
	struct pst_section_assignments *earlier;
};

/*
 * Is this a second assignment of the option? libconfuse calls the validator
 * after each part of a list, with one more part each time, and again at the end
 * of the list.
 */
static bool
is_repeated(struct pst_assignment *setting, const char *text, unsigned parts)
{
	if (setting->line == 0)
		return false;
	if (parts == 0 || setting->closed)
		return true;
	if (parts == setting->count + 1)
		return false;
	setting->closed =
	    parts == setting->count && strcmp(text, setting->last) == 0;
	return !setting->closed;
}

bool
pst_assignment_note(struct pst_assignment *setting, struct pst_arena *arena,
    unsigned line, const char *text, unsigned parts)
{
	if (is_repeated(setting, text, parts))
		return false;
	if (setting->line == 0)
		setting->line = line;
	setting->count = parts;
	setting->last = pst_arena_strdup(arena, text);
	return true;
}

/* The options of a section come together, so the search mostly ends at once. */
static struct pst_section_assignments *
find(const struct pst_assignments *notes, const void *section)
{
	struct pst_section_assignments *found = notes->last;

	while (found != NULL && found->section != section)
		found = found->earlier;
	return found;
}

static struct pst_section_assignments *
add(struct pst_assignments *notes, const void *section)
{
	struct pst_section_assignments *added =
	    pst_arena_alloc(notes->arena, sizeof(*added));

	added->section = section;
	added->earlier = notes->last;
	notes->last = added;
	return added;
}

struct pst_rule_assignments *
pst_assignments_of_rule(
    struct pst_assignments *notes, const void *section, unsigned line)
{
	struct pst_section_assignments *own = find(notes, section);

	if (own == NULL) {
		own = add(notes, section);
		own->rule.line = line;
	}
	return &own->rule;
}

struct pst_listener_section *
pst_assignments_of_listener(
    struct pst_assignments *notes, const void *section, unsigned line)
{
	struct pst_section_assignments *own = find(notes, section);

	if (own == NULL) {
		own = add(notes, section);
		own->listener.line = line;
		own->listener.assignments = pst_arena_array(notes->arena,
		    pst_option_count, sizeof(*own->listener.assignments));
	}
	return &own->listener;
}

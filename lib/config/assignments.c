/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/assignments.h"

#include <string.h>

#include "config/option.h"

struct pst_section_assignments {
	const void *section;
	/* One of the two is used. */
	struct pst_titled_notes titled;
	struct pst_listener_section listener;
	struct pst_section_assignments *later;
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

/* Looks from `from` on, but not at `end`. */
static struct pst_section_assignments *
find_between(struct pst_section_assignments *from,
    const struct pst_section_assignments *end, const void *section)
{
	while (from != end && from->section != section)
		from = from->later;
	return from;
}

/*
 * The options of a section come together, and later all sections are asked for in
 * their order, so the search mostly ends soon.
 */
static struct pst_section_assignments *
find(struct pst_assignments *notes, const void *section)
{
	struct pst_section_assignments *found =
	    find_between(notes->asked, NULL, section);

	if (found == NULL) {
		found = find_between(notes->first, notes->asked, section);
		if (found == notes->asked)
			return NULL;
	}
	notes->asked = found;
	return found;
}

static struct pst_section_assignments *
add(struct pst_assignments *notes, const void *section)
{
	struct pst_section_assignments *added =
	    pst_arena_alloc(notes->arena, sizeof(*added));

	added->section = section;
	if (notes->last == NULL)
		notes->first = added;
	else
		notes->last->later = added;
	notes->last = added;
	notes->asked = added;
	return added;
}

struct pst_titled_notes *
pst_assignments_of_titled(struct pst_assignments *notes, const void *section,
    const struct pst_titled_kind *kind, unsigned line)
{
	struct pst_section_assignments *own = find(notes, section);

	if (own == NULL) {
		own = add(notes, section);
		own->titled.line = line;
		own->titled.options = pst_arena_array(
		    notes->arena, kind->count, sizeof(*own->titled.options));
	}
	return &own->titled;
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

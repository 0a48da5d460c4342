/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config_notes.h"

#include <string.h>

#include "core/keys.h"

struct pst_section_notes {
	const void *section;
	struct pst_rule_notes rule; /* the one or the other */
	struct pst_listener_section listener;
	struct pst_section_notes *earlier;
};

/*
 * Is this another assignment of the key? libconfuse asks about each part of a
 * list, with one part more each time, and once more at the end of the list.
 */
static bool
is_repeated(struct pst_setting *setting, const char *text, unsigned parts)
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
pst_setting_note(struct pst_setting *setting, struct pst_arena *arena,
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

/* The keys of a section come one after the other: it is the last, mostly. */
static struct pst_section_notes *
find(const struct pst_notes *notes, const void *section)
{
	struct pst_section_notes *found = notes->last;

	while (found != NULL && found->section != section)
		found = found->earlier;
	return found;
}

static struct pst_section_notes *
add(struct pst_notes *notes, const void *section)
{
	struct pst_section_notes *added =
	    pst_arena_alloc(notes->arena, sizeof(*added));

	added->section = section;
	added->earlier = notes->last;
	notes->last = added;
	return added;
}

struct pst_rule_notes *
pst_notes_of_rule(struct pst_notes *notes, const void *section, unsigned line)
{
	struct pst_section_notes *own = find(notes, section);

	if (own == NULL) {
		own = add(notes, section);
		own->rule.line = line;
	}
	return &own->rule;
}

struct pst_listener_section *
pst_notes_of_listener(
    struct pst_notes *notes, const void *section, unsigned line)
{
	struct pst_section_notes *own = find(notes, section);

	if (own == NULL) {
		own = add(notes, section);
		own->listener.line = line;
		own->listener.settings = pst_arena_array(notes->arena,
		    pst_key_count, sizeof(*own->listener.settings));
	}
	return &own->listener;
}

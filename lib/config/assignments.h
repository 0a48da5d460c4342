/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ASSIGNMENTS_H
#define PST_CONFIG_ASSIGNMENTS_H

/*
 * What was set where, for messages and for what a second assignment is: noted
 * while config/reader reads a file, value by value. Knows nothing of
 * libconfuse but the order in which it shows the parts of a list.
 */

#include "base/arena.h"
#include "config/rules.h"

/* How an option was set in the file. */
struct pst_assignment {
	unsigned line;    /* 0: not set */
	const char *last; /* the value; of a list, its last part */
	/* Private to config_notes.c. */
	unsigned count; /* of a list's parts so far, defaults included */
	bool closed;    /* the list is complete */
};

/* What the file wants different for one listener. */
struct pst_listener_section {
	const char *title; /* as written, not checked */
	unsigned line;
	/* Indexed by option; `last` holds the value, already validated. */
	struct pst_assignment *assignments;
};

struct pst_listener_sections {
	struct pst_listener_section *items;
	size_t count;
};

/* How the options of one rule were set. */
struct pst_rule_assignments {
	unsigned line; /* where the rule begins */
	unsigned
	    defaults_seen[PST_RULE_OPTIONS]; /* of a list; for the reader */
	struct pst_assignment options[PST_RULE_OPTIONS];
};

/* Of a file so far; all that is zero but for the arena is empty. */
struct pst_assignments {
	struct pst_arena *arena;
	struct pst_section_assignments *last;
};

/*
 * Notes an assignment, or one more part of a list. parts: of a list so far,
 * defaults included, at least 1; 0 for what is no list. False when the option was
 * set before; the setting then stays as it is.
 */
bool pst_assignment_note(struct pst_assignment *setting,
    struct pst_arena *arena, unsigned line, const char *text, unsigned parts);

/*
 * The notes of a titled section, made at the first call. section is any
 * address that stands for it, line where it begins. They stay where they are.
 */
struct pst_rule_assignments *pst_assignments_of_rule(
    struct pst_assignments *notes, const void *section, unsigned line);
struct pst_listener_section *pst_assignments_of_listener(
    struct pst_assignments *notes, const void *section, unsigned line);

#endif

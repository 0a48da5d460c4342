/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ASSIGNMENTS_H
#define PST_CONFIG_ASSIGNMENTS_H

/*
 * Which option was set on which line of a file. config/reader notes each value
 * as it reads it; error messages and the detection of second assignments use
 * the notes. All that this module knows of libconfuse is the order in which it
 * passes the parts of a list.
 */

#include "base/arena.h"
#include "config/titled.h"

/* How an option was set in the file. */
struct pst_assignment {
	unsigned line;    /* 0: not set */
	const char *last; /* the value; of a list, its last part */
	bool bad;         /* the value was refused */
	/* Private to assignments.c */
	unsigned count; /* parts of the list so far, defaults included */
	bool closed;    /* the list is complete */
};

/* A section of the file with the options of one listener. */
struct pst_listener_section {
	const char *title; /* as written, not checked */
	unsigned line;     /* on which the section begins */
	/* Indexed by option; `last` holds the value, already validated. */
	struct pst_assignment *assignments;
};

struct pst_listener_sections {
	struct pst_listener_section *items;
	size_t count;
	const char *file; /* for error messages about them */
};

/* How the options of one section of config/titled were set. */
struct pst_titled_note {
	unsigned defaults_seen; /* of a list; for the reader */
	struct pst_assignment assignment;
};
struct pst_titled_notes {
	unsigned line;                   /* on which the section begins */
	struct pst_titled_note *options; /* of its kind */
};

/* What has been read of one file so far. Zero-initialise it, then set arena. */
struct pst_assignments {
	struct pst_arena *arena;
	/* Private to assignments.c */
	struct pst_section_assignments *first, *last;
	struct pst_section_assignments *asked; /* what was found last */
};

/*
 * Notes an assignment, or one more part of a list. parts is the number of parts
 * of the list so far, defaults included; 0 if the option is not a list. Returns
 * false, and changes nothing, if the option was set before.
 */
bool pst_assignment_note(struct pst_assignment *setting,
    struct pst_arena *arena, unsigned line, const char *text, unsigned parts);

/*
 * Returns the notes of a titled section, creating them at the first call.
 * section is an address that identifies the section, line is where it begins.
 * The notes do not move and live as long as the arena.
 */
struct pst_titled_notes *
pst_assignments_of_titled(struct pst_assignments *notes, const void *section,
    const struct pst_titled_kind *kind, unsigned line);
struct pst_listener_section *pst_assignments_of_listener(
    struct pst_assignments *notes, const void *section, unsigned line);

#endif

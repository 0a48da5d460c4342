/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_DISPLAY_NAME_H
#define PST_MAIL_DISPLAY_NAME_H

/*
 * What mail programs show of a From field besides its addresses: display names,
 * names of groups, comments, and quoted local parts. Nothing is authenticated by
 * it and no domain is evaluated for it (R-SEC-14); it only tells whether a
 * message pretends something.
 *
 * The reader is lenient, as mail programs are: any octets are accepted, and a
 * field that is not closed properly is read as far as it goes. It takes linear
 * time.
 */

#include "base/arena.h"
#include "base/str.h"

/* Names of one message, and octets of all of them when folded. */
#define PST_DISPLAY_MAX_NAMES 32
#define PST_DISPLAY_MAX_BYTES 2048

struct pst_display_names {
	/*
	 * Each as pst_fold() makes it (base/fold.h), with its encoded-words
	 * decoded; none is empty.
	 */
	const char *names[PST_DISPLAY_MAX_NAMES];
	size_t count;
	bool cut; /* there is more than the limits allow */
};

/* Adds the names in the value of one From field; zero-initialise *out first. */
void pst_display_names_read(struct pst_arena *arena, struct pst_str value,
    struct pst_display_names *out);

/*
 * Calls visit(arg, domain) for every domain that a lenient reader may find after
 * an `@` in text, in quoted strings and comments, too, in normal form. At an
 * unclear end, both readings are visited: over blanks, comments and dots, and up
 * to these. Stops when visit returns true, and returns whether it did; so it
 * does if there are more than PST_DISPLAY_MAX_AT at signs, since it could not be
 * told what the rest names.
 */
#define PST_DISPLAY_MAX_AT 256
bool pst_display_visit_domains(struct pst_arena *arena, struct pst_str text,
    bool (*visit)(void *arg, const char *domain), void *arg);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_CORRECT_TERMS_H
#define PST_SURVEY_CORRECT_TERMS_H

/* The terms of an SPF record while it is corrected. */

#include "survey/correct.h"

#define PST_CORRECT_MAX_TERMS 250

struct pst_correct_terms {
	struct pst_arena *arena;
	struct pst_correct_notes notes;
	bool keep_after_all; /* terms after all are moved, or left out */
	struct pst_correct_term {
		struct pst_str text;
		size_t at;    /* in the text that was written last */
		bool permits; /* hosts pass by it */
		bool gone;
	} terms[PST_CORRECT_MAX_TERMS];
	size_t count;
	struct pst_str modifiers[PST_CORRECT_MAX_TERMS];
	size_t modifier_count;
	struct pst_str redirect; /* the modifier; ptr NULL: none */
	size_t records;
	char all;      /* the qualifier; '\0': none */
	char this_all; /* of the record that is taken */
	bool all_changed, permitted, failed;
};

struct pst_correct_terms *
pst_correct_terms_new(struct pst_arena *arena, bool keep_after_all);

/* Takes the terms of one record, mended. The text must outlive the terms. */
void
pst_correct_terms_take(struct pst_correct_terms *terms, struct pst_str text);

/* After the last record. False: what was meant is not plain. */
bool pst_correct_terms_finish(struct pst_correct_terms *terms) PST_MUST_CHECK;

/* Returns the record in the arena; NULL: it is too long. */
const char *pst_correct_terms_write(struct pst_correct_terms *terms);

/* Leaves out the term at that octet of the text; false: there is none. */
bool pst_correct_terms_drop(
    struct pst_correct_terms *terms, size_t at, const char *why);

/*
 * False if no host passes by the record although some did by the original, or
 * its all was changed: that may not be what the owner meant.
 */
bool pst_correct_terms_is_plain(const struct pst_correct_terms *terms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_EDIT_DISTANCE_H
#define PST_BASE_EDIT_DISTANCE_H

/* How alike two words are, to suggest what a mistyped word should be. */

#include <stddef.h>

/* Octets; a longer word is treated as far from every other word. */
#define PST_EDIT_DISTANCE_MAX 40

/*
 * Returns the number of insertions, deletions and replacements that turn one
 * word into the other (Levenshtein distance); PST_EDIT_DISTANCE_MAX if either
 * word is longer than that.
 */
size_t pst_edit_distance(const char *a, const char *b);

#endif

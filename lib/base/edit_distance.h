/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_EDIT_DISTANCE_H
#define PST_BASE_EDIT_DISTANCE_H

/* What somebody may have meant who mistyped a word. */

#include <stddef.h>

/* Longer words are far from everything. */
#define PST_EDIT_DISTANCE_MAX 40

/*
 * Insertions, deletions and replacements that make one word the other
 * (Levenshtein); PST_EDIT_DISTANCE_MAX when one is longer than that.
 */
size_t pst_edit_distance(const char *a, const char *b);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_NEAR_H
#define PST_BASE_NEAR_H

/* What somebody may have meant who mistyped a word. */

#include <stddef.h>

/* Longer words are far from everything. */
#define PST_NEAR_MAX 40

/*
 * Insertions, deletions and replacements that make one word the other
 * (Levenshtein); PST_NEAR_MAX when one is longer than that.
 */
size_t pst_near_distance(const char *a, const char *b);

#endif

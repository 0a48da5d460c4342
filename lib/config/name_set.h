/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_NAME_SET_H
#define PST_CONFIG_NAME_SET_H

/*
 * Names of people, for the condition display-name. They are compared by their
 * words (base/fold.h), so letter case, the width of letters, blanks and
 * punctuation do not matter. With 10 000 names, a look-up takes about a
 * microsecond for each word of the text.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/* Words of one name. */
#define PST_NAME_MAX_WORDS 8

struct pst_name_set {
	const char **names; /* sorted, distinct; words with one space between */
	size_t count;
};

/*
 * Makes a set of parts[0..count) in the arena; "@/path" is a file, as for the
 * sets of config/sets.h. Returns false, with a sentence in err, at the first
 * entry without a word, with too many words, or that is not UTF-8, and at a file
 * that cannot be read.
 */
bool pst_name_set_make(struct pst_name_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns true if words, as pst_fold_words() makes them, are a name of the set
 * or contain one as whole words in that order. words ends in a NUL.
 */
bool pst_name_set_is_in(const struct pst_name_set *set, struct pst_str words);

/* Returns true if every name of b is also in a. */
bool
pst_name_set_covers(const struct pst_name_set *a, const struct pst_name_set *b);

#endif

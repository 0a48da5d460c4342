/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_TITLED_H
#define PST_CONFIG_TITLED_H

/*
 * The kinds of sections with a title that may come any number of times and have
 * options of their own: `rule` and `sign`. The parser, the hints and the output
 * of `postern config show` are made from these tables. A section `listener` has
 * options of config/option instead.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct pst_titled_option {
	const char *name;
	bool list;
	bool free_text; /* may be a sentence */
};

/* The value of one option of a section, as it was written in the file. */
struct pst_titled_value {
	unsigned line; /* 0: not set */
	const char **parts;
	size_t count;
};

struct pst_titled_kind {
	const char *section; /* "rule" */
	/*
	 * Its name for libconfuse, at most as long: a section there cannot
	 * have the name of an option, and there is an option `sign`.
	 */
	const char *parsed;
	const struct pst_titled_option *options;
	size_t count;
	const char *noun;    /* "rule": what sentences call one */
	const char *example; /* of a title */
	const char *twice;   /* what to say about a title that comes again */
};

enum pst_titled {
	PST_TITLED_RULE,
	PST_TITLED_SIGN,
};
#define PST_TITLED_KINDS (PST_TITLED_SIGN + 1)

/* Indexed by enum pst_titled. */
extern const struct pst_titled_kind pst_titled_kinds[PST_TITLED_KINDS];

/* Return the kind with that name in a file, or for libconfuse; else NULL. */
const struct pst_titled_kind *pst_titled_find(const char *section);
const struct pst_titled_kind *pst_titled_find_parsed(const char *parsed);

/* Returns the index of the option of that name, kind->count if there is none. */
size_t
pst_titled_option_find(const struct pst_titled_kind *kind, const char *name);

/* Returns the first kind with an option of that name, NULL if none has one. */
const struct pst_titled_kind *pst_titled_with_option(const char *name);

/* Returns a value that is set as a file has it, in the arena. */
const char *pst_titled_value_text(const struct pst_titled_option *option,
    const struct pst_titled_value *value, struct pst_arena *arena);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_PROBLEMS_H
#define PST_CONFIG_PROBLEMS_H

/*
 * What is wrong with a configuration file: all of it, not only the first
 * thing. A list belongs to one thread, and lives as long as its arena.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum pst_problem_kind {
	PST_PROBLEM_ERROR,   /* the configuration is refused */
	PST_PROBLEM_WARNING, /* allowed, but hardly what is meant */
};

struct pst_problem {
	enum pst_problem_kind kind;
	const char *file; /* NULL: no file is involved */
	unsigned line;    /* 0: no line is involved */
	const char *sentence;
};

/* More than so many are not kept. */
#define PST_PROBLEMS_MAX 100

struct pst_problems { /* zero-initialise it, then set arena */
	struct pst_arena *arena;
	struct pst_problem *items;
	size_t count;
	size_t errors; /* how many of them are errors */
};

/*
 * Adds a problem, unless the list has the same one already; copies the texts.
 * Returns false, so that a check can end with it.
 */
bool pst_problems_add(struct pst_problems *problems, enum pst_problem_kind kind,
    const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Sorts them by line; those without a line come last. */
void pst_problems_sort(struct pst_problems *problems);

/* Puts the first error, "file:line: sentence", into err; err may be NULL. */
void
pst_problems_first(const struct pst_problems *problems, struct pst_err *err);

#endif

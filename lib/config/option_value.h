/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_VALUE_H
#define PST_CONFIG_OPTION_VALUE_H

/* Option values: from text to a member of struct pst_config, and back. */

#include "base/buf.h"
#include "base/macros.h"
#include "config/option.h"

/*
 * Parses text according to the option's type and stores the value in config.
 * For a list it only checks one part; pst_option_set_list() stores lists.
 * Returns false, with a sentence in err that says what is allowed, if the value
 * is invalid. What is stored lives in the arena.
 */
bool pst_option_set(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text,
    struct pst_err *err) PST_MUST_CHECK;

bool pst_option_is_list(const struct pst_option *option);

/*
 * Stores a list, all parts of which pst_option_set() has accepted. Returns
 * false, with a sentence in err, if a file that a part names cannot be read or
 * holds an invalid entry.
 */
bool pst_option_set_list(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *const *parts, size_t count,
    struct pst_err *err) PST_MUST_CHECK;

/* Stores the option's default. Asserts that it is valid. */
void pst_option_set_default(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option);

/* Appends text in quotes, escaped so that libconfuse reads the same text. */
void pst_option_add_quoted(struct pst_buf *buf, const char *text);

/* Returns the value as it is written in a file, in the arena or static. */
const char *pst_option_text(const struct pst_config *config,
    const struct pst_option *option, struct pst_arena *arena);

/* The same for a person's eyes: without passwords. */
const char *pst_option_shown(const struct pst_config *config,
    const struct pst_option *option, struct pst_arena *arena);

#endif

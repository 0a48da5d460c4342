/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_MARKS_H
#define PST_CONFIG_MARKS_H

/*
 * The header fields that mark a tagged message: tag-header with tag-value, and
 * the fields of tag-also. Fields with their names are removed from incoming
 * mail (R-AR-16), so the name of a field that mail itself uses is refused.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_config;

/* The most fields in tag-also, and in `also` of one rule. */
#define PST_MARKS_ALSO 4

struct pst_mark {
	const char *name;
	const char *value; /* as it follows the colon, with the blank */
};

struct pst_marks {
	struct pst_mark items[1 + PST_MARKS_ALSO];
	size_t count;
};

/*
 * Makes config->marks of tag_header, tag_value and tag_also, whose values are
 * valid; strings are in the arena. A field of tag-also with the name of
 * tag-header is left out, since tag-value says what that field is. Returns
 * false, with a sentence in err, if tag-also has too many fields, or two of
 * one name.
 */
bool pst_marks_make(struct pst_config *config, struct pst_arena *arena,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Makes config->sweep: the fields that are removed, which are those of
 * strip-fields and of `also` in all rules; strings are in the arena, or those of
 * the options.
 */
void pst_marks_sweep(struct pst_config *config, struct pst_arena *arena);

/*
 * Splits a field that pst_marks_check_field() has found valid; strings are in
 * the arena.
 */
struct pst_mark pst_marks_field(struct pst_arena *arena, const char *text);

/*
 * Returns the name of a field that mail uses and that has the name, or begins
 * with it if is_prefix is set; NULL if there is none. Fields in which others say
 * that a message is to be trusted are not among them.
 */
const char *pst_marks_used_by_mail(struct pst_str name, bool is_prefix);

/*
 * Checks of values, as in config/option_check.h; *why is a buffer of this
 * thread. A name of 1 to 76 printable characters that mail does not use for
 * something else; a value on one line; and both as "Name: value".
 */
bool pst_marks_check_name(const char *text, const char **why);
bool pst_marks_check_value(const char *text, const char **why);
bool pst_marks_check_field(const char *text, const char **why);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MESSAGE_H
#define PST_TOOLS_MESSAGE_H

/*
 * A saved message as an MTA would hand it to a filter. Lines may end in LF or
 * CRLF; a leading mbox "From " line is dropped; a bare CR becomes a blank and a
 * field's value ends at its first NUL, as in both MTAs.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

#define PST_MESSAGE_MAX_BYTES ((size_t)100 * 1024 * 1024)

struct pst_saved_field {
	struct pst_str name;  /* without blanks before the colon */
	struct pst_str value; /* all after the colon, folds as LF + blank */
};

struct pst_saved_message {
	struct pst_saved_field *fields; /* at least one */
	size_t count;
	struct pst_str body; /* each line ends in CRLF, the last one too */
};

/*
 * Reads a file; "-" is standard input. Returns false with a sentence in err if
 * it cannot be read, is too big or is not a message. The result lives in the
 * arena.
 */
bool pst_message_read(struct pst_arena *arena, const char *file_name,
    struct pst_saved_message *out, struct pst_err *err) PST_MUST_CHECK;

/* Does the same with text in memory, which is copied; label names it in err. */
bool pst_message_parse(struct pst_arena *arena, struct pst_str raw,
    const char *label, struct pst_saved_message *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Finds the value of the first field of that name; false if there is none. */
bool pst_message_find(const struct pst_saved_message *message, const char *name,
    struct pst_str *value);

#endif

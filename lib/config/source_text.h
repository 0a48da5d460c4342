/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SOURCE_TEXT_H
#define PST_CONFIG_SOURCE_TEXT_H

/*
 * Reads the text of a configuration file and prepares it for libconfuse, which
 * counts lines wrongly after a comment, and which takes the end of the file for
 * the end of an open comment, quoted text or brace.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

struct pst_config_text {
	const char *text; /* comments are blanked out; NUL-terminated */
	unsigned last_line;
};

/*
 * Reads the file; out->text lives in the arena. Returns false with one sentence
 * in err if the file cannot be read or is not text, or if a comment, a quoted
 * text or a brace has no end.
 */
bool pst_config_text_read(struct pst_arena *arena, const char *file,
    struct pst_config_text *out, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SOURCE_TEXT_H
#define PST_CONFIG_SOURCE_TEXT_H

/*
 * The text of a configuration file, made fit for libconfuse: that library
 * loses count of the lines at every comment, and takes the end of the file for
 * the end of whatever is open.
 */

#include "base/arena.h"
#include "base/err.h"

struct pst_config_text {
	const char *text; /* comments are blank; NUL-terminated */
	unsigned last_line;
};

/*
 * Reads the file. False with one sentence in err when it is no readable text,
 * or when a comment, a quoted text or a brace has no end.
 */
bool pst_config_text_read(struct pst_arena *arena, const char *file,
    struct pst_config_text *out, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SOURCE_TEXT_H
#define PST_CONFIG_SOURCE_TEXT_H

/*
 * Reads the text of a configuration file and prepares it for libconfuse, which
 * counts lines wrongly after a comment, and which takes the end of the file for
 * the end of an open comment, quoted text or brace.
 */

#include "base/macros.h"
#include "config/problems.h"

struct pst_config_text {
	char *
	    text; /* comments and a byte order mark are blanked out; NUL-terminated */
	unsigned last_line;
};

/*
 * Reads the file; out->text lives in the arena of problems. Returns false, and
 * adds an error, if the file cannot be read or is not text, or if a comment, a
 * quoted text or a brace has no end. Of an environment variable that is used
 * and not set, it adds an error, too, but goes on.
 */
bool pst_config_text_read(struct pst_problems *problems, const char *file,
    struct pst_config_text *out) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ZONEFILE_H
#define PST_DNS_ZONEFILE_H

/*
 * The line structure of a master file (RFC 1035 s. 5.1): comments, quoted
 * strings and parentheses, but not what a record means. This step comes before
 * ldns because a name or string may hold any octet, and because ldns has no
 * line numbers for records that span several lines and does not know our ";!"
 * lines.
 */

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"

enum pst_zonefile_kind {
	PST_ZONEFILE_END,
	PST_ZONEFILE_DIRECTIVE, /* ";! text" */
	PST_ZONEFILE_ENTRY,     /* a record, $ORIGIN or $TTL */
};

struct pst_zonefile {
	const char *file_name; /* borrowed, for error sentences */
	struct pst_str rest;   /* not read yet */
	unsigned next_line;
	struct pst_buf entry;
};

struct pst_zonefile_line {
	enum pst_zonefile_kind kind;
	unsigned number; /* where it begins */
	/*
	 * Directive: the text after ";!", trimmed. Entry: the text as one line
	 * without comments and parentheses; blanks outside strings are spaces,
	 * an escaped or unprintable octet is \DDD, and a space in front means
	 * that the owner is left out. An entry is NUL-terminated. Valid until
	 * the next call.
	 */
	struct pst_str text;
};

/* Reads the whole file into the arena. False with a sentence in err. */
bool pst_zonefile_open(struct pst_zonefile *zonefile, FILE *file,
    const char *file_name, struct pst_arena *arena,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Reads the next directive or entry, or PST_ZONEFILE_END. False with a sentence
 * in err when a line is malformed.
 */
bool pst_zonefile_next(struct pst_zonefile *zonefile,
    struct pst_zonefile_line *line, struct pst_err *err) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_ADDRESS_H
#define PST_MAIL_ADDRESS_H

/*
 * Reads the Author Domains from From fields (R-DMARC-2 to -9) and the domain
 * from reverse-paths (R-SPF-3, R-SPF-4). The grammar is complete and nothing is
 * guessed: text that no production matches makes the field malformed.
 * Encoded-words are never decoded.
 */

#include "base/arena.h"
#include "base/str.h"

enum pst_from_verdict {
	PST_FROM_SINGLE,    /* all mailboxes are in one domain */
	PST_FROM_MULTI,     /* several domains */
	PST_FROM_NONE,      /* valid, but no domain that DMARC can evaluate */
	PST_FROM_MALFORMED, /* not exactly one field, or a syntax error */
};

/* Why a field is malformed. */
enum pst_from_fault {
	PST_FROM_WELL_FORMED,
	PST_FROM_MISSING, /* no From field */
	PST_FROM_SEVERAL, /* more than one */
	PST_FROM_ENCODED, /* encoded-words where an address should be */
	PST_FROM_GRAMMAR, /* anything else */
};

struct pst_from {
	enum pst_from_verdict verdict;
	const char *
	    *domains; /* distinct, normal form, in order of appearance */
	size_t domain_count;
	enum pst_from_fault fault;
	const char *why; /* malformed: one of a few fixed texts; else NULL */
	/*
	 * Malformed: the domain that every reader finds in the fields, however
	 * lenient it is, in normal form. NULL if there is none, or if two
	 * readers may find two; and NULL if the field is not malformed.
	 */
	const char *only_domain;
};

/* Domains kept from one field; a field with more is malformed (R-DMARC-8). */
#define PST_FROM_MAX_DOMAINS 32
/* From fields that are read; of more than one, only only_domain is known. */
#define PST_FROM_MAX_FIELDS 4

/* Returns "single", "multi", "none" or "malformed". */
const char *pst_from_verdict_word(enum pst_from_verdict verdict);

/*
 * Finds the Author Domains of a message that has `count` From fields; a count
 * other than 1 is malformed. Their values are values[0..count); with more than
 * PST_FROM_MAX_FIELDS, values is not read. A value that is not known is empty.
 * Accepts any octets and takes linear time.
 *
 * The local part decides nothing in SPF and DMARC, so dots may be anywhere in
 * it: addresses such as "a..b@" and "a.@" are in use.
 */
void pst_from_parse(struct pst_arena *arena, const struct pst_str *values,
    size_t count, struct pst_from *out);

/*
 * Returns the one domain in the value of a From field that every reader finds,
 * in normal form and in the arena: each `@` is followed by that domain, also in
 * comments and quoted strings, and the domain certainly ends there. NULL if
 * there is none or another one, too. Encoded-words are not decoded.
 */
const char *pst_from_only_domain(struct pst_arena *arena, struct pst_str value);

struct pst_path {
	bool valid;           /* a mailbox or <> */
	bool null;            /* <> */
	struct pst_str local; /* unquoted local part; empty for null */
	const char *domain;   /* normal form; NULL for null, for an address
	                         literal, and when not valid */
};

/*
 * Parses the argument of MAIL FROM (RFC 5321 s. 4.1.2), with or without its
 * angle brackets; a source route is dropped. If it is not a valid mailbox,
 * out->valid is false and no part of it is taken as a domain (R-SPF-4). A
 * mailbox without a domain ("root") is not valid. Dots may be anywhere in the
 * local part, as in From fields.
 */
void pst_reverse_path_parse(
    struct pst_arena *arena, struct pst_str raw, struct pst_path *out);

#endif

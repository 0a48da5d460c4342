/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_TOKEN_H
#define PST_MAIL_TOKEN_H

/*
 * Lexers: the tokens of RFC 5322 s. 3.2 in a header field's value, and the
 * tag=value lists of RFC 6376 s. 3.2, which DKIM, ARC and DMARC share.
 *
 * A scanner is a position in a slice. Each production is one function that
 * moves past what it read and returns true, or leaves the scanner as it was
 * and returns false. Nesting is bounded: comments nest up to PST_COMMENT_DEPTH
 * (R-SEC-16).
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define PST_COMMENT_DEPTH 50

struct pst_scan {
	struct pst_str text;
	size_t pos;
};

bool pst_scan_at_end(const struct pst_scan *scan);
bool pst_scan_char(struct pst_scan *scan, char c);

/*
 * CFWS: blanks, folds and nested comments (RFC 5322 s. 3.2.2). True also when
 * there is none; false for a comment that is not closed or nested too deeply.
 */
bool pst_scan_cfws(struct pst_scan *scan);

/* A run of atext (RFC 5322 s. 3.2.3) and 8-bit octets (RFC 6532 s. 3.2). */
bool pst_scan_atom(struct pst_scan *scan, struct pst_str *out);

/* quoted-string; *out is the content, unescaped and unfolded, in the arena. */
bool pst_scan_quoted(
    struct pst_scan *scan, struct pst_arena *arena, struct pst_str *out);

/* domain-literal; *out is the text between the brackets. */
bool pst_scan_literal(struct pst_scan *scan, struct pst_str *out);

/* A MIME token (RFC 2045 s. 5.1). */
bool pst_scan_mime_token(struct pst_scan *scan, struct pst_str *out);

struct pst_tag {
	struct pst_str name;
	struct pst_str
	    value; /* without blanks at its ends, folds kept inside */
};

struct pst_tag_list {
	struct pst_tag *tags;
	size_t count;
};

enum pst_tag_status {
	PST_TAGS_OK,
	PST_TAGS_SYNTAX,    /* not a tag-list */
	PST_TAGS_DUPLICATE, /* a tag name appears twice */
	PST_TAGS_TOO_MANY,  /* more than max_tags */
};

/*
 * Parses a tag-list of RFC 6376 s. 3.2 strictly: tag names are ALPHA ALNUMPUNC,
 * values are printable ASCII and folding white space (with allow_8bit also
 * 8-bit octets, RFC 8616), and a final semicolon is optional. The whole text
 * must match. With PST_TAGS_TOO_MANY, *out holds the first max_tags tags; with
 * the other errors it is empty.
 */
enum pst_tag_status
pst_tag_list_parse(struct pst_arena *arena, struct pst_str text,
    size_t max_tags, bool allow_8bit, struct pst_tag_list *out);

/* Returns the tag of that name (case-sensitive); NULL if it is absent. */
const struct pst_tag *
pst_tag_find(const struct pst_tag_list *list, const char *name);

/* Returns value without white space, in the arena: for b=, bh=, h=, p=. */
struct pst_str pst_tag_squeeze(struct pst_arena *arena, struct pst_str value);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_TOKEN_H
#define PST_MAIL_TOKEN_H

/*
 * Lexers: RFC 5322 s. 3.2 tokens over a header field's value, and the
 * tag=value lists of RFC 6376 s. 3.2, which DKIM, ARC and DMARC share.
 *
 * A scanner is a position in a slice. Each production is one function that
 * moves past what it read and returns true, or leaves the scanner as it was
 * and returns false. Nothing recurses without a bound: comments nest up to
 * PST_COMMENT_DEPTH (R-SEC-16).
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
 * there was none; false for an unclosed or too deeply nested comment.
 */
bool pst_scan_cfws(struct pst_scan *scan);

/* A run of atext (RFC 5322 s. 3.2.3; 8-bit octets too, RFC 6532 s. 3.2). */
bool pst_scan_atom(struct pst_scan *scan, struct pst_str *out);

/* quoted-string; *out is the content, unescaped and unfolded, in the arena. */
bool pst_scan_quoted(
    struct pst_scan *scan, struct pst_arena *arena, struct pst_str *out);

/* [domain-literal]; *out is what is between the brackets. */
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
	PST_TAGS_DUPLICATE, /* a tag name stands twice */
	PST_TAGS_TOO_MANY,  /* more than max_tags */
};

/*
 * RFC 6376 s. 3.2 tag-list, strictly: tag names ALPHA ALNUMPUNC, values of
 * printable ASCII and folding white space (8-bit octets too when allow_8bit is
 * set, RFC 8616), a final semicolon optional. The whole text must match.
 */
enum pst_tag_status
pst_tag_list_parse(struct pst_arena *arena, struct pst_str text,
    size_t max_tags, bool allow_8bit, struct pst_tag_list *out);

/* The tag of that name (case-sensitive), NULL when absent. */
const struct pst_tag *
pst_tag_find(const struct pst_tag_list *list, const char *name);

/* value without any white space, in the arena: for b=, bh=, h=, p=. */
struct pst_str pst_tag_squeeze(struct pst_arena *arena, struct pst_str value);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_MSGSIG_CANON_H
#define PST_AUTH_MSGSIG_CANON_H

/*
 * The two canonical forms of RFC 6376 s. 3.4, by the letter: only space and tab
 * are white space, only CRLF ends a line, every other octet stays.
 */

#include "base/buf.h"
#include "mail/header.h"

enum pst_canon {
	PST_CANON_SIMPLE,
	PST_CANON_RELAXED,
};

/* "Name:value" without an end of line; folds are CRLF, or gone. */
void pst_msgsig_canon_field(struct pst_buf *out, struct pst_str name,
    struct pst_str value, enum pst_canon canon);

/*
 * The fields that a list of names (h=) selects, each with its CRLF: for every
 * name the lowest one that is left (s. 5.4.2), nothing where none is. The field
 * with index own, in which the signature stands, is never selected.
 */
void pst_msgsig_canon_header(struct pst_buf *out,
    const struct pst_header *header, const struct pst_str *names, size_t count,
    size_t own, enum pst_canon canon);

/* A body that streams through; piece by piece it goes to sink. */
struct pst_msgsig_canon_body {
	enum pst_canon canon;
	void (*sink)(void *arg, const char *ptr, size_t len);
	void *arg;
	uint64_t line_ends; /* held back: they may be the last ones */
	bool cr;            /* a CR was the last octet so far */
	bool blank;         /* relaxed: white space held back */
	bool any;           /* something was written */
	size_t len;
	char out[4096];
};

void pst_msgsig_canon_body_init(struct pst_msgsig_canon_body *body,
    enum pst_canon canon, void (*sink)(void *arg, const char *ptr, size_t len),
    void *arg);
void pst_msgsig_canon_body_add(
    struct pst_msgsig_canon_body *body, const char *ptr, size_t len);
void pst_msgsig_canon_body_end(struct pst_msgsig_canon_body *body);

#endif

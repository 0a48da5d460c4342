/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_MSGSIG_CANON_H
#define PST_AUTH_MSGSIG_CANON_H

/*
 * The two canonicalizations of RFC 6376 s. 3.4, exactly as specified: only
 * space and tab are white space, only CRLF ends a line, and every other octet
 * is kept.
 */

#include "base/buf.h"
#include "mail/header.h"

enum pst_canon {
	PST_CANON_SIMPLE,
	PST_CANON_RELAXED,
};

/*
 * Appends "Name:value" without a line end. A fold becomes CRLF (simple) or is
 * removed (relaxed).
 */
void pst_msgsig_canon_field(struct pst_buf *out, struct pst_str name,
    struct pst_str value, enum pst_canon canon);

/*
 * Appends the fields that a list of names (h=) selects, each with its CRLF.
 * Each name selects the lowest field that has not been selected yet (s. 5.4.2),
 * or nothing if there is none. The field with index own, which holds the
 * signature, is never selected.
 */
void pst_msgsig_canon_header(struct pst_buf *out,
    const struct pst_header *header, const struct pst_str *names, size_t count,
    size_t own, enum pst_canon canon);

/* A body that is streamed. The canonical form goes to sink, piece by piece. */
struct pst_msgsig_canon_body {
	enum pst_canon canon;
	void (*sink)(void *arg, const char *ptr, size_t len);
	void *arg;
	uint64_t line_ends; /* held back, as they may be the last ones */
	bool cr;            /* the last octet so far was a CR */
	bool blank;         /* relaxed: white space held back */
	bool any;           /* something has been written */
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

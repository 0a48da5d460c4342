/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_BODY_H
#define PST_AUTH_DKIM_BODY_H

/*
 * What no hash tells about the body that streams through it: bare CR, bare LF
 * and NUL, which verifiers hash in ways of their own, libopendkim among them,
 * whether the last line has an end, and how long the canonical body is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts zeroed. */
struct pst_dkim_body {
	bool count_lengths; /* set it before the first octet, when wanted */
	bool odd;           /* a NUL, or a CR or LF outside of a CRLF */
	bool open;          /* a CR was the last octet so far */
	bool in_line;       /* the last octet so far was no LF */
	bool blank;         /* relaxed: white space that may have to count */
	uint64_t octets;
	uint64_t simple;
	uint64_t relaxed;
	uint64_t simple_pending;
	uint64_t relaxed_pending;
};

void pst_dkim_body_add(struct pst_dkim_body *body, const char *ptr, size_t len);

/* True when a CRLF must be added to end the last line; call it once. */
bool pst_dkim_body_end(struct pst_dkim_body *body);

/* Octets of the canonical body (RFC 6376 s. 3.4.3, 3.4.4), when counted. */
uint64_t pst_dkim_body_length(const struct pst_dkim_body *body, bool relaxed);

#endif

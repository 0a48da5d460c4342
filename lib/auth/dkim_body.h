/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_BODY_H
#define PST_AUTH_DKIM_BODY_H

/*
 * Collects what a hash does not tell about a body that is streamed: whether it
 * has a bare CR or a bare LF, which verifiers, libopendkim among them, hash in
 * different ways; whether its last line is terminated; and how long the
 * canonical body is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise it. */
struct pst_dkim_body {
	bool count_lengths; /* set before the first octet, if needed */
	bool odd;           /* a CR or LF that is not in a CRLF */
	bool open;          /* the last octet so far was a CR */
	bool in_line;       /* the last octet so far was not an LF */
	bool blank;         /* relaxed: white space is pending */
	uint64_t octets;
	uint64_t simple;
	uint64_t relaxed;
	uint64_t simple_pending;
	uint64_t relaxed_pending;
};

void pst_dkim_body_add(struct pst_dkim_body *body, const char *ptr, size_t len);

/*
 * Call it once, at the end. Returns true if a CRLF must be added to terminate
 * the last line.
 */
bool pst_dkim_body_end(struct pst_dkim_body *body);

/*
 * Returns the length of the canonical body in octets (RFC 6376 s. 3.4.3,
 * 3.4.4). Requires count_lengths.
 */
uint64_t pst_dkim_body_length(const struct pst_dkim_body *body, bool relaxed);

#endif

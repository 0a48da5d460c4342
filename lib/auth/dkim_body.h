/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_BODY_H
#define PST_AUTH_DKIM_BODY_H

/*
 * Collects what a hash does not tell about a body that is streamed: whether it
 * has a bare CR or a bare LF, which verifiers, libopendkim among them, hash in
 * different ways, and whether its last line is terminated.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise it. */
struct pst_dkim_body {
	bool odd;     /* a CR or LF that is not in a CRLF */
	bool open;    /* the last octet so far was a CR */
	bool in_line; /* the last octet so far was not an LF */
	uint64_t octets;
};

void pst_dkim_body_add(struct pst_dkim_body *body, const char *ptr, size_t len);

/*
 * Call it once, at the end. Returns true if a CRLF must be added to terminate
 * the last line.
 */
bool pst_dkim_body_end(struct pst_dkim_body *body);

#endif

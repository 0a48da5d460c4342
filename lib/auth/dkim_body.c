/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_body.h"

#include <string.h>

/*
 * Returns true if each CR and LF in the piece is part of a CRLF; the last octet
 * may be a CR.
 */
static bool
is_paired(const char *ptr, size_t len)
{
	const char *end = ptr + len;

	while (ptr < end) {
		const char *lf = memchr(ptr, '\n', (size_t)(end - ptr));
		const char *stop = lf == NULL ? end : lf;
		const char *cr = memchr(ptr, '\r', (size_t)(stop - ptr));

		if (lf == NULL)
			return cr == NULL || cr == end - 1;
		if (cr == NULL || cr != lf - 1)
			return false;
		ptr = lf + 1;
	}
	return true;
}

void
pst_dkim_body_add(struct pst_dkim_body *body, const char *ptr, size_t len)
{
	if (len == 0)
		return;
	body->octets += len;
	body->in_line = ptr[len - 1] != '\n';
	if (body->open && ptr[0] != '\n')
		body->odd = true;
	if (body->open && ptr[0] == '\n') {
		ptr++;
		len--;
	}
	body->open = len > 0 && ptr[len - 1] == '\r';
	if (!is_paired(ptr, len))
		body->odd = true;
}

bool
pst_dkim_body_end(struct pst_dkim_body *body)
{
	if (body->open)
		body->odd = true;
	return body->octets > 0 && body->in_line;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_VALUE_H
#define PST_AUTH_DKIM_VALUE_H

/* Parsers for the values of the tags of a DKIM-Signature (RFC 6376 s. 3). */

#include "base/arena.h"
#include "base/str.h"

/*
 * Return the normal form of a domain (d=, and the domain in i=) or of a
 * selector (s=) (s. 3.1, s. 3.5): lower case, U-labels (RFC 8616) as A-labels,
 * in the arena. NULL if text is not valid.
 */
const char *pst_dkim_value_domain(struct pst_arena *arena, struct pst_str text);
const char *
pst_dkim_value_selector(struct pst_arena *arena, struct pst_str text);

/*
 * Returns a copy of a=, in the arena, if it is safe to repeat in a report or a
 * header field; otherwise NULL.
 */
const char *pst_dkim_value_token(struct pst_arena *arena, struct pst_str text);

/* Returns true if text is base64. White space is not allowed. */
bool pst_dkim_value_is_base64(struct pst_str text);

/*
 * Reads l= (s. 3.5), in octets; a larger number becomes UINT64_MAX. Returns
 * false if text is not a valid number; *out is then undefined.
 */
bool pst_dkim_value_length(struct pst_str text, uint64_t *out);

#define PST_DKIM_NEVER UINT64_MAX

/*
 * Reads t= or x= (s. 3.5), in seconds since 1970; a number beyond any date
 * becomes PST_DKIM_NEVER. Returns false if text is not a number; *out is then
 * undefined.
 */
bool pst_dkim_value_time(struct pst_str text, uint64_t *out);

/*
 * Decodes dkim-quoted-printable (s. 2.11). *out is in the arena and
 * NUL-terminated. Returns false if text is malformed or decodes to controls or
 * to invalid UTF-8.
 */
bool pst_dkim_value_unquote(
    struct pst_arena *arena, struct pst_str text, struct pst_str *out);

#endif

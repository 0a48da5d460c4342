/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_VALUE_H
#define PST_AUTH_DKIM_VALUE_H

/* The kinds of values that the tags of a DKIM-Signature have (RFC 6376 s. 3). */

#include "base/arena.h"
#include "base/str.h"

/*
 * d= and the domain of i=, and s= (s. 3.1, s. 3.5), in lower case, U-labels
 * (RFC 8616) as A-labels, in the arena; NULL when it is none.
 */
const char *pst_dkim_value_domain(struct pst_arena *arena, struct pst_str text);
const char *
pst_dkim_value_selector(struct pst_arena *arena, struct pst_str text);

/* What a report or a header field may repeat of a=; NULL for any other text. */
const char *pst_dkim_value_token(struct pst_arena *arena, struct pst_str text);

/* text is without white space. */
bool pst_dkim_value_is_base64(struct pst_str text);

/*
 * l= (s. 3.5), in octets; UINT64_MAX for what is longer. False when text is no
 * such number; *out is then undefined.
 */
bool pst_dkim_value_length(struct pst_str text, uint64_t *out);

#define PST_DKIM_NEVER UINT64_MAX

/*
 * t= and x= (s. 3.5), in seconds since 1970; PST_DKIM_NEVER for what lies beyond
 * any date. False when text is no number; *out is then undefined.
 */
bool pst_dkim_value_time(struct pst_str text, uint64_t *out);

/*
 * dkim-quoted-printable (s. 2.11). *out is NUL-terminated in the arena. False
 * when it is malformed, or decodes to controls or to what is no UTF-8.
 */
bool pst_dkim_value_unquote(
    struct pst_arena *arena, struct pst_str text, struct pst_str *out);

#endif

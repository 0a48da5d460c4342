/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_AUTHRES_H
#define PST_MAIL_AUTHRES_H

/*
 * Authentication-Results fields (RFC 8601): a writer with one quoting
 * function, and a reader that finds out whose id an existing field claims.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct pst_authres {
	struct pst_buf buf;
	size_t line_len;
	bool any_method;
};

/* Octets of one field's value (R-AR-10). */
#define PST_AUTHRES_MAX 8192

/*
 * Begins a field's value with the authserv-id (RFC 8601 s. 2.5). An id that
 * cannot be written (empty, controls, invalid UTF-8) makes pst_authres_end()
 * return NULL.
 */
void pst_authres_begin(struct pst_authres *ar, struct pst_arena *arena,
    struct pst_str authserv_id);

/*
 * "; method=result", with " reason=..." and " (comment)" when given. method,
 * result, reason and comment are fixed texts of the program, never text from
 * a message or the DNS (R-AR-4).
 */
void pst_authres_method(struct pst_authres *ar, const char *method,
    const char *result, const char *reason, const char *comment);

/*
 * " ptype.property=value". A value that is neither a MIME token nor a strict
 * dot-atom domain or address is written as a quoted-string; one with controls,
 * NUL or invalid UTF-8, or too long for a line, is left out (R-AR-3).
 */
void pst_authres_prop(struct pst_authres *ar, const char *ptype,
    const char *property, struct pst_str value);

/* Octets written so far, to keep the field within its bound. */
size_t pst_authres_len(const struct pst_authres *ar);

/*
 * Ends the value ("; none" when there was no method). Each method begins a
 * line; folded with LF + TAB, at 78 columns where possible, each line under
 * 998 octets. It begins with a blank, as libmilter wants with
 * SMFIP_HDR_LEADSPC. NULL when it passed PST_AUTHRES_MAX.
 */
char *pst_authres_end(struct pst_authres *ar);

enum pst_authres_id {
	PST_AUTHRES_ID_OK,
	PST_AUTHRES_ID_MALFORMED, /* no authserv-id can be read */
	PST_AUTHRES_ID_VERSION,   /* a version other than 1 */
};

/*
 * The authserv-id of an existing field's value: comments and folds removed,
 * unquoted, U-labels converted, lower-cased (R-AR-12, R-AR-13). An id that is a
 * domain name comes in normal form (base/domain.h), a final dot gone. *out is
 * a C string in the arena when the answer is OK or VERSION, else NULL.
 */
enum pst_authres_id pst_authres_read_id(
    struct pst_arena *arena, struct pst_str value, const char **out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_AUTHRES_H
#define PST_MAIL_AUTHRES_H

/*
 * Authentication-Results fields (RFC 8601): a writer with one quoting function,
 * and a reader of the authserv-id that an existing field claims.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct pst_authres {
	struct pst_buf buf;
	size_t line_len;
	bool any_method;
	/* On what was done with the message, for the method that decides
	   most (pst_authres_remark()); NULL: nothing. */
	const char *remark;
};

/* The most octets in one field's value (R-AR-10). */
#define PST_AUTHRES_MAX 8192

/*
 * Begins a field's value with the authserv-id (RFC 8601 s. 2.5). An id that
 * cannot be written (empty, controls, invalid UTF-8) makes pst_authres_end()
 * return NULL.
 */
void pst_authres_begin(struct pst_authres *ar, struct pst_arena *arena,
    struct pst_str authserv_id);

/*
 * Adds "; method=result", with " reason=..." and " (comment)" if they are not
 * NULL. All four are fixed texts of the program, never text from a message or
 * from the DNS (R-AR-4).
 */
void pst_authres_method(struct pst_authres *ar, const char *method,
    const char *result, const char *reason, const char *comment);

/*
 * Adds " (text)" for a text that others have chosen: parentheses and backslashes
 * are quoted, and every octet that is not printable ASCII becomes '?' (RFC 5322
 * s. 3.2.2). It is folded at its blanks, and left out if it is too long for a
 * line.
 */
void pst_authres_comment(struct pst_authres *ar, const char *text);

/* The same for ar->remark, if it is set. */
void pst_authres_remark(struct pst_authres *ar);

/*
 * Adds " ptype.property=value". A value that is neither a MIME token nor a
 * strict dot-atom domain or address is written as a quoted-string. The property
 * is left out if its value has a control, NUL or invalid UTF-8 or is too long
 * for a line (R-AR-3).
 */
void pst_authres_prop(struct pst_authres *ar, const char *ptype,
    const char *property, struct pst_str value);

/* Returns the octets written so far, for keeping the field in its bound. */
size_t pst_authres_len(const struct pst_authres *ar);

/*
 * Ends the value, with "; none" if there was no method, and returns it as a C
 * string in the arena. Each method begins a line. Folds are LF + TAB, at 78
 * columns where possible, and each line is under 998 octets. The value begins
 * with a blank, as libmilter expects with SMFIP_HDR_LEADSPC. NULL if the value
 * passed PST_AUTHRES_MAX.
 */
char *pst_authres_end(struct pst_authres *ar);

enum pst_authres_id {
	PST_AUTHRES_ID_OK,
	PST_AUTHRES_ID_MALFORMED, /* no authserv-id can be read */
	PST_AUTHRES_ID_VERSION,   /* a version other than 1 */
};

/*
 * Reads the authserv-id of an existing field's value. Comments and folds are
 * removed, quotes are undone, U-labels are converted and letters are in lower
 * case (R-AR-12, R-AR-13). An id that is a domain name is in normal form
 * (base/domain.h), without a final dot. A value with a control other than TAB and
 * folds, or with a fold inside a quoted id, is malformed: for another reader it
 * may have another id. *out is a C string in the arena if the
 * result is OK or VERSION, else NULL.
 */
enum pst_authres_id pst_authres_read_id(
    struct pst_arena *arena, struct pst_str value, const char **out);

/* The most methods, and properties of one method, that are read. */
#define PST_AUTHRES_MAX_METHODS 64
#define PST_AUTHRES_MAX_PROPS 16

/* One method of an existing field. The texts are C strings in the arena. */
struct pst_authres_prop {
	const char *name; /* "header.d", or "reason"; in lower case */
	const char *value;
};

struct pst_authres_method {
	const char *method; /* in lower case, without a version */
	const char *result; /* in lower case */
	struct pst_authres_prop props[PST_AUTHRES_MAX_PROPS];
	size_t prop_count;
};

/*
 * Reads the methods of a field whose id can be read, for display: *out is an
 * array in the arena. A part that does not fit the grammar ends the reading.
 * Returns the number of methods; 0 for "none".
 */
size_t pst_authres_read(struct pst_arena *arena, struct pst_str value,
    struct pst_authres_method **out);

/* Returns the value of the property of that name; NULL if there is none. */
const char *
pst_authres_prop_of(const struct pst_authres_method *method, const char *name);

#endif

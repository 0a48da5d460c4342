/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_HEADER_H
#define PST_MAIL_HEADER_H

/*
 * The header section of one message as it was received, in order, bounded at
 * the door (R-SEC-6). What passes a bound is counted but not kept, and From is
 * kept count of in any case, so that flooding cannot hide or double it.
 *
 * A field that is too large on its own is left out, and those behind it are
 * still kept; once the bound of fields or of all octets was passed, no field is
 * kept any more. So nth is always the index by which the MTA knows the field.
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_header_field {
	struct pst_str name;  /* without blanks before the colon */
	struct pst_str value; /* all behind the colon, folds as LF + blank */
	size_t nth;           /* 1-based among all fields of this name, kept
	                         or not: the index for smfi_chgheader() */
};

struct pst_header_limits {
	size_t max_fields;      /* kept, and left out for their size */
	size_t max_field_bytes; /* name and value of one field */
	size_t max_total_bytes;
};

#define PST_HEADER_WATCHED 2

/* How many fields of one name came; found by its hash. */
struct pst_header_name;
#define PST_HEADER_NAMES 64

struct pst_header {
	struct pst_arena *arena;
	struct pst_header_limits limits;
	struct pst_header_field *fields; /* grows in the arena */
	size_t count;
	size_t capacity;
	struct pst_header_name *names[PST_HEADER_NAMES];
	size_t left_out_count; /* fields that were too large on their own */
	size_t total_bytes;
	size_t from_count; /* From fields seen, kept or not */
	bool truncated;    /* a bound was passed: some field is not here */
	bool closed;       /* no further field will be kept */
	struct {
		const char *name; /* NULL: not used */
		size_t seen;      /* fields of that name, kept or not */
	} watched[PST_HEADER_WATCHED];
};

void pst_header_init(struct pst_header *header, struct pst_arena *arena,
    struct pst_header_limits limits);

/*
 * Counts all fields of that name from now on, those behind a bound too, so that
 * what must be deleted cannot hide there. Call it before the first
 * pst_header_add(), at most PST_HEADER_WATCHED times; name is borrowed.
 */
void pst_header_watch(struct pst_header *header, const char *name);

/* How many fields of a watched name came, kept or not. */
size_t pst_header_seen(const struct pst_header *header, const char *name);

/*
 * Copies one field in. value is what libmilter gives with SMFIP_HDR_LEADSPC:
 * the octets behind the colon, leading blank included, folded with LF. Returns
 * the kept field, NULL when a bound was passed.
 */
const struct pst_header_field *pst_header_add(
    struct pst_header *header, struct pst_str name, struct pst_str value);

/* The nth (1-based) kept field of that name, NULL when there are fewer. */
const struct pst_header_field *
pst_header_find(const struct pst_header *header, const char *name, size_t nth);

/* How many fields of that name are kept (case ignored). */
size_t pst_header_count(const struct pst_header *header, const char *name);

#endif

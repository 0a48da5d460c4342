/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_HEADER_H
#define PST_MAIL_HEADER_H

/*
 * The header section of one message as received, in order, and bounded while it
 * arrives (R-SEC-6). A field that passes a bound is not kept. From fields are
 * counted in any case, and the value of the first one is kept unless it is too
 * large on its own, so that a flood of fields cannot hide or double one.
 *
 * A field that is too large on its own is left out, and the fields after it are
 * still kept. Once the bound on fields or on all octets has been passed, no
 * field is kept any more. So nth of a kept field is always the index by which
 * the MTA knows that field.
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_header_field {
	struct pst_str name;  /* without blanks before the colon */
	struct pst_str value; /* all after the colon, folds as LF + blank */
	size_t nth;           /* 1-based among all fields of this name, kept
	                         or not: the index for smfi_chgheader() */
};

struct pst_header_limits {
	size_t max_fields;      /* including those left out for their size */
	size_t max_field_bytes; /* name and value of one field */
	size_t max_total_bytes;
};

#define PST_HEADER_WATCHED 2

/* The number of fields of one name; in a table by the name's hash. */
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
	/* Of the first From field; ptr is NULL if there is none or if it is
	   too large. */
	struct pst_str first_from;
	bool truncated; /* a bound was passed: some field was not kept */
	bool closed;    /* no further field will be kept */
	bool unnamed;   /* a field was left out whose name is not known */
	struct {
		const char *name; /* NULL: not used */
		size_t seen;      /* fields of that name, kept or not */
	} watched[PST_HEADER_WATCHED];
};

/* Makes *header empty. Fields will be copied to the arena. */
void pst_header_init(struct pst_header *header, struct pst_arena *arena,
    struct pst_header_limits limits);

/*
 * Counts all fields of that name, those past a bound too, so that a field that
 * must be deleted cannot hide there. Call it before the first pst_header_add(),
 * at most PST_HEADER_WATCHED times; name is borrowed.
 */
void pst_header_watch(struct pst_header *header, const char *name);

/* Returns the number of fields of a watched name, kept or not. */
size_t pst_header_seen(const struct pst_header *header, const char *name);

/*
 * Adds a copy of one field. value is what libmilter gives with
 * SMFIP_HDR_LEADSPC: the octets after the colon, including a leading blank,
 * folded with LF. Returns the kept field, in the arena; NULL if a bound was
 * passed.
 */
const struct pst_header_field *pst_header_add(
    struct pst_header *header, struct pst_str name, struct pst_str value);

/* Returns the nth (1-based) kept field of that name; NULL if there is none. */
const struct pst_header_field *
pst_header_find(const struct pst_header *header, const char *name, size_t nth);

/* Returns the number of kept fields of that name (case ignored). */
size_t pst_header_count(const struct pst_header *header, const char *name);

/* The same with those that were left out because they are too large. */
size_t pst_header_copies(const struct pst_header *header, struct pst_str name);

/* Returns false if it is certain that every field of that name was kept. */
bool pst_header_lacks(const struct pst_header *header, struct pst_str name);

#endif

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
#include "mail/header_counts.h"
#include "mail/sweep.h"

struct pst_header_field {
	struct pst_str name;  /* without blanks before the colon */
	struct pst_str value; /* all after the colon, folds as LF + blank */
	size_t nth;           /* 1-based among all fields of this name, kept
	                         or not: the index for smfi_chgheader() */
	const struct pst_header_name *same; /* what is known of that name */
	size_t above; /* index of the field above with that name, plus one;
	                 0: there is none */
};

struct pst_header_limits {
	size_t max_fields;      /* including those left out for their size */
	size_t max_field_bytes; /* name and value of one field */
	size_t max_total_bytes;
};

#define PST_HEADER_WATCHED 6

/* All fields of one name. */
struct pst_header_name {
	struct pst_header_name *next; /* private: in a table by the hash */
	uint64_t hash;                /* private */
	struct pst_str name;
	size_t number; /* of the name in this header, from 0 */
	size_t seen;   /* fields, kept or left out for their size */
	size_t lowest; /* index of the lowest kept field, plus one; or 0 */
	bool left_out; /* one of them was left out */
};
#define PST_HEADER_NAMES 256

struct pst_header {
	struct pst_arena *arena;
	struct pst_header_limits limits;
	struct pst_header_field *fields; /* grows in the arena */
	size_t count;
	size_t capacity;
	struct pst_header_name *names[PST_HEADER_NAMES];
	size_t name_count;     /* different names */
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
		struct pst_str name; /* ptr is NULL: not used */
		size_t seen;         /* fields of that name, kept or not */
	} watched[PST_HEADER_WATCHED];
	/* These two count all fields, kept or not. */
	struct pst_header_counts counts;
	struct pst_swept swept; /* fields that are not watched */
};

/* Makes *header empty. Fields will be copied to the arena. */
void pst_header_init(struct pst_header *header, struct pst_arena *arena,
    struct pst_header_limits limits);

/*
 * Counts all fields of that name, those past a bound too, so that a field that
 * must be deleted cannot hide there. Call it before the first pst_header_add(),
 * at most PST_HEADER_WATCHED times, with different names; name is borrowed.
 */
void pst_header_watch(struct pst_header *header, const char *name);

/*
 * Counts the fields that are removed by that list in header->swept. Call it
 * before the first pst_header_add(); *sweep is borrowed.
 */
void pst_header_sweep(struct pst_header *header, const struct pst_sweep *sweep);

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

/*
 * Returns what is known of the fields of that name (case ignored); NULL if there
 * is none. The time does not depend on the number of fields.
 */
const struct pst_header_name *
pst_header_name(const struct pst_header *header, struct pst_str name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_SWEEP_H
#define PST_MAIL_SWEEP_H

/*
 * Fields that are removed from a message by their names, or by the beginnings
 * of their names, and how many of each name a message has. An MTA deletes a
 * field by its name and its place among the fields of that name, so each name
 * is counted by itself, and all fields are, those past the limits of the header
 * too (mail/header.h).
 *
 * Only a name of RFC 5322 s. 2.2 (printable ASCII) is counted: no reader knows
 * a field with any other name.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct pst_sweep_name {
	struct pst_str text; /* without the final `*` */
	bool is_prefix;      /* there was one: names that begin with text */
	bool own; /* a field of ours, which others must not send: whether it is
	             signed makes no difference */
};

struct pst_sweep {
	struct pst_sweep_name *names;
	size_t count;
};

/* All fields of one name in a message. */
struct pst_swept_name {
	struct pst_swept_name *next; /* in the order of the first ones */
	struct pst_swept_name *same; /* private: in a table by the hash */
	uint64_t hash;               /* private */
	const char *name;            /* as it was written first */
	size_t seen;
	size_t signed_count; /* so many of the lowest ones are signed, see
	                        core/strip.h */
};
#define PST_SWEPT_SLOTS 64

/* Different names of one message, and the octets of them all, at most. */
#define PST_SWEPT_MAX_NAMES 1000
#define PST_SWEPT_MAX_BYTES 65536

struct pst_swept {
	const struct pst_sweep *sweep; /* what is counted; NULL: nothing */
	struct pst_swept_name *first;
	struct pst_swept_name *last;
	struct pst_swept_name **slots; /* private; NULL: none yet */
	size_t count;                  /* names */
	size_t bytes;
	bool over; /* a field was not counted, because of a bound above: it
	              cannot be removed */
};

/* Counts a field of that name if it is to be removed. */
void pst_swept_count(
    struct pst_swept *swept, struct pst_arena *arena, struct pst_str name);

/*
 * Adds a name as it was counted before, whether or not it is to be removed now.
 * Returns NULL if it is not the name of a field, or is there already, or if a
 * bound is passed.
 */
struct pst_swept_name *pst_swept_restore(
    struct pst_swept *swept, struct pst_arena *arena, struct pst_str name);

/* Returns what the name is removed by; NULL if it is not removed. */
const struct pst_sweep_name *
pst_sweep_find(const struct pst_sweep *sweep, struct pst_str name);

/* Returns whether the name is one of RFC 5322 s. 2.2. */
bool pst_sweep_is_field_name(struct pst_str name);

#endif

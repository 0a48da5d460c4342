/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_SIGN_FIELDS_H
#define PST_AUTH_DKIM_SIGN_FIELDS_H

/* Which fields of a message its signatures cover: the h= of auth/dkim_sign. */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "mail/header.h"

/* Sets of names that are oversigned; each has a number below this. */
#define PST_SIGN_SETS 16

struct pst_sign_fields {
	size_t *covered; /* indexes in the header, from the top */
	size_t count;
	/* h=: the names of the covered fields, then the oversigned ones. In
	   lower case. */
	struct pst_str *names;
	size_t name_count;
	unsigned set; /* the oversigned names, by number */
	/* A covered field has octets that libopendkim does not read as RFC 6376
	   says. */
	bool odd;
};

/* The oversigned names of that set, ending in NULL. Always the same pointer. */
const char *const *pst_sign_fields_set(unsigned set);

/*
 * Chooses the fields, in the arena. False with a sentence in err if there is no
 * From field, or if a field that must be covered is not in the header because it
 * is too large, or if there are so many that receivers would not accept h=.
 */
bool
pst_sign_fields_choose(struct pst_arena *arena, const struct pst_header *header,
    struct pst_sign_fields *out, struct pst_err *err) PST_MUST_CHECK;

#endif

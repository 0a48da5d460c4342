/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_DOMAIN_H
#define PST_BASE_DOMAIN_H

/*
 * Domain names as the mail authentication standards define them. A name in
 * normal form is a C string of at most 253 octets without a final dot. Its
 * labels have 1-63 letters, digits, hyphens (not at either end) and
 * underscores, in lower case; U-labels have become A-labels. All comparisons
 * expect the normal form. (R-DMARC-5, RFC 9989 s. 5.3.1.)
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define PST_DOMAIN_MAX 253 /* octets, without a final dot */
#define PST_LABEL_MAX 63

/*
 * Returns raw, as written in a message or command, in normal form, in the
 * arena. U-labels become A-labels (IDNA2008, RFC 8616 s. 6) and one final dot
 * is dropped. In U-labels only one-to-one mappings between non-ASCII characters
 * are made (capitals, half-width kana); a label is refused if the mapping would
 * drop or split a character or turn it into ASCII. An A-label that decodes is
 * kept, in lower case.
 *
 * Returns NULL if raw has no normal form: an empty or over-long label, a
 * control, a blank, an invalid UTF-8 sequence, a character that IDNA2008
 * disallows, or an all-numeric name that reads as an address. A single label
 * is a valid name here; a caller that needs two checks pst_domain_labels().
 */
const char *pst_domain_normalize(struct pst_arena *arena, struct pst_str raw);

/*
 * True when text has the syntax of the normal form in either letter case:
 * nothing is converted and no final dot is allowed. For d=, s= and names in
 * records. Only the syntax counts: an all-numeric name passes (selectors are
 * often dates), and A-labels are not decoded.
 */
bool pst_domain_is_ldh(struct pst_str text);

/* Returns the number of labels; 0 for the empty name. */
size_t pst_domain_labels(const char *name);

/* Returns name from its second label on; NULL if it has only one. */
const char *pst_domain_parent(const char *name);

/* Returns the right-most n labels (n >= 1); all of name if it has fewer. */
const char *pst_domain_last_labels(const char *name, size_t n);

bool pst_domain_eq(const char *a, const char *b); /* ignores ASCII case */

/* True when name equals parent or is below it; ignores ASCII case. */
bool pst_domain_is_below(const char *name, const char *parent);

/*
 * True when the names have the same last two labels (ignoring ASCII case), or
 * are the same: two names of one organization always do. Names of different
 * ones may, as those below co.uk do.
 */
bool pst_domain_are_near(const char *a, const char *b);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_DOMAIN_H
#define PST_BASE_DOMAIN_H

/*
 * Domain names as the standards of this field see them. The normal form is
 * A-labels in lower case, no final dot, at most 253 octets, labels of 1-63
 * letters, digits, hyphens (not at a label's end) and underscores; a C string
 * in the arena. All comparisons expect it. (R-DMARC-5, RFC 9989 s. 5.3.1.)
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define PST_DOMAIN_MAX 253 /* octets, without a final dot */
#define PST_LABEL_MAX 63

/*
 * Brings raw, as it stood in a message or command, into the normal form:
 * U-labels become A-labels (IDNA2008, RFC 8616 s. 6), one final dot goes. In
 * U-labels only one-to-one mappings between non-ASCII characters are done
 * (capitals, half-width kana); a mapping that would drop, split or make ASCII
 * of a character is refused. An A-label stays as it is when it decodes.
 * NULL when raw has no normal form: an empty or over-long label, a control, a
 * blank, an invalid UTF-8 sequence, a character that IDNA2008 disallows, an
 * all-numeric name that reads as an address. A single label is a valid name
 * here; callers that need two ask pst_domain_labels().
 */
const char *pst_domain_normalize(struct pst_arena *arena, struct pst_str raw);

/*
 * True when text already is in normal form apart from letter case: no IDN
 * conversion, no final dot. For d=, s= and names in records. A pure question
 * of syntax: numbers pass (selectors often are dates), A-labels are not
 * decoded.
 */
bool pst_domain_is_ldh(struct pst_str text);

/* Number of labels; 0 for the empty name. */
size_t pst_domain_labels(const char *name);

/* The name without its left-most label; NULL for a single label. */
const char *pst_domain_parent(const char *name);

/* The right-most n labels (n >= 1); the whole name when it has fewer. */
const char *pst_domain_last_labels(const char *name, size_t n);

bool pst_domain_eq(const char *a, const char *b); /* ignores ASCII case */

/* True when name equals parent or lies below it; ignores ASCII case. */
bool pst_domain_is_below(const char *name, const char *parent);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_XML_ELEMENTS_H
#define PST_FEEDBACK_XML_ELEMENTS_H

/*
 * The elements of an aggregate report that are read, and where their texts go
 * (RFC 9990 App. A; it includes those of RFC 7489).
 */

#include <stddef.h>

enum pst_feedback_element {
	PST_ELEMENT_UNKNOWN,
	PST_ELEMENT_DOCUMENT, /* the parent of the root element */
	PST_ELEMENT_FEEDBACK,
	PST_ELEMENT_METADATA,
	PST_ELEMENT_PERIOD,
	PST_ELEMENT_POLICY,
	PST_ELEMENT_RECORD,
	PST_ELEMENT_ROW,
	PST_ELEMENT_EVALUATED,
	PST_ELEMENT_REASON,
	PST_ELEMENT_IDENTIFIERS,
	PST_ELEMENT_AUTH,
	PST_ELEMENT_DKIM,
	PST_ELEMENT_SPF,
	PST_ELEMENT_LEAF, /* an element whose text is kept */
};

/* How a leaf's text is converted; members are const char *, ... */
enum pst_feedback_leaf {
	PST_LEAF_TEXT,
	PST_LEAF_WORD, /* lower case */
	PST_LEAF_DOMAIN,
	PST_LEAF_ADDRESS,
	PST_LEAF_EPOCH, /* ... and int64_t from here on */
	PST_LEAF_COUNT,
};

enum pst_feedback_target {
	PST_IN_REPORT, /* struct pst_feedback */
	PST_IN_ROW,
	PST_IN_REASON,
	PST_IN_AUTH,
};

struct pst_feedback_rule {
	enum pst_feedback_element parent;
	const char *name;
	enum pst_feedback_element element;
	/* For a leaf */
	enum pst_feedback_leaf leaf;
	enum pst_feedback_target target;
	size_t offset; /* of the member */
};

/* Returns the rule for an element of that name inside parent, or NULL. */
const struct pst_feedback_rule *
pst_feedback_rule(enum pst_feedback_element parent, const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_XML_TEXT_H
#define PST_FEEDBACK_XML_TEXT_H

/*
 * The octets of a report before they are parsed: whether they are a report at
 * all, and what must be mended in them. Senders get the encoding wrong more
 * often than anything else.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/* Octets that are enough for pst_feedback_xml_is_report(). */
#define PST_FEEDBACK_XML_LOOK ((size_t)64 * 1024)

/*
 * Returns whether XML begins like an aggregate report: its first element, or
 * the first one inside `xs:schema`, is `feedback`, or a document type has that
 * name. Only the first PST_FEEDBACK_XML_LOOK octets count. Other XML, such as a
 * page or a part of an office file, needs no parser to be told from a report.
 */
bool pst_feedback_xml_is_report(struct pst_str xml);

/* Octets from a `<` to the next `>`: a tag, or the beginning of a comment. */
#define PST_FEEDBACK_MAX_TAG ((size_t)64 * 1024)

/*
 * libxml2 compares each attribute of a tag with all others, so a tag must not
 * have thousands. False, with half a sentence in err, if one is too long.
 */
bool pst_feedback_xml_check_tags(
    struct pst_str xml, struct pst_err *err) PST_MUST_CHECK;

struct pst_feedback_xml_text {
	struct pst_str xml;
	bool
	    mended_octets; /* some were not UTF-8, so they were read as Latin-1 */
};

/*
 * Returns the text for the parser; it is the argument itself or a copy in the
 * arena.
 *
 * UTF-16 and what declares a character set of one octet stay as they are. All
 * other text is UTF-8, whatever it declares: .NET writes "UTF-16" into text that
 * is not. Octets in it that are not UTF-8 are taken for Latin-1. The tags of an
 * `xs:schema` around or inside the report, which may lack their end, become
 * blanks.
 */
struct pst_feedback_xml_text
pst_feedback_xml_text(struct pst_arena *arena, struct pst_str octets);

#endif

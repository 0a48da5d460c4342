/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_XML_READER_H
#define PST_FEEDBACK_XML_READER_H

/*
 * Reads aggregate reports in XML (RFC 9990 App. A, RFC 7489 App. C) with
 * libxml2's SAX parser: no tree, no network, no other file. Reading ends where
 * a document type begins, before an entity could be declared; xmlreader would
 * parse the declarations first (R-AGG-33).
 *
 * The reader is lenient (R-AGG-34). It accepts the namespace of RFC 9990 or
 * RFC 7489, another one or none; unknown elements and attributes anywhere; any
 * order; words in capitals; any type of reason; text after the root element;
 * what feedback/xml_text.h mends. Texts that are too long are cut. A record that
 * cannot be counted is left out, and the others count.
 */

#include "base/macros.h"
#include "feedback/feedback.h"
#include "feedback/xml_text.h"

#define PST_FEEDBACK_MAX_DEPTH 32
#define PST_FEEDBACK_MAX_ATTRIBUTES 64
/*
 * Namespaces declared by one element: each name is looked for among them all.
 */
#define PST_FEEDBACK_MAX_NAMESPACES 8

/*
 * Returns false, with half a sentence in err, for what is refused: what is not
 * XML, a root other than `feedback`, a document type or an entity, an encoding
 * that does not have all of ASCII in its place, a passed limit. XML that is not
 * well-formed after its root's start tag gives an invalid report with what was
 * read so far.
 */
bool pst_feedback_xml_read(struct pst_arena *arena, struct pst_str xml,
    struct pst_feedback *out, struct pst_err *err) PST_MUST_CHECK;

#endif

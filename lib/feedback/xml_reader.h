/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_XML_READER_H
#define PST_FEEDBACK_XML_READER_H

/*
 * Aggregate reports as XML (RFC 9990 App. A, RFC 7489 App. C), by libxml2's
 * SAX parser: no tree, no network, no other file. A document type ends the
 * reading where it begins, before an entity could be declared; xmlreader would
 * first parse the declarations (R-AGG-33).
 *
 * Lenient (R-AGG-34): the namespace of RFC 9990, RFC 7489's, another one or
 * none; unknown elements and attributes anywhere; any order; words in capitals;
 * any type of reason. Texts that are too long are cut.
 */

#include "feedback/feedback.h"

#define PST_FEEDBACK_MAX_DEPTH 32
/* From a `<` to the next `>`, in octets: a tag, or a comment's beginning. */
#define PST_FEEDBACK_MAX_TAG ((size_t)64 * 1024)
#define PST_FEEDBACK_MAX_ATTRIBUTES 64
/* Declared by one element: each name is looked for among all of them. */
#define PST_FEEDBACK_MAX_NAMESPACES 8

/*
 * False, with half a sentence in err, for what is refused: no XML, another root
 * than `feedback`, a document type or entity, an encoding that has not all of
 * ASCII in its place, a limit passed. XML that is not well-formed behind its
 * root gives an invalid report with what was read up to there.
 */
bool pst_feedback_xml_read(struct pst_arena *arena, struct pst_str xml,
    struct pst_feedback *out, struct pst_err *err);

#endif

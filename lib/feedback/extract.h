/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_EXTRACT_H
#define PST_FEEDBACK_EXTRACT_H

/* Extracts reports from whatever they come in (R-AGG-32). */

#include "feedback/feedback.h"

enum pst_feedback_form {
	PST_FORM_UNKNOWN,
	PST_FORM_XML,
	PST_FORM_PACKED, /* gzip or zip */
	PST_FORM_MAIL,
	PST_FORM_MBOX,
};

/*
 * Recognises a form by how the octets begin, never by a name or a media type.
 */
enum pst_feedback_form pst_feedback_form(struct pst_str octets);

/*
 * The largest document: XML, a packed file, or a mail that carries one of them.
 */
#define PST_FEEDBACK_MAX_BYTES ((size_t)80 * 1024 * 1024)
/* Layers of packing: gzip in gzip in zip. */
#define PST_FEEDBACK_MAX_LAYERS 3

/*
 * visit() is called with each report that was found. The report and the arena
 * are gone when it returns.
 */
struct pst_feedback_visitor {
	void (*visit)(void *arg, struct pst_arena *arena,
	    const struct pst_feedback *feedback);
	void *arg;
};

enum pst_feedback_outcome {
	PST_FEEDBACK_READ,    /* one report or more, all of them readable */
	PST_FEEDBACK_NONE,    /* something else: other mail, other files */
	PST_FEEDBACK_REFUSED, /* a report that cannot be read, or may be one */
};

/*
 * Reads the reports in one document, which is not an mbox file
 * (feedback/mailbox.h), and visits each, even if it is invalid. Unless the
 * outcome is PST_FEEDBACK_READ, err gets half a sentence that follows the name
 * of the document: "is not a report: ...". If one of several attachments is
 * refused, others may have been visited.
 */
enum pst_feedback_outcome pst_feedback_read(struct pst_str octets,
    struct pst_feedback_visitor visitor, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_EXTRACT_H
#define PST_FEEDBACK_EXTRACT_H

/* Reports out of whatever they come in (R-AGG-32). */

#include "feedback/feedback.h"

enum pst_feedback_form {
	PST_FORM_UNKNOWN,
	PST_FORM_XML,
	PST_FORM_PACKED, /* gzip or zip */
	PST_FORM_MAIL,
	PST_FORM_MBOX,
};

/* What octets are, by how they begin; names and types are not asked. */
enum pst_feedback_form pst_feedback_form(struct pst_str octets);

/* Of one document: XML, a package, or a mail that carries one of these. */
#define PST_FEEDBACK_MAX_BYTES ((size_t)80 * 1024 * 1024)

/* Gets each report that was found. The arena is gone afterwards. */
struct pst_feedback_visitor {
	void (*visit)(void *arg, struct pst_arena *arena,
	    const struct pst_feedback *feedback);
	void *arg;
};

enum pst_feedback_outcome {
	PST_FEEDBACK_READ,    /* a report or several, and nothing else */
	PST_FEEDBACK_NONE,    /* well-formed mail about something else */
	PST_FEEDBACK_REFUSED, /* no report, or one that cannot be read */
};

/*
 * The reports in one document, an mbox file excepted (feedback/mailbox.h). Those
 * that are invalid are visited like any other. Unless it is PST_FEEDBACK_READ,
 * err gets half a sentence that goes behind the name of the document: "is no
 * report ..."; of several attachments some may have been visited.
 */
enum pst_feedback_outcome pst_feedback_read(struct pst_str octets,
    struct pst_feedback_visitor visitor, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_MAILBOX_H
#define PST_FEEDBACK_MAILBOX_H

/*
 * Documents out of files: a file is one document, unless it begins like an mbox
 * file, which is as many as it has messages (RFC 4155); a directory is a
 * Maildir, each file in its new/ and cur/ a document. Messages come one at a
 * time, so a mailbox may be of any size.
 *
 * In an mbox file a message begins at a line "From SENDER Www Mmm ..." behind
 * an empty line; other lines that begin with "From " are text. What mailers
 * put in front of such lines (">From ") is left there.
 */

#include "base/err.h"
#include "base/str.h"

struct pst_mailbox_visitor {
	/*
	 * The octets are gone afterwards; label is the document's name.
	 * is_message: it stands in a mailbox, where other mail may be, too.
	 */
	void (*document)(void *arg, const char *label, struct pst_str octets,
	    bool is_message);
	/* One that is not handed over; why goes behind its name. */
	void (*refused)(void *arg, const char *label, const char *why);
	void *arg;
};

/*
 * Visits the documents in a file or directory of that name; "-" is standard
 * input. Of a document there are at most max_bytes. False with half a sentence
 * in err, to go behind the name, when the whole cannot be read (to its end).
 */
bool pst_mailbox_visit(const char *name, size_t max_bytes,
    struct pst_mailbox_visitor visitor, struct pst_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_MAILBOX_H
#define PST_FEEDBACK_MAILBOX_H

/*
 * Takes documents out of files. A file is one document, except for an mbox
 * file, in which each message is one (RFC 4155). A directory with new/ or cur/
 * is a Maildir: each file in these two is a document. Any other directory is a
 * folder of files, which is read with the folders in it, to a depth of
 * PST_MAILBOX_MAX_DEPTH; names that begin with a dot are passed over. Documents
 * come one at a time, so a mailbox may have any size.
 *
 * In an mbox file a message begins with a line "From SENDER Www Mmm ..." after
 * an empty line; other lines that begin with "From " are text. What mailers put
 * before such lines (">From ") is left there.
 */

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

#define PST_MAILBOX_MAX_DEPTH 8

struct pst_mailbox_visitor {
	/*
	 * Called with each document. The octets are valid only during the call;
	 * label is the document's name. is_message means that it is in a
	 * mailbox or folder, where other mail or files may be, too.
	 */
	void (*document)(void *arg, const char *label, struct pst_str octets,
	    bool is_message);
	/* Called with a document that is refused; why follows its name. */
	void (*refused)(void *arg, const char *label, const char *why);
	void *arg;
	size_t max_bytes; /* a larger document is refused */
};

/*
 * Visits the documents in the file or directory of that name; "-" is standard
 * input. False, with half a sentence in err that follows the name, if the file
 * or directory cannot be read to its end.
 */
bool pst_mailbox_visit(const char *name, struct pst_mailbox_visitor visitor,
    struct pst_err *err) PST_MUST_CHECK;

#endif

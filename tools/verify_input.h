/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_VERIFY_INPUT_H
#define PST_TOOLS_VERIFY_INPUT_H

/*
 * The messages in the files that `postern verify` is given: a file is one
 * message, an mbox file holds one or more, a Maildir has one in each file. Of a
 * message from an mbox file, the ">" that mailers put before lines of its body
 * that begin with "From " is removed (">>From " becomes ">From ").
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_verify_visitor {
	/*
	 * Called with each message, whose octets are valid only during the
	 * call. name is the file's; number counts the messages of an mbox file
	 * from 1, and is 0 if there is only one.
	 */
	void (*message)(
	    void *arg, const char *name, size_t number, struct pst_str octets);
	/* Called with a message that is refused; why follows its name. */
	void (*refused)(void *arg, const char *label, const char *why);
	void *arg;
};

/*
 * Visits the messages in the file or Maildir of that name; "-" is standard
 * input. False, with half a sentence in err that follows the name, if it cannot
 * be read to its end.
 */
bool pst_verify_input_visit(const char *name, struct pst_verify_visitor visitor,
    struct pst_err *err) PST_MUST_CHECK;

/* Removes one ">" before each "From " at the beginning of a line. */
struct pst_str
pst_verify_unquote(struct pst_arena *arena, struct pst_str message);

#endif

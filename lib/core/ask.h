/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ASK_H
#define PST_CORE_ASK_H

/*
 * One question to the running daemon, over its control socket. See
 * milter/control.h for the requests.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* Which daemon; at most one of the two members is set. */
struct pst_ask_where {
	const char *control; /* path of the control socket, or NULL */
	const char *config;  /* file that names it; NULL: the system's file */
};

/* How a question ended. */
enum pst_ask_outcome {
	PST_ASK_DONE,      /* *text is the answer */
	PST_ASK_FAILED,    /* *text says what the daemon could not do */
	PST_ASK_REFUSED,   /* *text says why the daemon did not try */
	PST_ASK_NO_DAEMON, /* *text says that there was no answer, and why */
	PST_ASK_NO_CONFIG, /* the configuration has an error: *text says which;
	                      the daemon was not asked */
};

/*
 * Sends the request and waits up to patience_s seconds for each part of the
 * answer. *text is in the arena; as far as the daemon chose it, it is printable.
 */
enum pst_ask_outcome
pst_ask(struct pst_arena *arena, const struct pst_ask_where *where,
    const char *request, unsigned patience_s, const char **text);

#endif

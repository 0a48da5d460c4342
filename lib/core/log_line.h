/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_LOG_LINE_H
#define PST_CORE_LOG_LINE_H

/*
 * What the text and the JSON form of a message's log line have in common: the
 * words that the sender chose, and how a line that is too long is shortened.
 * Only core/explain uses this.
 */

#include "base/buf.h"
#include "core/session.h"

/* Octets of a line without its head: most system logs take 2048 in all. */
#define PST_LOG_LINE_MAX 1900

#define PST_LOG_CUT " cut=yes"

/* Escaped and bounded; in the arena. */
struct pst_log_words {
	const char *helo;
	const char *mail_from;   /* as given, with its brackets */
	const char *rcpt_domain; /* of the first recipient; NULL: none */
	const char *message_id;  /* of the first such field; NULL: none */
	bool cut;                /* one of them is not whole */
};

void pst_log_words(struct pst_arena *arena, const struct pst_message *message,
    struct pst_log_words *words);

/*
 * Returns the line, at most PST_LOG_LINE_MAX octets long. If it is longer, whole
 * words are left out, in the order that posternd(8) gives, and it ends in
 * PST_LOG_CUT.
 */
const char *pst_log_shorten(struct pst_buf *line);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EXPLAIN_H
#define PST_CORE_EXPLAIN_H

/*
 * One message's verdict as the log line, as text for a person, and as JSON.
 * All texts are in the arena.
 */

#include <stdbool.h>

#include "core/session.h"

/*
 * "QUEUEID: from=... spf=... dkim=... dmarc=... policy=... action=... rule=...",
 * printable ASCII, one line, bounded (R-SEC-3).
 */
const char *
pst_explain_line(struct pst_arena *arena, const struct pst_message *message);

/* Several lines, each with a final newline. */
const char *
pst_explain_text(struct pst_arena *arena, const struct pst_message *message);

/*
 * One JSON object without a final newline, documented in postern(1). file_name
 * may be NULL; envelope_source (may be NULL) tells where ip, helo and
 * mail_from were taken from.
 */
const char *
pst_explain_json(struct pst_arena *arena, const struct pst_message *message,
    const char *file_name, const char *envelope_source);

/* `reply` as one line: "550 5.7.26 text"; NULL when there is none. */
const char *
pst_explain_reply(struct pst_arena *arena, const struct pst_decision *decision);

#endif

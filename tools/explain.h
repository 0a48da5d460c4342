/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_EXPLAIN_H
#define PST_TOOLS_EXPLAIN_H

/* What `postern explain` prints of one message. */

#include "config/config.h"
#include "core/recorded.h"

/* A message that was found in a journal. */
struct pst_explained {
	const struct pst_recorded *recorded;
	int64_t seen_s;      /* seconds since 1970 */
	const char *gateway; /* which had it; NULL: this one */
};

/* Seconds since 1970 as "2026-11-30 10:15:00" (UTC), in the arena. */
const char *pst_explained_time(struct pst_arena *arena, int64_t seen_s);

/* What was done: "reject"; of a message that was monitored, "accept (reject)". */
const char *pst_explained_action(
    struct pst_arena *arena, const struct pst_message *message);

/* Prints everything about a message on standard output. */
void pst_explained_print(struct pst_arena *arena,
    const struct pst_explained *one, const struct pst_config *config);

/* Returns the same as a JSON object on one line, without a newline. */
const char *
pst_explained_json(struct pst_arena *arena, const struct pst_explained *one);

#endif

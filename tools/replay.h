/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_REPLAY_H
#define PST_TOOLS_REPLAY_H

/* What `postern replay` has found, and how it is printed. */

#include <stdbool.h>

#include "core/replay.h"
#include "tools/replay_groups.h"

struct pst_replay_result {
	const char *journal; /* the file that was read */
	const char *config;  /* what decides now: a file, or "the defaults" */
	bool is_other;       /* --config was given */
	int64_t since_s, until_s; /* 0: from the beginning, to the end */

	uint64_t read;
	uint64_t same;
	uint64_t changed;
	uint64_t in_doubt;
	uint64_t unreadable;
	uint64_t not_found;      /* of the queue ids that were asked for */
	uint64_t by_same_config; /* of those that were read */
	uint64_t faults;         /* of these, those that have changed */

	struct pst_replay_groups rules;   /* that have changed */
	struct pst_replay_groups domains; /* the same, by From domain */
	struct pst_replay_groups doubts;  /* name: the doubt; from, to: "" */
};

/* Counts a message. */
void pst_replay_result_add(struct pst_replay_result *result,
    const struct pst_message *message, const struct pst_replay *replay);

/*
 * Returns what a decision does, such as "reject", or "accept (would reject)" for
 * one that is not enforced; in the arena or static.
 */
const char *
pst_replay_done(struct pst_arena *arena, const struct pst_decision *decision);

/* One message, as a line or two. */
void pst_replay_print_one(struct pst_arena *arena,
    const struct pst_message *message, const struct pst_replay *replay);

/* All, when all are counted. */
void
pst_replay_print(struct pst_arena *arena, struct pst_replay_result *result);
void pst_replay_print_json(
    struct pst_arena *arena, struct pst_replay_result *result);

#endif

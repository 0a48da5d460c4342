/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BENCH_MICRO_H
#define PST_BENCH_MICRO_H

/*
 * Micro-benchmarks. Each does the same work in every round, without threads,
 * network or clock, so that its instructions can be counted. A round checks
 * its result, because a benchmark of the wrong path is worse than none.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct micro {
	const char *name;
	unsigned rounds; /* how many are counted */
	/* Returns what the rounds share, from arena. size: see micro.c. */
	void *(*set_up)(struct pst_arena *arena, size_t size);
	/* Runs one round; the caller empties the arena after it. */
	void (*round)(struct pst_arena *arena, void *state);
	void (*tear_down)(void *state); /* NULL: nothing to do */
};

extern const struct micro micro_parsers[];
extern const size_t micro_parser_count;
extern const struct micro micro_sessions[];
extern const size_t micro_session_count;
extern const struct micro micro_signers[];
extern const size_t micro_signer_count;

/* bench/count looks for this name, so it must not be inlined. */
void micro_rounds(const struct micro *micro, uint64_t rounds, void *state)
    __attribute__((noinline));

/* Ends the program if a round has a result that it must not have. */
#define MICRO_MUST(condition) micro_must((condition), #condition)
void micro_must(int condition, const char *text);

#endif

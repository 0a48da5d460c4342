/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BENCH_MICRO_H
#define PST_BENCH_MICRO_H

/*
 * Micro-benchmarks: each does the same work round after round, without a
 * thread, a network or a clock, so that its instructions can be counted. A
 * round checks what came out: one that measures the wrong path is worse than
 * none.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct micro {
	const char *name;
	unsigned rounds; /* so many are counted */
	/* Makes what the rounds share, in the arena. size: see micro.c. */
	void *(*set_up)(struct pst_arena *arena, size_t size);
	/* One round; arena is empty again after it. */
	void (*round)(struct pst_arena *arena, void *state);
	void (*tear_down)(void *state); /* NULL: nothing to do */
};

extern const struct micro micro_parsers[];
extern const size_t micro_parser_count;
extern const struct micro micro_sessions[];
extern const size_t micro_session_count;

/* Found by its name from outside, so it stays a function. */
void micro_rounds(const struct micro *micro, uint64_t rounds, void *state)
    __attribute__((noinline));

/* Ends the program when a round had another result than it must have. */
#define MICRO_MUST(condition) micro_must((condition), #condition)
void micro_must(int condition, const char *text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_CLOCK_H
#define PST_BASE_CLOCK_H

/*
 * Time as a parameter, so that tests and `postern verify --now` can choose it.
 * The engine reads the time here and nowhere else.
 */

#include <stdbool.h>
#include <stdint.h>

struct pst_clock {
	bool manual;       /* the time is in the members below */
	int64_t now_ms;    /* monotonic, for deadlines */
	int64_t now_epoch; /* seconds since 1970, for signatures and reports */
};

/* The system's clocks; now_ms and now_epoch are not used. */
extern const struct pst_clock pst_clock_system;

/* Returns a clock set to epoch that only pst_clock_advance() moves. */
struct pst_clock pst_clock_manual(int64_t epoch);

int64_t pst_clock_ms(const struct pst_clock *clock);
int64_t pst_clock_epoch(const struct pst_clock *clock);

/* Moves a manual clock forward by ms; clock must not be a system clock. */
void pst_clock_advance(struct pst_clock *clock, int64_t ms);

#endif

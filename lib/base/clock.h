/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_CLOCK_H
#define PST_BASE_CLOCK_H

/*
 * Time as a parameter, so that tests and `postern verify --now` choose it.
 * The engine reads time here and nowhere else.
 */

#include <stdbool.h>
#include <stdint.h>

struct pst_clock {
	bool manual;    /* the fields below are the time; else the system's */
	int64_t now_ms; /* monotonic, for deadlines */
	int64_t now_epoch; /* seconds since 1970, for signatures and reports */
};

/* The system's clock. */
extern const struct pst_clock pst_clock_system;

/* A clock that stands at epoch and moves only when a wait is asked of it. */
struct pst_clock pst_clock_manual(int64_t epoch);

int64_t pst_clock_ms(const struct pst_clock *clock);
int64_t pst_clock_epoch(const struct pst_clock *clock);

/* Moves a manual clock forward by ms; a system clock must not be passed. */
void pst_clock_advance(struct pst_clock *clock, int64_t ms);

#endif

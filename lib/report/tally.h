/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_TALLY_H
#define PST_REPORT_TALLY_H

/* Counts by name: how many deliveries each domain or address has got. */

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct pst_tally;

/* In the arena, as is everything that it counts later. */
struct pst_tally *pst_tally_new(struct pst_arena *arena);

/* Adds n to the number of that name, and to the sum. The name is copied. */
void pst_tally_add(struct pst_tally *tally, struct pst_str name, uint64_t n);

uint64_t pst_tally_of(const struct pst_tally *tally, struct pst_str name);
uint64_t pst_tally_sum(const struct pst_tally *tally);

#endif

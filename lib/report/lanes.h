/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_LANES_H
#define PST_REPORT_LANES_H

/*
 * Who is next: deliveries queue in one lane for each destination domain. Lanes
 * take turns, and a lane pauses after each of its deliveries while the others
 * go on, so a large destination neither is flooded nor holds up the rest.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct pst_lanes;

/* At most max items, a number each from 0 on. In the arena. */
struct pst_lanes *
pst_lanes_new(struct pst_arena *arena, size_t max, unsigned pause_ms);

/* Item numbers are given out in the order in which they come. */
void pst_lanes_add(struct pst_lanes *lanes, const char *domain);

/* For a domain that has a lane: how much it got already today. */
void pst_lanes_count(struct pst_lanes *lanes, const char *domain);

/*
 * Takes the next item that may go at now_ms, and how much its domain has got.
 * PST_LANES_NONE: there is none left. PST_LANES_WAIT: not before *until_ms.
 */
#define PST_LANES_NONE SIZE_MAX
#define PST_LANES_WAIT (SIZE_MAX - 1)
size_t pst_lanes_next(
    struct pst_lanes *lanes, int64_t now_ms, uint64_t *got, int64_t *until_ms);

/* The item taken last was sent: its domain pauses from now_ms on. */
void pst_lanes_sent(struct pst_lanes *lanes, int64_t now_ms);

#endif

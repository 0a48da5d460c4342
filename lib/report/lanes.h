/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_LANES_H
#define PST_REPORT_LANES_H

/*
 * Decides which delivery is next. Deliveries queue in one lane for each
 * destination domain. The lanes take turns, and a lane pauses after each of its
 * deliveries while the others go on, so a large destination is not flooded and
 * does not hold up the rest.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct pst_lanes;

/*
 * Creates the lanes for at most max items, which are numbered from 0. In the
 * arena. A lane pauses for pause_ms after each delivery.
 */
struct pst_lanes *
pst_lanes_new(struct pst_arena *arena, size_t max, unsigned pause_ms);

/* Adds an item. Items are numbered in the order in which they are added. */
void pst_lanes_add(struct pst_lanes *lanes, const char *domain);

/*
 * Takes the next item that may be sent at now_ms. PST_LANES_NONE means that no
 * item is left; PST_LANES_WAIT that none may be sent before *until_ms.
 */
#define PST_LANES_NONE SIZE_MAX
#define PST_LANES_WAIT (SIZE_MAX - 1)
size_t
pst_lanes_next(struct pst_lanes *lanes, int64_t now_ms, int64_t *until_ms);

/* Notes that the item taken last was sent: its domain pauses from now_ms on. */
void pst_lanes_sent(struct pst_lanes *lanes, int64_t now_ms);

#endif

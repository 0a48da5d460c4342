/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CLOCK_WATCH_H
#define PST_MILTER_CLOCK_WATCH_H

/*
 * Tells the log, once, and the counters when most DKIM signatures seem to be
 * from the future (core/signed_times). Thread-safe; a process has one.
 */

#include "core/session.h"

/* Takes in a message that was decided. */
void pst_clock_watch_message(const struct pst_message *message);

#endif

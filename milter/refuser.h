/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_REFUSER_H
#define PST_MILTER_REFUSER_H

/*
 * A thread that tells MTAs on connections which cannot be served to try again
 * later (milter/refusal.h), logs when that begins and ends, and counts it.
 *
 * Everything it needs exists before the first session: it is for the time when
 * threads, descriptors or memory are lacking. It has a fixed number of
 * connections. Each of them is closed a second after its answer, or 10 seconds
 * after it came. If there are too many, those that have been answered are
 * closed at once, and then the oldest that have had two seconds; if there are
 * none, further connections wait.
 *
 * It also keeps a few descriptors in reserve, so that a connection can be
 * accepted, and refused, when there is none left.
 *
 * One in each process.
 */

#include <stdbool.h>

#include "base/macros.h"
#include "core/counters.h"

#define PST_REFUSER_CONNECTIONS 128
#define PST_REFUSER_MAX_MS 10000
#define PST_REFUSER_MIN_MS 2000
/* Neither MTA needs the connection after its answer; this is for them to read
 * it and to say QUIT. */
#define PST_REFUSER_ANSWERED_MS 1000
/* Without a refused session for this long, the log says that it has ended. */
#define PST_REFUSER_QUIET_MS 60000

/*
 * Starts the thread. reserve is how many descriptors to keep, at most
 * PST_REFUSER_CONNECTIONS. Returns false if the system lacks something.
 */
bool pst_refuser_start(unsigned reserve) PST_MUST_CHECK;

/*
 * Refuses the session on a connection, which is taken over, for this reason.
 * Waits for the refuser's thread only, which waits for nobody. With fd -1 it
 * only notes that something was lacking, and never waits. Any thread, after
 * pst_refuser_start().
 */
void pst_refuser_take(int fd, enum pst_lack lack);

/*
 * Closes a descriptor of the reserve, so that the caller can open another. If
 * there is none, returns false; the thread then closes a connection that has
 * been answered and fills the reserve again. Any thread.
 */
bool pst_refuser_free_descriptor(void);

#endif

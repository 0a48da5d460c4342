/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CONTAINMENT_H
#define PST_CORE_CONTAINMENT_H

/*
 * What becomes of a message that has crashed libspf2 or libopendkim.
 *
 * A worker that dies takes the messages of all its threads with it, and a
 * sender that gets no answer tries again. So the message on which a library
 * crashed is blamed (core/crash_slots tells which one it was): for
 * PST_CONTAINMENT_MS it is handled without that library, and the check of that
 * library gives temperror. What follows is what follows any temperror
 * (core/undetermined): under an enforcing policy it is not accepted unmarked.
 *
 * A message that differs in one octet is another message. So the networks of
 * the clients are counted, too. A network from which a library crashed
 * PST_CONTAINMENT_A_MINUTE times within a minute, or PST_CONTAINMENT_AN_HOUR
 * times within an hour, is barred from it: for PST_CONTAINMENT_MS all messages
 * of its clients are handled without it. Without the second number, a sender
 * could crash the worker twice a minute for ever.
 *
 * All of this is in memory that the supervisor and its workers share, so it
 * survives the worker. It takes no lock, since a process can die at any moment.
 * Supervising processes write, workers read. Blames are compared by a digest of
 * 64 bits with a secret key. The tables are bounded; a new entry takes the
 * place of the one that ends first.
 *
 * Not covered: a library that damages memory and returns. The crash then comes
 * later, perhaps in a thread with another message, which is blamed if it is
 * inside a library at that moment.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "auth/guard.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/macros.h"
#include "core/crash_slots.h"

#define PST_CONTAINMENT_MS 3600000
#define PST_CONTAINMENT_A_MINUTE 3
#define PST_CONTAINMENT_AN_HOUR 10

/*
 * Maps the memory. The first process does this before it forks; without it, and
 * in a process that has not entered, there are no guards. Returns false with a
 * sentence in err if there is no memory.
 */
bool pst_containment_map(struct pst_err *err) PST_MUST_CHECK;
void pst_containment_unmap(void);

/*
 * From now on this process is the worker of that listener, an index below
 * PST_COUNTERS_SUPERVISOR. clock is that of the messages. Call it before the
 * process starts a thread.
 */
void pst_containment_enter(size_t listener, const struct pst_clock *clock);

struct pst_message;

/*
 * Returns the guard for a message's checks, in the arena; NULL in a process
 * that is not a worker. *message must live as long.
 */
struct pst_guard *pst_containment_guard(
    struct pst_arena *arena, const struct pst_message *message);

/* A crash inside a library. */
struct pst_crash {
	struct pst_crash_note note;
	bool bars_network; /* since this crash, the client's network is barred
	                      from the library */
};

/*
 * In a supervising process, for a worker of that listener that has died: blames
 * the message of a thread that crashed inside a library. Returns true with the
 * crash in *out; call it until it returns false. After a death of another kind
 * there is none. now_ms is monotonic.
 */
bool pst_containment_collect(size_t listener, pid_t dead, int64_t now_ms,
    struct pst_crash *out) PST_MUST_CHECK;

#endif

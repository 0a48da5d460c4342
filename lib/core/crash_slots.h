/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CRASH_SLOTS_H
#define PST_CORE_CRASH_SLOTS_H

/*
 * The threads that are inside a library right now, in memory that outlives a
 * crash.
 *
 * A thread takes a slot before it calls a library and gives it back after. The
 * handler of fatal signals marks the slot of the thread that it runs in, and no
 * other. So after the death of a worker its supervisor can tell the message
 * that crashed it from those that merely were in other threads.
 *
 * No lock is held at any time, and nobody waits: a crash may come between any
 * two instructions. A slot is the property of the process that took it until
 * that process has died.
 *
 * The handler blames nobody for a signal that another process sent, which is
 * how an operator or a watchdog kills. SIGKILL has no handler. Afterwards the
 * signal's default action happens as always, and a core dump shows the place of
 * the fault.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "auth/guard.h"
#include "base/domain.h"
#include "base/ip.h"
#include "base/macros.h"

/* Threads inside a library at once; they use the processor all that time. */
#define PST_CRASH_SLOTS 256

struct pst_crash_note {
	enum pst_library library;
	uint64_t digest;
	struct pst_ip client;
	char domain[PST_DOMAIN_MAX + 1]; /* "": unknown; any octets */
	unsigned is_test;                /* not 0: the message is a test */
	unsigned is_author; /* not 0: domain is that of the From field */
};

struct pst_crash_slot {
	_Atomic uint64_t owner; /* 0: free; else process and phase */
	struct pst_crash_note note;
};

/* Shared memory that begins with all octets zero. */
struct pst_crash_slots {
	struct pst_crash_slot slots[PST_CRASH_SLOTS];
};

/*
 * From now on this process takes its slots from these, and its fatal signals
 * mark them. Call it before the process starts a thread.
 */
void pst_crash_slots_enter(struct pst_crash_slots *slots);

/*
 * Returns false in builds with the address or thread sanitizer, which have
 * handlers of their own: there, slots are taken but never marked.
 */
bool pst_crash_slots_are_marked(void);

/*
 * Takes a slot for this thread, which has none, and stores what it is going to
 * do. Returns false if there is none left: a crash is then nobody's fault.
 */
bool pst_crash_slot_take(const struct pst_crash_note *note) PST_MUST_CHECK;

/* While `inside` is false, a crash of this thread is nobody's fault. */
void pst_crash_slot_move(bool inside);

/* Gives the slot back; does nothing in a thread without one. */
void pst_crash_slot_give_back(void);

/*
 * Frees the slots of a process that has died. Returns true, with the note in
 * *out, for one slot that was marked; call it until it returns false. The dead
 * process may have damaged the note; *out is in order whatever it did.
 */
bool pst_crash_slots_collect(struct pst_crash_slots *slots, pid_t dead,
    struct pst_crash_note *out) PST_MUST_CHECK;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crash_slots.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2,
    "slots need atomics of 64 bits without locks");

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_HANDLERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OWN_HANDLERS 1
#endif
#endif
#ifndef HAS_OWN_HANDLERS
#define HAS_OWN_HANDLERS 0
#endif

enum phase {
	PHASE_FILLING = 1,
	PHASE_INSIDE,
	PHASE_OURS,
	PHASE_CRASHED,
};

#define PHASE_BITS 8

static uint64_t
owned_by(pid_t pid, enum phase phase)
{
	return (uint64_t)(uint32_t)pid << PHASE_BITS | phase;
}

/*
 * The handler runs on the stack of its slot: after an overflow the thread's own
 * one has no room. A stack for each slot, and not for each thread, needs no
 * memory for the threads that wait, which are most of them. The kernel stores
 * the registers there, which takes up to 11 KB on some processors.
 */
#define STACK_BYTES 16384

static struct pst_crash_slots *own_slots;
static pid_t own_pid;
static _Alignas(16) unsigned char stacks[PST_CRASH_SLOTS][STACK_BYTES];

#define NO_SLOT PST_CRASH_SLOTS

/* Of this thread; the handler reads it. */
static _Thread_local volatile size_t held = NO_SLOT;
/* Where this thread looks first: threads that last had other slots do not
   meet. */
static _Thread_local size_t hint;

/* ---- the handler ---- */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* A fault, or abort(); not a signal that another process has sent. */
static bool
is_own_fault(const siginfo_t *info)
{
	if (info->si_code > 0)
		return true;
	return info->si_code == SI_TKILL && info->si_pid == own_pid;
}

/*
 * Calls async-signal-safe functions only. The default action comes back after
 * the mark and not by SA_RESETHAND: if two threads crash at the same time, the
 * second one's death must not come before the first one's mark.
 */
static void
on_fatal(int number, siginfo_t *info, void *context)
{
	const size_t at = held;
	struct sigaction action;

	(void)context;
	if (at < PST_CRASH_SLOTS && is_own_fault(info)) {
		uint64_t inside = owned_by(own_pid, PHASE_INSIDE);

		(void)atomic_compare_exchange_strong(
		    &own_slots->slots[at].owner, &inside,
		    owned_by(own_pid, PHASE_CRASHED));
	}
	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	(void)sigaction(number, &action, NULL);
	/* A fault happens again when this returns, a sent signal does not. */
	if (info->si_code <= 0)
		(void)raise(number);
}

static void
catch_fatal_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fatal;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < PST_COUNT(fatal); i++)
		(void)sigaction(fatal[i], &action, NULL);
}

static void
use_stack(size_t at)
{
	stack_t stack = {.ss_flags = SS_DISABLE};

	if (HAS_OWN_HANDLERS)
		return;
	if (at != NO_SLOT)
		stack = (stack_t){.ss_sp = stacks[at], .ss_size = STACK_BYTES};
	/* Without it, only an overflow of the stack is nobody's fault. */
	(void)sigaltstack(&stack, NULL);
}

/* ---- slots ---- */

/*
 * A slot can belong to a dead process that nobody collected: its supervisor had
 * died before it.
 */
static void
free_orphans(struct pst_crash_slots *slots)
{
	for (size_t i = 0; i < PST_CRASH_SLOTS; i++) {
		uint64_t owner = atomic_load(&slots->slots[i].owner);
		pid_t pid = (pid_t)(owner >> PHASE_BITS);

		if (owner != 0 &&
		    (pid == own_pid || (kill(pid, 0) == -1 && errno == ESRCH)))
			(void)atomic_compare_exchange_strong(
			    &slots->slots[i].owner, &owner, 0);
	}
}

void
pst_crash_slots_enter(struct pst_crash_slots *slots)
{
	own_slots = slots;
	own_pid = getpid();
	free_orphans(slots);
	if (!HAS_OWN_HANDLERS)
		catch_fatal_signals();
}

bool
pst_crash_slots_are_marked(void)
{
	return !HAS_OWN_HANDLERS;
}

bool
pst_crash_slot_take(const struct pst_crash_note *note)
{
	assert(held == NO_SLOT);
	for (size_t i = 0; i < PST_CRASH_SLOTS; i++) {
		size_t at = (hint + i) % PST_CRASH_SLOTS;
		struct pst_crash_slot *slot = &own_slots->slots[at];
		uint64_t free = 0;

		if (atomic_load_explicit(&slot->owner, memory_order_relaxed) !=
			0 ||
		    !atomic_compare_exchange_strong(
			&slot->owner, &free, owned_by(own_pid, PHASE_FILLING)))
			continue;
		slot->note = *note;
		use_stack(at);
		hint = at;
		held = at;
		atomic_store(&slot->owner, owned_by(own_pid, PHASE_INSIDE));
		return true;
	}
	return false;
}

void
pst_crash_slot_move(bool inside)
{
	if (held != NO_SLOT)
		atomic_store_explicit(&own_slots->slots[held].owner,
		    owned_by(own_pid, inside ? PHASE_INSIDE : PHASE_OURS),
		    memory_order_release);
}

void
pst_crash_slot_give_back(void)
{
	const size_t at = held;

	if (at == NO_SLOT)
		return;
	held = NO_SLOT;
	use_stack(NO_SLOT);
	atomic_store(&own_slots->slots[at].owner, 0);
}

static void
copy_note(struct pst_crash_note *out, const struct pst_crash_note *note)
{
	*out = (struct pst_crash_note){
	    .library = note->library == PST_LIBRARY_OPENDKIM ?
		PST_LIBRARY_OPENDKIM :
		PST_LIBRARY_SPF2,
	    .digest = note->digest,
	    .is_test = note->is_test,
	    .is_author = note->is_author,
	};
	if (note->client.family == PST_IP_V4 ||
	    note->client.family == PST_IP_V6)
		out->client = note->client;
	memcpy(out->domain, note->domain, sizeof(out->domain) - 1);
}

bool
pst_crash_slots_collect(
    struct pst_crash_slots *slots, pid_t dead, struct pst_crash_note *out)
{
	for (size_t i = 0; i < PST_CRASH_SLOTS; i++) {
		struct pst_crash_slot *slot = &slots->slots[i];
		uint64_t owner = atomic_load(&slot->owner);
		bool crashed = owner == owned_by(dead, PHASE_CRASHED);

		if (owner >> PHASE_BITS != (uint64_t)(uint32_t)dead)
			continue;
		if (crashed)
			copy_note(out, &slot->note);
		atomic_store(&slot->owner, 0);
		if (crashed)
			return true;
	}
	return false;
}

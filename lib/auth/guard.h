/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_GUARD_H
#define PST_AUTH_GUARD_H

/*
 * What stands around the calls of the libraries that read what a sender chose:
 * libspf2 and libopendkim. The caller says before a call which library is
 * called for which message, so that a crash inside can be blamed on that
 * message, and is told if the library is not to be called because an earlier
 * call crashed (core/containment).
 *
 * Without a guard (NULL) each call is made and nobody is blamed: so do the
 * tools, and most tests. All functions are for the thread of the message.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/siphash.h"

enum pst_library {
	PST_LIBRARY_SPF2,
	PST_LIBRARY_OPENDKIM,
};
#define PST_LIBRARIES 2

/* Returns "libspf2" or "libopendkim". */
static inline const char *
pst_library_name(enum pst_library library)
{
	return library == PST_LIBRARY_SPF2 ? "libspf2" : "libopendkim";
}

/* Where the thread is. */
enum pst_guard_place {
	PST_GUARD_INSIDE, /* in the library: a crash is the message's fault */
	PST_GUARD_OURS,   /* in a hook of ours, which the library has called, or
	                     out of memory: it is nobody's fault */
};

struct pst_guarded {
	enum pst_library library;
	uint64_t digest;    /* of what the library is going to see */
	const char *domain; /* for the log, of the sender; NULL: unknown */
};

struct pst_guard {
	/* The secret of the digests. */
	unsigned char key[PST_SIPHASH_KEY_BYTES];
	/*
	 * Called before a call of a library. Returns false if the library is
	 * not to be called; otherwise leave() must follow. Calls are not
	 * nested.
	 */
	bool (*enter)(void *arg, const struct pst_guarded *what);
	void (*move)(void *arg, enum pst_guard_place place);
	void (*leave)(void *arg);
	void *arg;
};

/* Begins a digest; without a guard, of a key that is all zero. */
static inline void
pst_guard_digest(const struct pst_guard *guard, struct pst_siphash *hash)
{
	static const unsigned char none[PST_SIPHASH_KEY_BYTES];

	pst_siphash_begin(hash, guard == NULL ? none : guard->key);
}

static inline bool PST_MUST_CHECK
pst_guard_enter(const struct pst_guard *guard, const struct pst_guarded *what)
{
	return guard == NULL || guard->enter(guard->arg, what);
}

static inline void
pst_guard_move(const struct pst_guard *guard, enum pst_guard_place place)
{
	if (guard != NULL)
		guard->move(guard->arg, place);
}

static inline void
pst_guard_leave(const struct pst_guard *guard)
{
	if (guard != NULL)
		guard->leave(guard->arg);
}

#endif

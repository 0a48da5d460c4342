/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_NEXT_H
#define PST_REPLACED_NEXT_H

/*
 * The definition of a function that a file of lib/replaced took the place of.
 * The dynamic linker searches the program first and its libraries after it, so
 * the next definition is that of the library, or that of a tool such as
 * AddressSanitizer, which passes the call on in turn.
 */

#include <stdatomic.h>
#include <stddef.h>

/* Any function; cast it to its real type before calling it. */
typedef void pst_next_function(void);

/* One replaced function. Set name only; `found` starts as NULL. */
struct pst_next {
	const char *name;
	_Atomic(pst_next_function *) found;
};

/* Looks the definition up and stores it; aborts if there is none. */
pst_next_function *pst_next_find(struct pst_next *next);

/*
 * Returns the next definition. Any thread may call it at any time, even before
 * main(). The first call for a function is not async-signal-safe, all later
 * ones are; so a function that POSIX allows in a signal handler is looked up by
 * a constructor of its file.
 */
static inline pst_next_function *
pst_next(struct pst_next *next)
{
	pst_next_function *found =
	    atomic_load_explicit(&next->found, memory_order_relaxed);

	return found != NULL ? found : pst_next_find(next);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SIGNED_TIMES_H
#define PST_CORE_SIGNED_TIMES_H

/*
 * Tells from the t= of DKIM signatures whether the clock of this system is
 * behind: genuine mail then seems to be signed in the future, and its
 * signatures do not count. One sender with a wrong clock proves nothing, so the
 * last signature of each of the last PST_SIGNED_TIMES_DOMAINS signing domains
 * counts. Somebody who has that many domains can raise a false alarm; it
 * changes no verdict (R-SEC-22).
 *
 * These functions are pure: the caller keeps the state and locks it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define PST_SIGNED_TIMES_DOMAINS 32

/* With fewer domains than this nothing is said. */
#define PST_SIGNED_TIMES_ENOUGH 8

struct pst_signed_times { /* zero-initialise it */
	struct {
		uint64_t domain; /* its hash */
		bool future;
	} last[PST_SIGNED_TIMES_DOMAINS];
	size_t next;  /* the oldest one, which is replaced next */
	size_t count; /* of domains */
	bool behind;
};

enum pst_signed_times_change {
	PST_SIGNED_TIMES_SAME,
	PST_SIGNED_TIMES_BEHIND, /* three in four are from the future */
	PST_SIGNED_TIMES_RIGHT,  /* no longer; fewer than half of them are */
};

/* Takes in a signature of that domain (d=, in normal form). */
enum pst_signed_times_change pst_signed_times_note(
    struct pst_signed_times *times, struct pst_str domain, bool future);

#endif

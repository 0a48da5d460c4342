/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_WORLD_H
#define PST_AUTH_WORLD_H

/*
 * All that a check may touch: memory, the DNS, the date. A check cannot log,
 * read the configuration or wait.
 *
 * Every check has one shape,
 *	bool pst_X_check(struct pst_world *world, input, struct pst_X *out)
 * and is restartable: it reads answers from the message's transcript, asks for
 * all that is missing (which starts the look-ups), and returns false when it
 * cannot finish yet; *out is then untouched. Called again after answers have
 * arrived it starts over, which is cheap: nothing is asked twice. True means
 * done; *out is complete and does not change any more. After pst_dns_expire()
 * a check always finishes, with temperror where an answer is missing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/dns.h"

struct pst_world {
	struct pst_arena *arena;
	struct pst_dns *dns;
	int64_t now_epoch; /* seconds since 1970: the message's arrival */
	bool eager;        /* ask at once for what will probably be needed */
};

#define PST_MUST_CHECK __attribute__((warn_unused_result))

#endif

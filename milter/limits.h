/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_LIMITS_H
#define PST_MILTER_LIMITS_H

/*
 * Compares the limits of the system with what the configuration may need, when
 * the daemon starts. Without a limit that is high enough sessions are refused
 * under load (milter/door.h); the operator should know before.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"

#define PST_UNLIMITED UINT64_MAX

/* What the system allows. */
struct pst_limits {
	uint64_t files;         /* of a process (RLIMIT_NOFILE) */
	uint64_t address_bytes; /* of a process (RLIMIT_AS) */
	uint64_t threads;       /* of a user (RLIMIT_NPROC) */
	uint64_t stack_bytes;   /* of a thread (RLIMIT_STACK) */
	uint64_t group_threads; /* of the control group (pids.max) */
	uint64_t group_bytes;   /* of the control group (memory.max) */
};

enum pst_limit {
	PST_LIMIT_FILES,
	PST_LIMIT_ADDRESS_SPACE,
	PST_LIMIT_THREADS,
	PST_LIMIT_GROUP_THREADS,
	PST_LIMIT_GROUP_MEMORY,
};
#define PST_LIMITS (PST_LIMIT_GROUP_MEMORY + 1)

/* Reads them; what cannot be read counts as unlimited. */
void pst_limits_read(struct pst_limits *out);

/*
 * Returns true if that limit suffices. Otherwise the text of *why says which
 * number is too low, what that means for mail, and what to do.
 */
bool pst_limit_suffices(const struct pst_limits *limits, enum pst_limit which,
    const struct pst_config *config, struct pst_err *why) PST_MUST_CHECK;

/* Logs a warning for each limit that does not suffice. */
void pst_limits_warn(const struct pst_config *config);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_SELFCHECK_H
#define PST_REPORT_SELFCHECK_H

/*
 * Checks whether the reports that we send can pass DMARC at their receivers
 * (R-AGG-28). It sees the DNS and our configuration, not what the relay does:
 * if the relay signs, it says nothing about signatures.
 */

#include "auth/world.h"
#include "config/config.h"

#define PST_SELFCHECK_MAX 6

struct pst_selfcheck {
	const char *warnings[PST_SELFCHECK_MAX]; /* sentences, in the arena */
	size_t count;
};

/* Collects warnings. reports.from must be set. Restartable (auth/world.h). */
bool pst_selfcheck(struct pst_world *world, const struct pst_config *config,
    struct pst_selfcheck *out) PST_MUST_CHECK;

#endif

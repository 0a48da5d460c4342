/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_IPREV_H
#define PST_AUTH_IPREV_H

/* The iprev (FCrDNS) method: RFC 8601 s. 3, R-IPREV-1 to -5. */

#include "auth/world.h"
#include "auth/result.h"

#define PST_IPREV_MAX_NAMES 10

struct pst_iprev {
	enum pst_result result; /* pass, fail, temperror, permerror */
	struct pst_ip ip;
	const char *name; /* the confirmed name, normal form; NULL otherwise */
};

/* Restartable, as described in auth/world.h. client must have an address. */
bool pst_iprev_check(struct pst_world *world, const struct pst_ip *client,
    struct pst_iprev *out) PST_MUST_CHECK;

#endif

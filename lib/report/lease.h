/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_LEASE_H
#define PST_REPORT_LEASE_H

/*
 * One sender of reports at a time over all gateways that share a store. A lease
 * ends by itself after PST_LEASE_S, so a holder that has died holds nobody up
 * for longer; on the same system it is seen at once that it has died. Times are
 * of the real clock, never those of --now.
 */

#include "store/db.h"

/* Longer than one message can take to be handed over (report/submit.h). */
#define PST_LEASE_S 1500

struct pst_lease {
	char holder[128];
	int64_t until_s;
};

/*
 * Takes the lease. False with a sentence in err when the store fails; true with
 * *taken = false, and the holder's text in other (may be NULL), when somebody
 * else has it.
 */
bool pst_lease_take(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    bool *taken, char other[128], struct pst_err *err);

/*
 * Makes it last from now on; does nothing while most of its time is left.
 * False with a sentence in err also when somebody else has taken it: then
 * nothing may be sent any more.
 */
bool pst_lease_renew(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    struct pst_err *err);

void pst_lease_release(struct pst_db *db, const struct pst_lease *lease);

#endif

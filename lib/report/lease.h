/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_LEASE_H
#define PST_REPORT_LEASE_H

/*
 * The lease lets one process at a time send reports, among all gateways that
 * share a store. It ends by itself after PST_LEASE_S, so a holder that has died
 * does not hold up the others for longer; on the same system its death is
 * noticed at once. A lease that ends later than it can, PST_LEASE_AHEAD_S more
 * than its length from now, was written by a clock that is ahead, and is over.
 * Times are those of the shared database's clock, or else of the real clock of
 * this system, never those of --now.
 */

#include "base/macros.h"
#include "store/db.h"

/* Longer than one message can take to be handed over (report/submit.h). */
#define PST_LEASE_S 1500

/* So much the clocks of two gateways may differ. */
#define PST_LEASE_AHEAD_S 600

struct pst_lease {
	char holder[128];
	int64_t until_s;
	char other[128]; /* who had it when it was asked for; "" if nobody */
	/* by so much the clock of the other one was ahead; 0: it was not */
	int64_t other_ahead_s;
	int64_t begun_s, begun_ms; /* one moment by both clocks */
};

/*
 * Asks once what time it is; pst_lease_now() then counts on from there, so the
 * times of a run do not jump. False with a sentence in err when the store fails.
 */
bool pst_lease_begin(struct pst_db *db, struct pst_lease *lease,
    struct pst_err *err) PST_MUST_CHECK;
int64_t pst_lease_now(const struct pst_lease *lease);

/*
 * Takes the lease. False with a sentence in err when the store fails. If
 * somebody else has the lease, returns true with *taken = false and the
 * holder's text in lease->other.
 */
bool pst_lease_take(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    bool *taken, struct pst_err *err) PST_MUST_CHECK;

/*
 * Extends the lease from now_s on; does nothing while most of its time is left.
 * False with a sentence in err when the store fails or somebody else has taken
 * the lease; then nothing more may be sent.
 */
bool pst_lease_renew(struct pst_db *db, struct pst_lease *lease, int64_t now_s,
    struct pst_err *err) PST_MUST_CHECK;

/* Gives up the lease. If that fails, it ends by itself. */
void pst_lease_release(struct pst_db *db, const struct pst_lease *lease);

#endif

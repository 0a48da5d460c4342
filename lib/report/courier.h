/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_COURIER_H
#define PST_REPORT_COURIER_H

/*
 * Takes one delivery all the way: composes the report, wraps it into a message,
 * signs it, hands it to the relay and records the outcome. Only one report is
 * in memory at a time.
 */

#include "base/macros.h"
#include "report/judge.h"
#include "report/lease.h"
#include "report/outbox.h"

struct pst_courier;

/*
 * Reads the DKIM key and the relay's password. The store and the lease must
 * outlive the courier, and the lease must be held while it delivers. NULL with
 * a sentence in err.
 */
struct pst_courier *pst_courier_new(const struct pst_store *store,
    struct pst_lease *lease, struct pst_err *err) PST_MUST_CHECK;
void pst_courier_free(struct pst_courier *courier); /* NULL is allowed */

struct pst_courier_outcome {
	enum pst_outbox_state state; /* as it was recorded */
	bool uncertain;              /* sent, but may not have arrived */
	const char *why;             /* printable; valid until the next call */
};

/*
 * Delivers to target: the delivery's address, or the one that its domain names
 * instead. False with a sentence in err when no other delivery can succeed
 * either: the store fails, the relay cannot be used, or the lease is lost. This
 * delivery then waits for the next run.
 */
bool pst_courier_deliver(struct pst_courier *courier,
    const struct pst_delivery *delivery, const char *target,
    struct pst_courier_outcome *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Records what was decided about a delivery without sending anything.
 * PST_OUTBOX_RETRY without until_s counts as a failed try: the next one is
 * later, or the delivery is given up.
 */
bool pst_courier_book(struct pst_courier *courier,
    const struct pst_delivery *delivery, const struct pst_judgement *judgement,
    struct pst_courier_outcome *out, struct pst_err *err) PST_MUST_CHECK;

#endif

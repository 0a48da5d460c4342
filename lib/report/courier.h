/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_COURIER_H
#define PST_REPORT_COURIER_H

/*
 * Takes one delivery all the way: composes the report, wraps it into a message,
 * signs it, hands it to the relay, and books what became of it. One report is
 * in memory at a time.
 */

#include "base/clock.h"
#include "report/lease.h"
#include "report/outbox.h"

struct pst_courier;

/*
 * What is passed in must outlive it; the lease must be held. Reads key and
 * password. NULL with a sentence in err.
 */
struct pst_courier *pst_courier_new(const struct pst_config *config,
    struct pst_db *db, struct pst_lease *lease, const struct pst_clock *clock,
    struct pst_err *err);
void pst_courier_free(struct pst_courier *courier); /* NULL is allowed */

struct pst_courier_outcome {
	enum pst_outbox_state state; /* as it was booked */
	bool uncertain;              /* sent, as far as one can know */
	const char *why;             /* printable; until the next call */
};

/*
 * Delivers to target, which is the delivery's address or what its domain wants
 * instead. False with a sentence in err when no other delivery would fare
 * better: the store fails, the relay cannot be used, the lease is lost. This
 * delivery then waits for the next run.
 */
bool pst_courier_deliver(struct pst_courier *courier,
    const struct pst_delivery *delivery, const char *target,
    struct pst_courier_outcome *out, struct pst_err *err);

/* The same without a message: books that it is put off or not done. */
bool pst_courier_book(struct pst_courier *courier,
    const struct pst_delivery *delivery, enum pst_outbox_state state,
    const char *why, struct pst_courier_outcome *out, struct pst_err *err);

/* Puts it off until then, which is no try. */
bool pst_courier_put_off(struct pst_courier *courier,
    const struct pst_delivery *delivery, int64_t until_s, const char *why,
    struct pst_courier_outcome *out, struct pst_err *err);

#endif

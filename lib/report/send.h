/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_SEND_H
#define PST_REPORT_SEND_H

/*
 * One run of the sender. It makes reports of all finished days, then sends
 * whatever is due: aggregate reports first, failure reports after them. It may
 * be killed at any moment and run again, by any gateway; nothing is sent twice
 * (report/outbox.h). Its memory use does not depend on how much there is to
 * send.
 */

#include <signal.h>

#include "base/macros.h"
#include "core/service.h"
#include "report/outbox.h"

struct pst_send_counts {
	bool begun;    /* the run had the lease */
	uint64_t made; /* aggregate reports */
	uint64_t failures_made;
	uint64_t sent;  /* from here on: deliveries */
	uint64_t again; /* will be tried again */
	uint64_t dropped;
	uint64_t refused; /* no consent, or the operator's lists */
	uint64_t suppressed;
	uint64_t uncertain; /* part of sent, or left by a run that died */
};

struct pst_send {
	struct pst_service *service;   /* its DNS, for consent */
	const struct pst_store *store; /* opened to make reports */
	struct pst_outbox_filter filter;
	const volatile sig_atomic_t *stop; /* not 0: end soon; may be NULL */
	/*
	 * Called with the number of deliveries known and finished so far; may
	 * be NULL.
	 */
	void (*progress)(void *arg, uint64_t total, uint64_t done);
	/*
	 * Called with the outcome of each delivery that was not simply sent;
	 * may be NULL.
	 */
	void (*note)(void *arg, const struct pst_delivery *delivery,
	    enum pst_outbox_state state, const char *why);
	/*
	 * Called with a sentence about clocks that were ahead, this one or those
	 * of others, and about what was deleted because it was old; may be
	 * NULL.
	 */
	void (*remark)(void *arg, const char *sentence);
	void *arg;
};

/*
 * Returns false with a sentence in err when it could not do or finish its work;
 * *counts is what was done until then. It sets filter.before.
 */
bool pst_send_run(struct pst_send *send, struct pst_send_counts *counts,
    struct pst_err *err) PST_MUST_CHECK;

#endif

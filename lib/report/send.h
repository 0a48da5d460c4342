/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_SEND_H
#define PST_REPORT_SEND_H

/*
 * One run of the sender: reports are made of all finished days, then whatever
 * is due is sent, aggregate reports first, failure reports behind them. It may
 * be killed at any moment and run again, by any gateway: nothing is sent twice
 * (report/outbox.h). Memory does not depend on how much there is.
 */

#include <signal.h>

#include "core/service.h"
#include "report/outbox.h"

struct pst_send_counts {
	bool begun;     /* it held the lease */
	uint64_t made;  /* reports */
	uint64_t sent;  /* deliveries, from here on */
	uint64_t again; /* to be tried again */
	uint64_t dropped;
	uint64_t refused; /* no consent, or the operator's lists */
	uint64_t suppressed;
	uint64_t uncertain; /* counted in sent, or sent by a run that died */
};

struct pst_send {
	struct pst_service *service; /* its DNS, its settings, its clock */
	struct pst_db *db;
	struct pst_outbox_filter filter;
	const volatile sig_atomic_t *stop; /* not 0: end soon; may be NULL */
	/* So many deliveries are known of, so many are done; may be NULL. */
	void (*progress)(void *arg, uint64_t total, uint64_t done);
	/* What became of one, when it is not plainly sent; may be NULL. */
	void (*note)(void *arg, const struct pst_delivery *delivery,
	    enum pst_outbox_state state, const char *why);
	void *arg;
};

/*
 * False with a sentence in err when it could not do or finish its work; counts
 * is what was done till then. filter.before is set by it.
 */
bool pst_send_run(
    struct pst_send *send, struct pst_send_counts *counts, struct pst_err *err);

#endif

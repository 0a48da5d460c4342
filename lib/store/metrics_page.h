/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_METRICS_PAGE_H
#define PST_STORE_METRICS_PAGE_H

/*
 * Everything that Postern says to Prometheus: the counters of the daemon
 * (core/metrics.h) and what the report store tells (store/report_metrics.h).
 */

#include "config/config.h"
#include "core/metrics.h"

/*
 * Returns the text in the arena. config NULL: without the report store. If the
 * store cannot be read, a comment in the text says why.
 */
const char *pst_metrics_page(struct pst_arena *arena,
    const struct pst_status *status, const struct pst_config *config);

#endif

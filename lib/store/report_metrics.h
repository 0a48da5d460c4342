/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_REPORT_METRICS_H
#define PST_STORE_REPORT_METRICS_H

#include "base/buf.h"
#include "store/overdue.h"

/*
 * Adds the metrics of sent reports, as Prometheus text: the same series always,
 * whatever is in the store. Adds nothing if reports are not configured.
 */
void pst_report_metrics(struct pst_buf *buf, const struct pst_overdue *overdue);

#endif

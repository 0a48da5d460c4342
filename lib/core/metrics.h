/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_METRICS_H
#define PST_CORE_METRICS_H

/*
 * The counters of the daemon in the text format of Prometheus, version 0.0.4.
 *
 * The names follow prometheus.io/docs/practices/naming: base units, `_total` for
 * totals, and a label only for a fixed set of words. Each set is complete from
 * the start, with 0. So the series of a daemon depend on its version and on the
 * titles of its rules, never on mail: a sender cannot add one.
 */

#include "core/status.h"

#define PST_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* How the number of a counter becomes that of its metric. */
enum pst_metric_form {
	PST_METRIC_AS_IS,   /* a histogram's milliseconds become seconds */
	PST_METRIC_AGE,     /* seconds since the counter's time; 0: not set */
	PST_METRIC_SUCCESS, /* 1 if the counter is 0, else 0 */
};

struct pst_metric {
	const char *name;
	enum pst_metric_form form;
	const char *help; /* NULL: that of the counter is right */
};

/* Returns the metric of a counter; static. Each counter has one. */
const struct pst_metric *pst_metric_of(enum pst_counter counter);

/*
 * Returns all metrics of the daemon, in the arena; each line ends with a
 * newline. Other text of the same format may follow, with other names.
 */
const char *
pst_metrics_text(struct pst_arena *arena, const struct pst_status *status);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/report_metrics.h"

static void
head(struct pst_buf *buf, const char *name, const char *type, const char *help)
{
	pst_buf_printf(
	    buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
gauge(struct pst_buf *buf, const char *name, const char *help, int64_t value)
{
	head(buf, name, "gauge", help);
	pst_buf_printf(buf, "%s %lld\n", name, (long long)value);
}

void
pst_report_metrics(struct pst_buf *buf, const struct pst_overdue *overdue)
{
	static const char total[] = "postern_reports_sent_total";

	if (!overdue->configured)
		return;
	head(buf, total, "counter",
	    "Deliveries of reports that ended since 00:00 UTC, by outcome");
	for (size_t i = PST_QUERY_SENT_OPEN; i < PST_QUERY_SENT_STATES; i++)
		pst_buf_printf(buf, "%s{outcome=\"%s\"} %lld\n", total,
		    pst_query_sent_states[i], (long long)overdue->today[i]);
	gauge(buf, "postern_report_last_success_timestamp_seconds",
	    "When a report was last handed over to the relay, 0 if none is "
	    "known",
	    overdue->last_success_s);
	gauge(buf, "postern_reports_overdue",
	    "Reports that should have been sent: not made or waiting for more "
	    "than 36 hours",
	    overdue->pending_domains + overdue->stuck);
	gauge(buf, "postern_report_deliveries_waiting",
	    "Deliveries of reports that wait for their first or next try",
	    overdue->waiting);
}

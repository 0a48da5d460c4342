/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_TOP_HISTORY_H
#define PST_TOOLS_TOP_HISTORY_H

/* What the daemon has counted in the last minutes, for averages. */

#include "core/status.h"

struct pst_top_history;

/* Never NULL. pst_top_history_free() accepts NULL. */
struct pst_top_history *pst_top_history_new(void);
void pst_top_history_free(struct pst_top_history *history);

/*
 * Adds an answer of the daemon, and the monotonic time of the answer. If it is
 * another daemon, or one that was started again, what was before is forgotten.
 */
void pst_top_history_add(struct pst_top_history *history,
    const struct pst_status *status, int64_t now_ms);

/* What was counted in a time. */
struct pst_top_span {
	double seconds; /* 0: nothing is known */
	/* Only of messages, spf, dkim, dmarc, message_ms and those of the DNS
	 * that are totals or histograms; the others are 0. Never NULL. */
	const struct pst_counters_sum *sum;
};

/*
 * Returns, in the arena, what was counted from the latest answer that was at
 * least `seconds` before the newest one; or from the oldest one that is known.
 * With 0: since the answer before the newest one.
 */
struct pst_top_span pst_top_history_span(struct pst_arena *arena,
    const struct pst_top_history *history, unsigned seconds);

/* Returns n a second in that time; 0 if nothing is known. */
double pst_top_span_rate(const struct pst_top_span *span, uint64_t n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_COMPOSE_H
#define PST_REPORT_COMPOSE_H

/*
 * Composes the XML of a report from its rows. The result depends only on the
 * rows, the report's id and the configuration (R-AGG-27). Rows are streamed:
 * only the packed output is in memory.
 */

#include "base/macros.h"
#include "report/aggregate.h"
#include "report/pack.h"
#include "store/open.h"

struct pst_compose {
	int64_t day;
	const char *domain; /* the policy domain */
	const char *owner;  /* of the rows: the report's id, or "" */
	const char *id;     /* of the report */
	/*
	 * Only the rows whose ids are after the first and not after the second;
	 * "" or NULL: no limit.
	 */
	const char *after, *until;
};

struct pst_composed {
	int64_t rows, messages;
	/* If cut is true, `last` is the id of the last row that fits. */
	bool cut;
	char last[72];
};

/* Counts the rows and messages, and nothing else of out. */
bool
pst_compose_count(const struct pst_store *store, const struct pst_compose *what,
    struct pst_composed *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Writes the report to sink. False with a sentence in err when the store fails
 * or the sink refuses something.
 */
bool pst_compose_write(const struct pst_store *store,
    const struct pst_compose *what, struct pst_aggregate_sink sink,
    struct pst_composed *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Finds out how many of the rows, in the order of their ids, make a report that
 * is not larger than reports.max-size when packed; it is at least one
 * (R-AGG-30). out->rows and out->messages are those of that report. False with
 * a sentence in err when the store fails.
 */
bool pst_compose_measure(const struct pst_store *store,
    const struct pst_compose *what, struct pst_composed *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif

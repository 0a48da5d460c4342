/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_COMPOSE_H
#define PST_REPORT_COMPOSE_H

/*
 * From the rows of a report to its XML. What comes out depends on the rows, on
 * the report's id and on the settings, and on nothing else (R-AGG-27). Rows are
 * streamed: only what was packed is in memory.
 */

#include "report/aggregate.h"
#include "store/db.h"
#include "report/pack.h"

struct pst_compose {
	int64_t day;
	const char *domain; /* policy domain */
	const char *owner;  /* of the rows: the report, or "" */
	const char *id;     /* the report's */
};

struct pst_composed {
	int64_t rows, messages;
	/* When not all rows fit: the id of the last one that does. */
	bool cut;
	char last[72];
};

/*
 * Writes the report into sink. False with a sentence in err when the store
 * fails or the sink refuses.
 */
bool pst_compose_write(struct pst_db *db, const struct pst_config *config,
    const struct pst_compose *what, struct pst_aggregate_sink sink,
    struct pst_composed *out, struct pst_err *err);

/*
 * How many of its rows, in the order of their ids, make a report that is no
 * larger than reports.max-size when it is packed; one at least (R-AGG-30).
 */
bool pst_compose_measure(struct pst_db *db, const struct pst_config *config,
    const struct pst_compose *what, struct pst_composed *out,
    struct pst_err *err);

#endif

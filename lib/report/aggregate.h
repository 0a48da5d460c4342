/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_AGGREGATE_H
#define PST_REPORT_AGGREGATE_H

/*
 * Writes the XML of one aggregate report, record by record, to a sink: what was
 * handed over already is not kept (R-AGG-8 to -18). The form is that of RFC
 * 9990, which its schema describes, or that of RFC 7489 for readers who know
 * no other (R-AGG-9).
 *
 * All texts are made fit for XML 1.0: what is no UTF-8, or no character that
 * it allows, becomes a question mark; domains are cut at 255 octets, other
 * texts at 1024. A word that the schema does not know becomes the most modest
 * one that it knows, so the result validates whatever comes in.
 */

#include "config/config.h"
#include "store/report_row.h"

struct pst_aggregate_head {
	const char *org_name;
	const char *email;
	const char *contact; /* "": none */
	const char *report_id;
	int64_t begin_s, end_s; /* of the period, both within it */
	const char *error;      /* "": none */
	/* rua and fault are not looked at */
	struct pst_report_policy policy;
};

/* Takes the next octets of the document. False ends the writing. */
struct pst_aggregate_sink {
	bool (*put)(void *arg, const void *ptr, size_t len);
	void *arg;
};

struct pst_aggregate;

/* Begins a report. Never NULL; pst_aggregate_end() frees it. */
struct pst_aggregate *pst_aggregate_begin(enum pst_report_compat form,
    const struct pst_aggregate_head *head, struct pst_aggregate_sink sink);

/*
 * One record, of n messages. Of record, policy and times are not looked at.
 * What was written so far has reached the sink when it returns. False once the
 * sink has refused something.
 */
bool pst_aggregate_add(struct pst_aggregate *report,
    const struct pst_report_row *record, int64_t n);

/* Ends the document. False when the sink has refused a part of it. */
bool pst_aggregate_end(struct pst_aggregate *report);

#endif

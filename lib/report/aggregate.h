/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_AGGREGATE_H
#define PST_REPORT_AGGREGATE_H

/*
 * Writes the XML of one aggregate report, record by record, to a sink, and
 * keeps nothing that the sink has taken (R-AGG-8 to -18). The form is that of
 * RFC 9990, which its schema describes, or that of RFC 7489 for readers that
 * know no other (R-AGG-9).
 *
 * All texts are made fit for XML 1.0: an octet that is not UTF-8 and a
 * character that XML does not allow become a question mark; domains are cut at
 * 255 octets, other texts at 1024. A word that the schema does not know becomes
 * the most modest one that it knows, so the result is always valid.
 */

#include "config/config.h"
#include "store/report_row.h"

struct pst_aggregate_head {
	const char *org_name;
	const char *email;
	const char *contact; /* "" if there is none */
	const char *report_id;
	int64_t begin_s, end_s; /* of the period; both are within it */
	const char *error;      /* "" if there is none */
	/* rua and fault are not used */
	struct pst_report_policy policy;
};

/*
 * Takes the next octets of the document. If put() returns false, writing ends.
 */
struct pst_aggregate_sink {
	bool (*put)(void *arg, const void *ptr, size_t len);
	void *arg;
};

struct pst_aggregate;

/* Begins a report. Never returns NULL; pst_aggregate_end() frees it. */
struct pst_aggregate *pst_aggregate_begin(enum pst_report_compat form,
    const struct pst_aggregate_head *head, struct pst_aggregate_sink sink);

/*
 * Writes one record, of n messages. The policy and the times of `record` are
 * not used. What has been written so far has reached the sink on return.
 * Returns false once the sink has refused something.
 */
bool pst_aggregate_add(struct pst_aggregate *report,
    const struct pst_report_row *record, int64_t n);

/*
 * Ends the document and frees the report. Returns false if the sink has refused
 * a part of it.
 */
bool pst_aggregate_end(struct pst_aggregate *report);

#endif

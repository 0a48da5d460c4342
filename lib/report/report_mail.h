/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_REPORT_MAIL_H
#define PST_REPORT_REPORT_MAIL_H

/*
 * The messages that carry reports (RFC 5322, MIME; R-AGG-24 to -27, R-FAIL-6 to
 * -8): CRLF line ends, 7-bit, lines of at most 998 octets. The same report
 * gives the same message, except for its date.
 *
 * The caller has checked addresses and domains: they are printable ASCII
 * without blanks or angle brackets. Texts that others wrote (the subject,
 * fields and header of an incident) may contain anything; what is not printable
 * ASCII becomes a question mark, so nothing in them can begin a field or a
 * part.
 */

#include "base/buf.h"

struct pst_report_envelope {
	const char *from;   /* address */
	const char *to;     /* address */
	const char *domain; /* of `from` */
	const char *id;     /* of the report: letters and digits */
	int64_t date_s;
};

struct pst_aggregate_mail {
	struct pst_report_envelope envelope;
	const char *policy_domain;
	const char *org_name;
	const char *contact; /* or "" */
	int64_t begin_s, end_s;
	bool gzip;
	struct pst_str report; /* the attachment: packed or plain XML */
};

/* Returns the most octets that such a message takes, to size a buffer. */
size_t pst_aggregate_mail_size(const struct pst_aggregate_mail *mail);

/*
 * Writes the whole message. id must be the report's own: it is in the Subject
 * and the file name, and is the same when the report is sent again (R-AGG-27).
 */
void pst_aggregate_mail_write(
    struct pst_buf *out, const struct pst_aggregate_mail *mail);

struct pst_failure_mail {
	struct pst_report_envelope envelope;
	const char *policy_domain;
	const char *org_name;
	const char *contact; /* or "" */
	int64_t incidents;
	/* As in struct pst_incident (store/incident.h) */
	int64_t seen_s;
	struct pst_str fields;
	struct pst_str header;
	struct pst_str subject;
};

/* The same for a failure report. */
size_t pst_failure_mail_size(const struct pst_failure_mail *mail);
void pst_failure_mail_write(
    struct pst_buf *out, const struct pst_failure_mail *mail);

#endif

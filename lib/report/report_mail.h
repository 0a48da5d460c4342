/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_REPORT_MAIL_H
#define PST_REPORT_REPORT_MAIL_H

/*
 * The messages that reports travel in (RFC 5322, MIME; R-AGG-24 to -27, R-FAIL-6
 * to -8): CRLF line ends, 7-bit, no line above 998 octets. The same report makes
 * the same message but for its date.
 *
 * Addresses and domains are the caller's, checked: printable ASCII without
 * blanks or angle brackets. Texts that others wrote (subject, fields, header of
 * an incident) may hold anything; what is no printable ASCII becomes a question
 * mark, so nothing in them can begin a field or a part.
 */

#include "base/buf.h"

struct pst_report_envelope {
	const char *from;   /* address */
	const char *to;     /* address */
	const char *domain; /* that of from */
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

/* Octets that such a message takes at most, for the bound of a buffer. */
size_t pst_aggregate_mail_size(const struct pst_aggregate_mail *mail);

/*
 * The whole message. id must be the report's own: it stands in Subject and file
 * name, and a repeated sending has it again (R-AGG-27).
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

size_t pst_failure_mail_size(const struct pst_failure_mail *mail);
void pst_failure_mail_write(
    struct pst_buf *out, const struct pst_failure_mail *mail);

#endif

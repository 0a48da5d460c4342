/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/report_mail.h"

#include <inttypes.h>

#include "base/digest.h"
#include "base/day.h"
#include "base/macros.h"

#define LINE_MAX_OCTETS 998
#define FOLD_AT 78
#define BASE64_OCTETS 57 /* a line of 76 characters */
#define MAX_PERSONAL 200 /* of each text in the part for people */

/* Room for the header fields and the fixed parts, whatever is in them. */
#define FIXED_BYTES 16384

/* ---- pieces of both kinds ---- */

static char
plain(char c)
{
	/* A continuation line may begin with a tab. */
	if (c == '\t')
		return ' ';
	return c >= 0x20 && c <= 0x7e ? c : '?';
}

static void
add_plain(struct pst_buf *out, struct pst_str text, size_t max_len)
{
	text = pst_str_first(text, max_len);
	for (size_t i = 0; i < text.len; i++)
		pst_buf_add_char(out, plain(text.ptr[i]));
}

static void
add_line(struct pst_buf *out, const char *text)
{
	pst_buf_add_text(out, text);
	pst_buf_add(out, PST_STR("\r\n"));
}

/*
 * The id is the same whenever this report is sent to this address, and
 * different for each address. A recipient that gets the report twice after all
 * can see that both are one message.
 */
static void
add_message_id(struct pst_buf *out, const struct pst_report_envelope *envelope)
{
	unsigned char digest[PST_DIGEST_BYTES];
	char text[PST_DIGEST_HEX_SIZE];

	pst_digest_sha256(envelope->to, strlen(envelope->to), digest);
	pst_buf_printf(out, "Message-ID: <%s.%.16s@%s>\r\n", envelope->id,
	    pst_digest_hex(digest, text), envelope->domain);
}

static void
add_head(struct pst_buf *out, const struct pst_report_envelope *envelope)
{
	char date[PST_DATE_TEXT_SIZE];

	pst_buf_printf(out, "From: <%s>\r\nTo: <%s>\r\nDate: %s\r\n",
	    envelope->from, envelope->to,
	    pst_date_text(envelope->date_s, date));
	add_message_id(out, envelope);
	add_line(out, "Auto-Submitted: auto-generated");
	add_line(out, "MIME-Version: 1.0");
}

/*
 * Neither base64 nor a text by somebody who does not know the id can contain
 * such a line.
 */
static void
add_boundary(
    struct pst_buf *out, const struct pst_report_envelope *envelope, bool last)
{
	pst_buf_printf(out, "\r\n--=_%s%s\r\n", envelope->id, last ? "--" : "");
}

static void
add_text_head(struct pst_buf *out)
{
	add_line(out, "Content-Type: text/plain; charset=us-ascii");
	add_line(out, "Content-Transfer-Encoding: 7bit");
	add_line(out, "");
}

static void
add_signature(struct pst_buf *out, const char *org_name, const char *contact)
{
	pst_buf_add_text(out, "\r\n-- \r\n");
	add_plain(out, pst_str(org_name), MAX_PERSONAL);
	pst_buf_add(out, PST_STR("\r\n"));
	if (contact[0] == '\0')
		return;
	add_plain(out, pst_str(contact), MAX_PERSONAL);
	pst_buf_add(out, PST_STR("\r\n"));
}

/* "2026-11-23 00:00:00 UTC" */
static void
add_time(struct pst_buf *out, int64_t epoch)
{
	char day[PST_DAY_TEXT_SIZE];
	int64_t second = epoch - pst_day_begin(pst_day_of(epoch));

	pst_buf_printf(out, "%s %02d:%02d:%02d UTC",
	    pst_day_text(pst_day_of(epoch), day), (int)(second / 3600),
	    (int)(second / 60 % 60), (int)(second % 60));
}

/* ---- aggregate reports ---- */

size_t
pst_aggregate_mail_size(const struct pst_aggregate_mail *mail)
{
	/* 57 octets become a line of 78. */
	return (mail->report.len / BASE64_OCTETS + 1) * 78 + FIXED_BYTES;
}

static void
add_base64(struct pst_buf *out, struct pst_str octets)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t line = 0; line < octets.len; line += BASE64_OCTETS) {
		struct pst_str part =
		    pst_str_first(pst_str_from(octets, line), BASE64_OCTETS);
		char text[BASE64_OCTETS / 3 * 4 + 2];
		size_t used = 0;

		for (size_t i = 0; i < part.len; i += 3) {
			size_t left = part.len - i;
			unsigned a = (unsigned char)part.ptr[i];
			unsigned b =
			    left > 1 ? (unsigned char)part.ptr[i + 1] : 0;
			unsigned c =
			    left > 2 ? (unsigned char)part.ptr[i + 2] : 0;

			text[used++] = digits[a >> 2];
			text[used++] = digits[(a & 3) << 4 | b >> 4];
			text[used++] =
			    left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=';
			text[used++] = left > 2 ? digits[c & 63] : '=';
		}
		text[used++] = '\r';
		text[used++] = '\n';
		pst_buf_add(out, (struct pst_str){text, used});
	}
}

/* R-AGG-26. A line that would be too long is folded before its next word. */
static void
add_subject(struct pst_buf *out, const struct pst_aggregate_mail *mail)
{
	const char *const words[] = {"Report Domain: ", mail->policy_domain,
	    "Submitter: ", mail->envelope.domain,
	    "Report-ID: ", mail->envelope.id};
	size_t column = sizeof("Subject:") - 1;

	pst_buf_add_text(out, "Subject:");
	for (size_t i = 0; i < 6; i += 2) {
		size_t len = strlen(words[i]) + strlen(words[i + 1]) + 1;

		if (i > 0 && column + len > FOLD_AT) {
			pst_buf_add(out, PST_STR("\r\n"));
			column = 0;
		}
		pst_buf_printf(out, " %s%s", words[i], words[i + 1]);
		column += len;
	}
	pst_buf_add(out, PST_STR("\r\n"));
}

static void
add_explanation(struct pst_buf *out, const struct pst_aggregate_mail *mail)
{
	add_text_head(out);
	pst_buf_printf(out,
	    "This is a DMARC aggregate report (RFC 9990) about mail that\r\n"
	    "claims to come from\r\n\r\n    %s\r\n\r\nbetween ",
	    mail->policy_domain);
	add_time(out, mail->begin_s);
	pst_buf_add_text(out, " and ");
	add_time(out, mail->end_s);
	pst_buf_add_text(out,
	    ".\r\nIt was sent because the domain's DMARC record asks for it. "
	    "The\r\nreport itself is attached, for programs to read.\r\n");
	add_signature(out, mail->org_name, mail->contact);
}

void
pst_aggregate_mail_write(
    struct pst_buf *out, const struct pst_aggregate_mail *mail)
{
	const char *type = mail->gzip ? "application/gzip" : "text/xml";

	add_head(out, &mail->envelope);
	add_subject(out, mail);
	pst_buf_printf(out,
	    "Content-Type: multipart/mixed;\r\n boundary=\"=_%s\"\r\n",
	    mail->envelope.id);
	add_boundary(out, &mail->envelope, false);
	add_explanation(out, mail);
	add_boundary(out, &mail->envelope, false);
	pst_buf_printf(out,
	    "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n"
	    " filename=\"%s!%s!%" PRId64 "!%" PRId64 "!%s.xml%s\"\r\n\r\n",
	    type, mail->envelope.domain, mail->policy_domain, mail->begin_s,
	    mail->end_s, mail->envelope.id, mail->gzip ? ".gz" : "");
	add_base64(out, mail->report);
	add_boundary(out, &mail->envelope, true);
}

/* ---- failure reports ---- */

size_t
pst_failure_mail_size(const struct pst_failure_mail *mail)
{
	/* LF becomes CRLF, and long lines are folded. */
	return 2 * (mail->fields.len + mail->header.len) + mail->subject.len +
	    FIXED_BYTES;
}

/*
 * Adds the lines of text, which end with LF; those longer than LINE_MAX_OCTETS
 * are folded.
 */
static void
add_lines(struct pst_buf *out, struct pst_str text)
{
	while (text.len > 0) {
		size_t end = pst_str_find(text, '\n');
		struct pst_str line = pst_str_first(text, end);
		size_t room = LINE_MAX_OCTETS;

		text = pst_str_from(text, end + 1);
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		while (line.len > room) {
			add_plain(out, line, room);
			pst_buf_add_text(out, "\r\n ");
			line = pst_str_from(line, room);
			room = LINE_MAX_OCTETS - 1;
		}
		add_plain(out, line, line.len);
		pst_buf_add(out, PST_STR("\r\n"));
	}
}

/* Fields that this file writes itself; an incident's own ones are dropped. */
static const char *const own_fields[] = {
    "Feedback-Type", "User-Agent", "Version", "Incidents"};

static struct pst_str
name_of(struct pst_str line)
{
	return pst_str_trim(pst_str_first(line, pst_str_find(line, ':')));
}

static bool
is_own(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(own_fields); i++)
		if (pst_str_ieq(name, pst_str(own_fields[i])))
			return true;
	return false;
}

static bool
has_field(struct pst_str fields, const char *name)
{
	struct pst_str line;
	bool more = true;

	while (pst_str_split(&fields, '\n', &line, &more))
		if (pst_str_ieq(name_of(line), pst_str(name)))
			return true;
	return false;
}

/*
 * R-FAIL-8: each field appears once. A folded line belongs to the line above.
 */
static void
add_feedback(struct pst_buf *out, const struct pst_failure_mail *mail)
{
	struct pst_str rest = mail->fields, line;
	bool more = true, wanted = false;

	pst_buf_printf(out,
	    "Feedback-Type: auth-failure\r\nUser-Agent: Postern/%s\r\n"
	    "Version: 1\r\n",
	    PST_VERSION);
	if (mail->incidents > 1)
		pst_buf_printf(
		    out, "Incidents: %" PRId64 "\r\n", mail->incidents);
	if (!has_field(mail->fields, "Auth-Failure"))
		add_line(out, "Auth-Failure: dmarc");
	if (!has_field(mail->fields, "Reported-Domain"))
		pst_buf_printf(
		    out, "Reported-Domain: %s\r\n", mail->policy_domain);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (line.len == 0)
			continue;
		if (!pst_is_wsp(line.ptr[0]))
			wanted = pst_str_find(line, ':') < line.len &&
			    !is_own(name_of(line));
		if (wanted)
			add_lines(out, line);
	}
}

static void
add_failure_text(struct pst_buf *out, const struct pst_failure_mail *mail)
{
	add_text_head(out);
	pst_buf_printf(out,
	    "This is a DMARC failure report (RFC 9991) about mail that "
	    "claims to\r\ncome from\r\n\r\n    %s\r\n\r\nand did not pass "
	    "DMARC here on ",
	    mail->policy_domain);
	add_time(out, mail->seen_s);
	pst_buf_printf(out,
	    ".\r\nMessages like this one since the last report: %" PRId64
	    ".\r\nIt was sent because the domain's DMARC record asks for it. "
	    "Local parts\r\nof addresses are replaced by hashes.\r\n",
	    mail->incidents);
	add_signature(out, mail->org_name, mail->contact);
}

static void
add_failure_subject(struct pst_buf *out, const struct pst_failure_mail *mail)
{
	struct pst_str subject = pst_str_trim(mail->subject);

	if (subject.len == 0) {
		pst_buf_printf(out, "Subject: DMARC failure report for %s\r\n",
		    mail->policy_domain);
		return;
	}
	/* R-FAIL-7 */
	pst_buf_add_text(out, "Subject: FW: ");
	add_plain(out, subject, LINE_MAX_OCTETS - sizeof("Subject: FW: "));
	pst_buf_add(out, PST_STR("\r\n"));
}

void
pst_failure_mail_write(struct pst_buf *out, const struct pst_failure_mail *mail)
{
	add_head(out, &mail->envelope);
	add_failure_subject(out, mail);
	pst_buf_printf(out,
	    "Content-Type: multipart/report; "
	    "report-type=feedback-report;\r\n boundary=\"=_%s\"\r\n",
	    mail->envelope.id);
	add_boundary(out, &mail->envelope, false);
	add_failure_text(out, mail);
	add_boundary(out, &mail->envelope, false);
	add_line(out, "Content-Type: message/feedback-report");
	add_line(out, "");
	add_feedback(out, mail);
	add_boundary(out, &mail->envelope, false);
	add_line(out, "Content-Type: text/rfc822-headers");
	add_line(out, "");
	add_lines(out, mail->header);
	add_boundary(out, &mail->envelope, true);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/arf.h"

#include <string.h>

#include "base/domain.h"
#include "base/ip.h"
#include "base/macros.h"
#include "mail/date.h"

bool
pst_feedback_arf_find(const struct pst_mime *mime, size_t *at)
{
	for (*at = 0; *at < mime->count; (*at)++)
		if (strcmp(mime->parts[*at].type, "message/feedback-report") ==
		    0)
			return true;
	return false;
}

static void
read_fields(
    struct pst_arena *arena, struct pst_str text, struct pst_feedback *out)
{
	struct pst_feedback_field **end = &out->fields;
	struct pst_str name, value;

	for (size_t count = 0; count < PST_FEEDBACK_MAX_FIELDS; count++) {
		struct pst_feedback_field *field;

		if (!pst_mime_next_field(&text, &name, &value))
			return;
		field = pst_arena_alloc(arena, sizeof(*field));
		field->name = pst_feedback_text(arena, name);
		field->value =
		    pst_feedback_text(arena, pst_mime_unfold(arena, value));
		*end = field;
		end = &field->next;
	}
}

/* Reads the header of the message that the report is about. */
static void
read_reported(struct pst_arena *arena, const struct pst_mime *mime, size_t at,
    struct pst_feedback *out)
{
	for (size_t i = at + 1; i < mime->count; i++) {
		const struct pst_mime_part *part = &mime->parts[i];

		if (part->messages != mime->parts[at].messages ||
		    (strcmp(part->type, "text/rfc822-headers") != 0 &&
			strcmp(part->type, "message/rfc822") != 0 &&
			strcmp(part->type, "message/global-headers") != 0 &&
			strcmp(part->type, "message/global") != 0))
			continue;
		out->reported = pst_mime_header(pst_mime_decode(arena, part));
		out->subject = pst_feedback_text(
		    arena, pst_mime_field(arena, out->reported, "Subject"));
		return;
	}
}

/* Returns the domain of "<local@domain>", or of "domain" alone. */
static const char *
domain_of(struct pst_arena *arena, const char *path)
{
	struct pst_str text = pst_str(path);
	size_t at = pst_str_rfind(text, '@');

	if (at < text.len)
		text = pst_str_from(text, at + 1);
	text = pst_str_first(text, pst_str_find(text, '>'));
	return pst_feedback_domain(arena, pst_feedback_text(arena, text));
}

/*
 * Returns "fail" if the mechanism is listed as not aligned (RFC 9991 s. 4),
 * "pass" if it is not, "" if the field is missing.
 */
static const char *
alignment(const struct pst_feedback *feedback, const char *mechanism)
{
	struct pst_str rest =
	    pst_str(pst_feedback_field(feedback, "Identity-Alignment"));
	struct pst_str word;
	bool more = true;

	if (rest.len == 0)
		return "";
	while (pst_str_split(&rest, ',', &word, &more))
		if (pst_str_ieq(pst_str_trim(word), pst_str(mechanism)))
			return "fail";
	return "pass";
}

/* Reads the source address; "192.0.2.1 (host)" and "[192.0.2.1]" occur, too. */
static const char *
source_of(struct pst_arena *arena, const char *text)
{
	char canonical[PST_IP_TEXT_SIZE];
	struct pst_str word = pst_str(text);
	struct pst_ip ip;

	if (pst_str_starts(word, PST_STR("[")))
		word = pst_str_from(word, 1);
	word = pst_str_first(word, pst_str_find(word, ']'));
	word = pst_str_first(word, pst_str_find(word, ' '));
	if (!pst_ip_parse(word, &ip))
		return text;
	return pst_arena_strdup(arena, pst_ip_text(&ip, canonical));
}

static void
make_row(struct pst_arena *arena, struct pst_feedback *out)
{
	struct pst_feedback_row *row = pst_arena_alloc(arena, sizeof(*row));
	uint64_t incidents = 1;

	pst_feedback_row_init(row);
	(void)pst_str_to_u64(pst_str(pst_feedback_field(out, "Incidents")),
	    PST_FEEDBACK_MAX_MESSAGES, &incidents);
	row->count = incidents == 0 ? 1 : (int64_t)incidents;
	row->source_ip = source_of(arena, pst_feedback_field(out, "Source-IP"));
	row->disposition = pst_feedback_lower(
	    arena, pst_feedback_field(out, "Delivery-Result"));
	row->dkim = alignment(out, "dkim");
	row->spf = alignment(out, "spf");
	row->header_from = out->domain;
	row->envelope_from =
	    domain_of(arena, pst_feedback_field(out, "Original-Mail-From"));
	out->rows = row;
	out->row_count = 1;
	out->messages = row->count;
}

/*
 * Some leave Reported-Domain away, but the message that they report has an
 * author.
 */
static void
find_domain(struct pst_arena *arena, struct pst_feedback *out)
{
	const char *from;

	out->domain =
	    domain_of(arena, pst_feedback_field(out, "Reported-Domain"));
	if (out->domain[0] != '\0' || out->kind != PST_FEEDBACK_FAILURE)
		return;
	from = domain_of(arena,
	    pst_feedback_text(
		arena, pst_mime_field(arena, out->reported, "From")));
	if (pst_domain_normalize(arena, pst_str(from)) == NULL) {
		pst_feedback_fault(arena, out, "Reported-Domain is missing");
		return;
	}
	out->domain = from;
	pst_feedback_note(arena, out,
	    "Reported-Domain is missing; the domain is that of the From field");
}

/* RFC 5965 s. 3.1 and RFC 6591 s. 3.1 require these fields. */
static void
check_fields(struct pst_arena *arena, struct pst_feedback *out)
{
	static const char *const names[] = {
	    "Feedback-Type", "User-Agent", "Version", "Auth-Failure"};
	size_t wanted = out->kind == PST_FEEDBACK_FAILURE ? 4 : 3;

	for (size_t i = 0; i < wanted; i++)
		if (pst_feedback_field(out, names[i])[0] == '\0')
			pst_feedback_fault(
			    arena, out, "%s is missing", names[i]);
}

void
pst_feedback_arf_read(struct pst_arena *arena, const struct pst_mime *mime,
    size_t at, struct pst_feedback *out)
{
	const char *date;

	pst_feedback_init(out);
	read_fields(arena, pst_mime_decode(arena, &mime->parts[at]), out);
	out->kind =
	    pst_str_ieq(pst_str(pst_feedback_field(out, "Feedback-Type")),
		PST_STR("auth-failure")) ?
	    PST_FEEDBACK_FAILURE :
	    PST_FEEDBACK_ABUSE;
	out->org = pst_feedback_text(
	    arena, pst_mime_field(arena, mime->header, "From"));
	out->report_id = pst_feedback_text(
	    arena, pst_mime_field(arena, mime->header, "Message-ID"));
	date = pst_feedback_field(out, "Arrival-Date");
	if (date[0] == '\0')
		date = pst_feedback_field(out, "Received-Date");
	if (!pst_date_parse(pst_str(date), &out->begin_s))
		(void)pst_date_parse(
		    pst_mime_field(arena, mime->header, "Date"), &out->begin_s);
	out->end_s = out->begin_s;
	read_reported(arena, mime, at, out);
	check_fields(arena, out);
	find_domain(arena, out);
	make_row(arena, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "feedback/extract.h"

#include "feedback/arf.h"
#include "feedback/xml_reader.h"
#include "mail/mime.h"
#include "feedback/unpack.h"

#define MB ((size_t)1024 * 1024)
/* How far the first field of a mail, or blanks before XML, may reach. */
#define MAX_LOOK 1000

/* ---- recognising the form ---- */

/*
 * Recognises a mail by a field name and a colon, an mbox file by its first
 * line.
 */
static enum pst_feedback_form
form_of_text(struct pst_str text)
{
	size_t len = 0;

	/* But "From : ann@example.org" is a field. */
	if (pst_str_starts(text, PST_STR("From ")))
		return pst_str_starts(
			   pst_str_trim(pst_str_from(text, 5)), PST_STR(":")) ?
		    PST_FORM_MAIL :
		    PST_FORM_MBOX;
	while (len < text.len && len < MAX_LOOK &&
	    (pst_is_alnum(text.ptr[len]) || text.ptr[len] == '-' ||
		text.ptr[len] == '_'))
		len++;
	return len > 0 && len < text.len && text.ptr[len] == ':' ?
	    PST_FORM_MAIL :
	    PST_FORM_UNKNOWN;
}

enum pst_feedback_form
pst_feedback_form(struct pst_str octets)
{
	static const struct pst_str marks[] = {PST_STR_INIT("\xef\xbb\xbf"),
	    PST_STR_INIT("\xff\xfe"), PST_STR_INIT("\xfe\xff")};
	size_t i;

	if (pst_unpack_is_gzip(octets) || pst_unpack_is_zip(octets))
		return PST_FORM_PACKED;
	for (i = 0; i < PST_COUNT(marks); i++) {
		if (!pst_str_starts(octets, marks[i]))
			continue;
		octets = pst_str_from(octets, marks[i].len);
		/* In big-endian UTF-16 a NUL comes first. */
		if (pst_str_starts(octets, PST_STR("\0")))
			octets = pst_str_from(octets, 1);
		break;
	}
	for (i = 0; i < octets.len && i < MAX_LOOK; i++)
		if (strchr(" \t\r\n", octets.ptr[i]) == NULL)
			break;
	octets = pst_str_from(octets, i);
	return pst_str_starts(octets, PST_STR("<")) ? PST_FORM_XML :
						      form_of_text(octets);
}

/* ---- reading a document ---- */

static enum pst_feedback_outcome
outcome(bool read)
{
	return read ? PST_FEEDBACK_READ : PST_FEEDBACK_REFUSED;
}

static bool
read_xml(struct pst_arena *arena, struct pst_str xml,
    struct pst_feedback_visitor visitor, struct pst_err *err)
{
	struct pst_feedback feedback;

	/* XML with blanks before its declaration is not well-formed. */
	while (xml.len > 0 && strchr(" \t\r\n", xml.ptr[0]) != NULL)
		xml = pst_str_from(xml, 1);
	if (!pst_feedback_xml_read(arena, xml, &feedback, err))
		return false;
	visitor.visit(visitor.arg, arena, &feedback);
	return true;
}

static bool
read_packed(struct pst_arena *arena, struct pst_str packed,
    struct pst_feedback_visitor visitor, struct pst_err *err)
{
	struct pst_str content;

	if (!pst_unpack(arena, packed, &pst_unpack_limits, &content, err))
		return false;
	if (pst_feedback_form(content) == PST_FORM_XML)
		return read_xml(arena, content, visitor, err);
	return pst_err_set(
	    err, "is packed but holds no XML, so it is not a report");
}

/* Texts in a mail are for people, unless they are named like a report. */
static bool
may_be_report(const struct pst_mime_part *part)
{
	struct pst_str type = pst_str(part->type);

	if (pst_str_starts(type, PST_STR("message/")))
		return false;
	if (!pst_str_starts(type, PST_STR("text/")) ||
	    pst_str_eq(type, PST_STR("text/xml")))
		return true;
	return pst_str_iends(part->name, PST_STR(".xml")) ||
	    pst_str_iends(part->name, PST_STR(".gz")) ||
	    pst_str_iends(part->name, PST_STR(".zip"));
}

/* Reads each attachment that begins like a report and ignores the others. */
static enum pst_feedback_outcome
read_attachments(struct pst_arena *arena, const struct pst_mime *mime,
    struct pst_feedback_visitor visitor, struct pst_err *err)
{
	unsigned tried = 0;
	bool ok = true;

	for (size_t i = 0; i < mime->count; i++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);
		struct pst_err why;
		struct pst_str content;
		bool read = true;

		if (!may_be_report(&mime->parts[i]))
			continue;
		content = pst_mime_decode(arena, &mime->parts[i]);
		switch (pst_feedback_form(content)) {
		case PST_FORM_XML:
			tried++;
			read = read_xml(arena, content, visitor, &why);
			break;
		case PST_FORM_PACKED:
			tried++;
			read = read_packed(arena, content, visitor, &why);
			break;
		default:
			break;
		}
		pst_arena_rewind(arena, mark);
		if (!read && ok)
			ok = pst_err_set(
			    err, "has an attachment that %s", why.text);
	}
	if (tried > 0)
		return outcome(ok);
	(void)pst_err_set(err,
	    "is mail without a report: it has no XML, gzip or zip file "
	    "attached");
	return PST_FEEDBACK_NONE;
}

static enum pst_feedback_outcome
read_mail(struct pst_arena *arena, struct pst_str mail,
    struct pst_feedback_visitor visitor, struct pst_err *err)
{
	struct pst_feedback feedback;
	struct pst_mime mime;
	size_t at;

	while (mail.len > 0 && (mail.ptr[0] == '\r' || mail.ptr[0] == '\n'))
		mail = pst_str_from(mail, 1);
	if (!pst_mime_read(arena, mail, &mime, err))
		return PST_FEEDBACK_REFUSED;
	/* The attachments of a failure report are the mail that it is about. */
	if (!pst_feedback_arf_find(&mime, &at))
		return read_attachments(arena, &mime, visitor, err);
	pst_feedback_arf_read(arena, &mime, at, &feedback);
	visitor.visit(visitor.arg, arena, &feedback);
	return PST_FEEDBACK_READ;
}

static enum pst_feedback_outcome
read_document(struct pst_arena *arena, struct pst_str octets,
    struct pst_feedback_visitor visitor, struct pst_err *err)
{
	switch (pst_feedback_form(octets)) {
	case PST_FORM_XML:
		return outcome(read_xml(arena, octets, visitor, err));
	case PST_FORM_PACKED:
		return outcome(read_packed(arena, octets, visitor, err));
	case PST_FORM_MAIL:
		return read_mail(arena, octets, visitor, err);
	case PST_FORM_MBOX:
	case PST_FORM_UNKNOWN:
		break;
	}
	(void)pst_err_set(err,
	    "is not a report: it does not begin like XML, gzip, zip or mail");
	return PST_FEEDBACK_REFUSED;
}

enum pst_feedback_outcome
pst_feedback_read(struct pst_str octets, struct pst_feedback_visitor visitor,
    struct pst_err *err)
{
	struct pst_arena *arena;
	enum pst_feedback_outcome result;

	if (octets.len > PST_FEEDBACK_MAX_BYTES) {
		(void)pst_err_set(err,
		    "is larger than %zu MB, so it is not a report",
		    PST_FEEDBACK_MAX_BYTES / MB);
		return PST_FEEDBACK_REFUSED;
	}
	arena = pst_arena_new();
	result = read_document(arena, octets, visitor, err);
	pst_arena_free(arena);
	return result;
}

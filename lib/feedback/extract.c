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
	/* UTF-16 without a mark begins like this, too. */
	return pst_str_starts(octets, PST_STR("<")) ||
		pst_str_starts(octets, PST_STR("\0<")) ?
	    PST_FORM_XML :
	    form_of_text(octets);
}

/* ---- reading a document ---- */

struct reading {
	struct pst_arena *arena;
	struct pst_feedback_visitor visitor;
	struct pst_unpack_budget budget;
	size_t begun; /* texts that begin like a report */
	struct pst_err *err;
};

static enum pst_feedback_outcome
refuse(struct pst_err *err, const char *why)
{
	(void)pst_err_set(err, "%s", why);
	return PST_FEEDBACK_REFUSED;
}

static enum pst_feedback_outcome
pass_over(struct pst_err *err, const char *why)
{
	(void)pst_err_set(err, "%s", why);
	return PST_FEEDBACK_NONE;
}

static enum pst_feedback_outcome
read_xml(struct reading *reading, struct pst_str xml, struct pst_err *err)
{
	struct pst_feedback feedback;

	if (!pst_feedback_xml_is_report(xml))
		return pass_over(err,
		    "is XML, but not a DMARC report: its root is not "
		    "\"feedback\"");
	reading->begun++;
	if (!pst_feedback_xml_read(reading->arena, xml, &feedback, err))
		return PST_FEEDBACK_REFUSED;
	reading->visitor.visit(reading->visitor.arg, reading->arena, &feedback);
	return PST_FEEDBACK_READ;
}

/* One layer of packing. */
struct layer {
	struct reading *reading;
	unsigned depth;
	/* Of the members so far; err has the sentence unless it is "read". */
	enum pst_feedback_outcome outcome;
	struct pst_err err;
};

static enum pst_feedback_outcome read_packed(struct reading *reading,
    struct pst_str packed, unsigned depth, struct pst_err *err);

/* The outcome of two parts of a document: what is refused must be said. */
static void
join(struct layer *layer, enum pst_feedback_outcome outcome,
    const struct pst_err *err)
{
	switch (outcome) {
	case PST_FEEDBACK_READ:
		if (layer->outcome == PST_FEEDBACK_NONE)
			layer->outcome = PST_FEEDBACK_READ;
		break;
	case PST_FEEDBACK_NONE:
		break;
	case PST_FEEDBACK_REFUSED:
		if (layer->outcome != PST_FEEDBACK_REFUSED)
			layer->err = *err;
		layer->outcome = PST_FEEDBACK_REFUSED;
		break;
	}
}

static bool
is_wanted(void *arg, struct pst_str beginning)
{
	struct layer *layer = arg;

	switch (pst_feedback_form(beginning)) {
	case PST_FORM_XML:
		if (!pst_feedback_xml_is_report(beginning))
			return false;
		layer->reading->begun++;
		return true;
	case PST_FORM_PACKED:
		return true;
	case PST_FORM_MAIL:
	case PST_FORM_MBOX:
	case PST_FORM_UNKNOWN:
		break;
	}
	return false;
}

static void
on_member(void *arg, struct pst_str content)
{
	struct layer *layer = arg;
	struct pst_arena *arena = layer->reading->arena;
	struct pst_arena_mark mark = pst_arena_mark(arena);
	struct pst_err err;

	if (pst_feedback_form(content) == PST_FORM_XML)
		join(layer, read_xml(layer->reading, content, &err), &err);
	else
		join(layer,
		    read_packed(
			layer->reading, content, layer->depth + 1, &err),
		    &err);
	pst_arena_rewind(arena, mark);
}

/* What cannot be unpacked is refused. */
static enum pst_feedback_outcome
read_packed(struct reading *reading, struct pst_str packed, unsigned depth,
    struct pst_err *err)
{
	struct layer layer = {
	    .reading = reading, .depth = depth, .outcome = PST_FEEDBACK_NONE};
	struct pst_unpack_visitor visitor = {is_wanted, on_member, &layer};

	if (depth == PST_FEEDBACK_MAX_LAYERS) {
		(void)pst_err_set(err,
		    "is packed more than %d times; unpack it first",
		    PST_FEEDBACK_MAX_LAYERS);
		return PST_FEEDBACK_REFUSED;
	}
	if (pst_unpack(packed, &reading->budget, visitor, err) !=
	    PST_UNPACK_READ)
		return PST_FEEDBACK_REFUSED;
	switch (layer.outcome) {
	case PST_FEEDBACK_READ:
		break;
	case PST_FEEDBACK_NONE:
		return pass_over(
		    err, "is packed but holds no XML of a DMARC report");
	case PST_FEEDBACK_REFUSED:
		return refuse(err, layer.err.text);
	}
	return PST_FEEDBACK_READ;
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

/*
 * Returns whether a mail calls an attachment a DMARC report, by its file's name
 * "receiver!domain!begin!end.xml.gz" or its subject "Report Domain: ..." (RFC
 * 9990 s. 3.5.2). TLS reports have such names, too, but hold JSON (RFC 8460).
 */
static bool
is_called_report(
    struct pst_arena *arena, const struct pst_mime *mime, struct pst_str name)
{
	size_t first = pst_str_find(name, '!');

	if (pst_str_iends(name, PST_STR(".json")) ||
	    pst_str_iends(name, PST_STR(".json.gz")))
		return false;
	return pst_str_find(pst_str_from(name, first + 1), '!') + first + 1 <
	    name.len ||
	    pst_str_iends(name, PST_STR(".xml.gz")) ||
	    pst_str_istarts(pst_mime_field(arena, mime->header, "Subject"),
		PST_STR("Report Domain:"));
}

/*
 * Reads one attachment. Only what may be a report is refused; a zip file of
 * anything else, which may be damaged or have a password, is other mail.
 */
static enum pst_feedback_outcome
read_attachment(struct reading *reading, const struct pst_mime *mime,
    const struct pst_mime_part *part, struct pst_err *err)
{
	struct pst_str content = pst_mime_decode(reading->arena, part);
	size_t begun = reading->begun;
	enum pst_feedback_outcome outcome;

	switch (pst_feedback_form(content)) {
	case PST_FORM_XML:
		return read_xml(reading, content, err);
	case PST_FORM_PACKED:
		outcome = read_packed(reading, content, 0, err);
		return outcome == PST_FEEDBACK_REFUSED &&
			reading->begun == begun &&
			!is_called_report(reading->arena, mime, part->name) ?
		    PST_FEEDBACK_NONE :
		    outcome;
	case PST_FORM_MAIL:
	case PST_FORM_MBOX:
	case PST_FORM_UNKNOWN:
		break;
	}
	return pass_over(err, "");
}

/* Reads each attachment that begins like a report and ignores the others. */
static enum pst_feedback_outcome
read_attachments(struct reading *reading, const struct pst_mime *mime)
{
	struct layer all = {.reading = reading, .outcome = PST_FEEDBACK_NONE};
	struct pst_err first = {""};

	for (size_t i = 0; i < mime->count; i++) {
		struct pst_arena_mark mark = pst_arena_mark(reading->arena);
		struct pst_err why = {""};

		if (!may_be_report(&mime->parts[i]))
			continue;
		join(&all,
		    read_attachment(reading, mime, &mime->parts[i], &why),
		    &why);
		if (first.text[0] == '\0')
			first = why;
		pst_arena_rewind(reading->arena, mark);
	}
	switch (all.outcome) {
	case PST_FEEDBACK_READ:
		break;
	case PST_FEEDBACK_REFUSED:
		(void)pst_err_set(
		    reading->err, "has an attachment that %s", all.err.text);
		break;
	case PST_FEEDBACK_NONE:
		if (first.text[0] != '\0')
			(void)pst_err_set(reading->err,
			    "is mail without a report: it has an attachment "
			    "that %s",
			    first.text);
		else
			(void)pst_err_set(reading->err,
			    "is mail without a report: it has no XML, gzip or "
			    "zip file attached");
		break;
	}
	return all.outcome;
}

static enum pst_feedback_outcome
read_mail(struct reading *reading, struct pst_str mail)
{
	struct pst_feedback feedback;
	struct pst_mime mime;
	size_t at;

	while (mail.len > 0 && (mail.ptr[0] == '\r' || mail.ptr[0] == '\n'))
		mail = pst_str_from(mail, 1);
	if (!pst_mime_read(reading->arena, mail, &mime, reading->err))
		return PST_FEEDBACK_REFUSED;
	/* The attachments of a failure report are the mail that it is about. */
	if (!pst_feedback_arf_find(&mime, &at))
		return read_attachments(reading, &mime);
	pst_feedback_arf_read(reading->arena, &mime, at, &feedback);
	reading->visitor.visit(reading->visitor.arg, reading->arena, &feedback);
	return PST_FEEDBACK_READ;
}

static enum pst_feedback_outcome
read_document(struct reading *reading, struct pst_str octets)
{
	switch (pst_feedback_form(octets)) {
	case PST_FORM_XML:
		return read_xml(reading, octets, reading->err);
	case PST_FORM_PACKED:
		return read_packed(reading, octets, 0, reading->err);
	case PST_FORM_MAIL:
		return read_mail(reading, octets);
	case PST_FORM_MBOX:
	case PST_FORM_UNKNOWN:
		break;
	}
	return pass_over(reading->err,
	    "is not a report: it does not begin like XML, gzip, zip or mail");
}

enum pst_feedback_outcome
pst_feedback_read(struct pst_str octets, struct pst_feedback_visitor visitor,
    struct pst_err *err)
{
	struct reading reading = {
	    .visitor = visitor, .budget = pst_unpack_budget, .err = err};
	enum pst_feedback_outcome result;

	if (octets.len > PST_FEEDBACK_MAX_BYTES) {
		(void)pst_err_set(err,
		    "is larger than %zu MB, so it is not a report",
		    PST_FEEDBACK_MAX_BYTES / MB);
		return PST_FEEDBACK_REFUSED;
	}
	reading.arena = pst_arena_new();
	result = read_document(&reading, octets);
	pst_arena_free(reading.arena);
	return result;
}

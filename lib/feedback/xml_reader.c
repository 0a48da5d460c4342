/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/xml_reader.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ip.h"
#include "base/macros.h"
#include "feedback/xml_elements.h"

/* The year 9999. */
#define MAX_EPOCH 253402300799

/* Room for the longest text that is kept and the rest of a character. */
#define TEXT_ROOM (PST_FEEDBACK_MAX_TEXT + 4)

/* ---- the reader ---- */

struct reader {
	struct pst_arena *arena;
	struct pst_feedback *out;
	struct pst_err *err;
	xmlParserCtxtPtr ctxt;
	bool refused; /* err has the sentence */
	int bad_line; /* of the first error; 0 if all is well-formed */
	bool more;    /* something follows the root element */
	bool decimal; /* the period has fractions of seconds */

	enum pst_feedback_element open[PST_FEEDBACK_MAX_DEPTH + 1];
	unsigned depth;
	const char *space; /* the root's namespace, or NULL */
	bool has_root;

	const struct pst_feedback_rule *leaf; /* the leaf that is open */
	char text[TEXT_ROOM];
	size_t text_len;

	size_t details;
	struct pst_feedback_row *row;
	struct pst_feedback_reason *reason;
	struct pst_feedback_auth *auth;
	/* Where the next one is linked */
	struct pst_feedback_row **row_end;
	struct pst_feedback_reason **reason_end;
	struct pst_feedback_auth **auth_end;
};

static void refuse(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
refuse(struct reader *reader, const char *format, ...)
{
	va_list args;
	struct pst_err err;

	if (!reader->refused) {
		va_start(args, format);
		(void)vsnprintf(err.text, sizeof(err.text), format, args);
		va_end(args);
		(void)pst_err_set(reader->err, "%s", err.text);
	}
	reader->refused = true;
	xmlStopParser(reader->ctxt);
}

static const char *
text_of(const xmlChar *text)
{
	return (const char *)text;
}

/* An element of an extension has another namespace than the root. */
static bool
is_own(const struct reader *reader, const char *space)
{
	return space == NULL || reader->depth == 0 ||
	    (reader->space != NULL && strcmp(space, reader->space) == 0);
}

static bool
count_detail(struct reader *reader)
{
	if (reader->details++ < PST_FEEDBACK_MAX_DETAILS)
		return true;
	refuse(reader,
	    "has more than %d signatures and reasons, so it cannot be read as "
	    "a report",
	    PST_FEEDBACK_MAX_DETAILS);
	return false;
}

static void
begin_record(struct reader *reader)
{
	if (reader->out->record_count == PST_FEEDBACK_MAX_ROWS) {
		refuse(reader,
		    "has more than %d records; ask its sender to split it",
		    PST_FEEDBACK_MAX_ROWS);
		return;
	}
	reader->row = pst_arena_alloc(reader->arena, sizeof(*reader->row));
	pst_feedback_row_init(reader->row);
	reader->reason_end = &reader->row->reasons;
	reader->auth_end = &reader->row->auths;
}

static void
begin_reason(struct reader *reader)
{
	if (!count_detail(reader))
		return;
	reader->reason =
	    pst_arena_alloc(reader->arena, sizeof(*reader->reason));
	*reader->reason =
	    (struct pst_feedback_reason){.type = "", .comment = ""};
	*reader->reason_end = reader->reason;
	reader->reason_end = &reader->reason->next;
}

static void
begin_auth(struct reader *reader, bool is_spf)
{
	if (!count_detail(reader))
		return;
	reader->auth = pst_arena_alloc(reader->arena, sizeof(*reader->auth));
	*reader->auth = (struct pst_feedback_auth){.is_spf = is_spf,
	    .domain = "",
	    .selector = "",
	    .scope = "",
	    .result = "",
	    .human_result = ""};
	*reader->auth_end = reader->auth;
	reader->auth_end = &reader->auth->next;
}

static void
begin_element(struct reader *reader, const struct pst_feedback_rule *rule)
{
	switch (rule->element) {
	case PST_ELEMENT_RECORD:
		begin_record(reader);
		break;
	case PST_ELEMENT_REASON:
		begin_reason(reader);
		break;
	case PST_ELEMENT_DKIM:
	case PST_ELEMENT_SPF:
		begin_auth(reader, rule->element == PST_ELEMENT_SPF);
		break;
	case PST_ELEMENT_LEAF:
		reader->leaf = rule;
		reader->text_len = 0;
		break;
	default:
		break;
	}
}

/* ---- texts become members ---- */

static void *
target_of(struct reader *reader, enum pst_feedback_target target)
{
	switch (target) {
	case PST_IN_ROW:
		return reader->row;
	case PST_IN_REASON:
		return reader->reason;
	case PST_IN_AUTH:
		return reader->auth;
	case PST_IN_REPORT:
		break;
	}
	return reader->out;
}

static const char *
address_text(struct pst_arena *arena, const char *text)
{
	char canonical[PST_IP_TEXT_SIZE];
	struct pst_ip ip;

	if (!pst_ip_parse(pst_str(text), &ip))
		return text;
	return pst_arena_strdup(arena, pst_ip_text(&ip, canonical));
}

static const char *
convert_text(
    struct pst_arena *arena, enum pst_feedback_leaf leaf, const char *text)
{
	switch (leaf) {
	case PST_LEAF_WORD:
		return pst_feedback_lower(arena, text);
	case PST_LEAF_DOMAIN:
		return pst_feedback_domain(arena, text);
	case PST_LEAF_ADDRESS:
		return address_text(arena, text);
	default:
		return text;
	}
}

/* Returns 0 if the text is not a number of the kind that the leaf needs. */
static int64_t
number_of(struct reader *reader, enum pst_feedback_leaf leaf, const char *text)
{
	const char *fraction;
	uint64_t number = 0;

	if (leaf == PST_LEAF_EPOCH) {
		if (pst_feedback_number(text, MAX_EPOCH, &number, &fraction) &&
		    fraction != NULL)
			reader->decimal = true;
		return (int64_t)number;
	}
	if (!pst_feedback_number(
		text, PST_FEEDBACK_MAX_MESSAGES, &number, &fraction) ||
	    (fraction != NULL && strspn(fraction, "0") != strlen(fraction)))
		return 0;
	reader->row->nothing = number == 0;
	return (int64_t)number;
}

/* If an element occurs twice, the first one counts. */
static void
end_leaf(struct reader *reader)
{
	const struct pst_feedback_rule *rule = reader->leaf;
	struct pst_str octets = {reader->text, reader->text_len};
	const char *text = pst_feedback_text(reader->arena, octets);
	char *target = target_of(reader, rule->target);

	if (rule->leaf == PST_LEAF_EPOCH || rule->leaf == PST_LEAF_COUNT) {
		int64_t *member = (int64_t *)(void *)(target + rule->offset);

		if (*member == 0)
			*member = number_of(reader, rule->leaf, text);
		return;
	}
	const char **member = (const char **)(void *)(target + rule->offset);
	if ((*member)[0] == '\0' && text[0] != '\0')
		*member = convert_text(reader->arena, rule->leaf, text);
}

static void
end_record(struct reader *reader)
{
	const char *fault = pst_feedback_row_fault(reader->row);
	struct pst_feedback_row *row = reader->row;
	struct pst_feedback *out = reader->out;

	out->record_count++;
	/* This is how some say that they have seen no mail. */
	if (row->nothing && row->source_ip[0] == '\0')
		return;
	if (fault != NULL) {
		pst_feedback_note(reader->arena, out,
		    "record %zu is left out: %s", out->record_count, fault);
		if (row->nothing)
			return;
		if (out->left_out++ == 0)
			out->first_left_out = pst_arena_printf(reader->arena,
			    "record %zu: %s", out->record_count, fault);
		return;
	}
	*reader->row_end = row;
	reader->row_end = &row->next;
	out->row_count++;
	out->messages += row->count;
}

/* ---- what the parser calls ---- */

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *space, int spaces_count, const xmlChar **spaces,
    int attributes_count, int defaulted_count, const xmlChar **attributes)
{
	struct reader *reader = arg;
	const struct pst_feedback_rule *rule = NULL;

	(void)prefix;
	(void)spaces;
	(void)defaulted_count;
	(void)attributes;
	if (spaces_count > PST_FEEDBACK_MAX_NAMESPACES ||
	    attributes_count > PST_FEEDBACK_MAX_ATTRIBUTES)
		refuse(reader,
		    "has an element with more than %d attributes or %d "
		    "namespaces, so it is not a report",
		    PST_FEEDBACK_MAX_ATTRIBUTES, PST_FEEDBACK_MAX_NAMESPACES);
	else if (reader->depth == PST_FEEDBACK_MAX_DEPTH)
		refuse(reader,
		    "has elements nested more than %d deep, so it is not a "
		    "report",
		    PST_FEEDBACK_MAX_DEPTH);
	if (reader->refused)
		return;
	if (is_own(reader, text_of(space)))
		rule = pst_feedback_rule(
		    reader->open[reader->depth], text_of(name));
	if (reader->depth == 0) {
		if (rule == NULL) {
			refuse(reader,
			    "is XML, but not a DMARC report: its root is not "
			    "\"feedback\"");
			return;
		}
		reader->has_root = true;
		if (space != NULL)
			reader->space =
			    pst_arena_strdup(reader->arena, text_of(space));
	}
	reader->open[++reader->depth] =
	    rule == NULL ? PST_ELEMENT_UNKNOWN : rule->element;
	if (rule != NULL)
		begin_element(reader, rule);
}

static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct reader *reader = arg;
	struct pst_str piece = {text_of(text), (size_t)len};

	if (reader->open[reader->depth] != PST_ELEMENT_LEAF)
		return;
	/* Leading blanks must not use up the room. */
	if (reader->text_len == 0)
		while (piece.len > 0 && strchr(" \t\r\n", piece.ptr[0]) != NULL)
			piece = pst_str_from(piece, 1);
	piece = pst_str_first(piece, TEXT_ROOM - reader->text_len);
	if (piece.len > 0)
		memcpy(reader->text + reader->text_len, piece.ptr, piece.len);
	reader->text_len += piece.len;
}

static void
on_end(
    void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *space)
{
	struct reader *reader = arg;

	(void)name;
	(void)prefix;
	(void)space;
	if (reader->refused)
		return;
	if (reader->open[reader->depth] == PST_ELEMENT_LEAF)
		end_leaf(reader);
	else if (reader->open[reader->depth] == PST_ELEMENT_RECORD)
		end_record(reader);
	reader->depth--;
}

static void
on_doctype(void *arg, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(arg,
	    "has a document type (<!DOCTYPE), as attacks do and reports do "
	    "not, so it is not read");
}

/*
 * Called before the first element. check_tags() has looked at plain octets, so
 * `<` and `>` must be what they are in ASCII.
 */
static void
on_document(void *arg)
{
	static const char *const families[] = {
	    "utf-8", "us-ascii", "ascii", "iso-8859-", "windows-125", "utf-16"};
	struct reader *reader = arg;
	const char *name = text_of(reader->ctxt->encoding);

	if (name == NULL && reader->ctxt->input != NULL)
		name = text_of(reader->ctxt->input->encoding);
	if (name == NULL)
		return;
	for (size_t i = 0; i < PST_COUNT(families); i++)
		if (pst_str_istarts(pst_str(name), pst_str(families[i])))
			return;
	refuse(reader,
	    "is XML in a character set that reports do not use; convert it to "
	    "UTF-8");
}

static void
on_error(void *arg, xmlErrorPtr error)
{
	struct reader *reader = arg;

	if (error->code == XML_ERR_UNDECLARED_ENTITY ||
	    error->code == XML_WAR_UNDECLARED_ENTITY)
		refuse(reader,
		    "refers to an entity, which no report does, so it is not "
		    "read");
	else if (error->level == XML_ERR_FATAL && reader->has_root &&
	    reader->depth == 0)
		reader->more = true;
	else if (error->level == XML_ERR_FATAL && reader->bad_line == 0)
		reader->bad_line = error->line > 0 ? error->line : 1;
}

/* ---- the whole document ---- */

static void
parse(struct reader *reader, struct pst_str xml)
{
	xmlSAXHandler sax = {
	    .initialized = XML_SAX2_MAGIC,
	    .internalSubset = on_doctype,
	    .startDocument = on_document,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .cdataBlock = on_text,
	    .serror = on_error,
	};

	xmlInitParser();
	reader->ctxt = xmlCreateMemoryParserCtxt(xml.ptr, (int)xml.len);
	if (reader->ctxt == NULL)
		abort();
	(void)xmlCtxtUseOptions(reader->ctxt, XML_PARSE_NONET);
	*reader->ctxt->sax = sax;
	reader->ctxt->userData = reader;
	(void)xmlParseDocument(reader->ctxt);
	/*
	 * on_doctype() is not called for an ill-formed document type. Its
	 * entities are kept here, but no one can refer to them.
	 */
	xmlFreeDoc(reader->ctxt->myDoc);
	xmlFreeParserCtxt(reader->ctxt);
}

bool
pst_feedback_xml_read(struct pst_arena *arena, struct pst_str xml,
    struct pst_feedback *out, struct pst_err *err)
{
	struct reader reader = {.arena = arena,
	    .out = out,
	    .err = err,
	    .open = {PST_ELEMENT_DOCUMENT},
	    .row_end = &out->rows};

	struct pst_feedback_xml_text text;

	pst_feedback_init(out);
	text = pst_feedback_xml_text(arena, xml);
	xml = text.xml;
	if (xml.len == 0 || xml.len > INT_MAX)
		return pst_err_set(err, "is empty, so it is not a report");
	if (!pst_feedback_xml_check_tags(xml, err))
		return false;
	parse(&reader, xml);
	if (reader.refused)
		return false;
	if (!reader.has_root)
		return pst_err_set(err,
		    "begins like XML but is not XML, so it is not a report");
	out->incomplete = reader.bad_line > 0;
	if (out->incomplete)
		pst_feedback_fault(arena, out,
		    "the XML is broken or cut short at line %d",
		    reader.bad_line);
	if (text.mended_octets)
		pst_feedback_note(arena, out,
		    "some octets are not UTF-8 and were read as Latin-1");
	if (reader.decimal)
		pst_feedback_note(
		    arena, out, "date_range has fractions of seconds");
	if (reader.more)
		pst_feedback_note(arena, out,
		    "what follows the end of the report is ignored");
	pst_feedback_check(arena, out);
	return true;
}

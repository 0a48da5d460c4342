/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/xml_text.h"

#include "base/macros.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct pst_str
without_blanks(struct pst_str text)
{
	size_t i = 0;

	while (i < text.len && is_blank(text.ptr[i]))
		i++;
	return pst_str_from(text, i);
}

static bool
is_utf16(struct pst_str octets)
{
	return pst_str_starts(octets, PST_STR("\xff\xfe")) ||
	    pst_str_starts(octets, PST_STR("\xfe\xff")) ||
	    pst_str_starts(octets, PST_STR("<\0")) ||
	    pst_str_starts(octets, PST_STR("\0<"));
}

static struct pst_str
without_mark(struct pst_str octets)
{
	return pst_str_from(
	    octets, pst_str_starts(octets, PST_STR("\xef\xbb\xbf")) ? 3 : 0);
}

/* ---- tags ---- */

/* Returns the name at the beginning of text, without a prefix. */
static struct pst_str
local_name(struct pst_str text)
{
	struct pst_str name;
	size_t len = 0;

	while (len < text.len && !is_blank(text.ptr[len]) &&
	    text.ptr[len] != '>' && text.ptr[len] != '/')
		len++;
	name = pst_str_first(text, len);
	return pst_str_from(name,
	    pst_str_find(name, ':') < name.len ? pst_str_find(name, ':') + 1 :
						 0);
}

/* Returns what follows the next `mark`; empty if there is none. */
static struct pst_str
after(struct pst_str text, struct pst_str mark)
{
	while (text.len > 0 && !pst_str_starts(text, mark)) {
		text = pst_str_from(text, 1);
		text = pst_str_from(text, pst_str_find(text, mark.ptr[0]));
	}
	return pst_str_from(text, mark.len);
}

static bool
begins_report(struct pst_str text)
{
	static const struct pst_str type = PST_STR_INIT("<!DOCTYPE");

	for (;;) {
		struct pst_str name;

		text = without_blanks(text);
		if (!pst_str_starts(text, PST_STR("<")))
			return false;
		name = local_name(pst_str_from(
		    text, pst_str_starts(text, PST_STR("</")) ? 2 : 1));
		if (pst_str_starts(text, PST_STR("<?")))
			text = after(text, PST_STR("?>"));
		else if (pst_str_starts(text, PST_STR("<!--")))
			text = after(text, PST_STR("-->"));
		else if (pst_str_starts(text, type))
			return pst_str_eq(local_name(without_blanks(
					      pst_str_from(text, type.len))),
			    PST_STR("feedback"));
		else if (pst_str_eq(name, PST_STR("schema")))
			text = after(text, PST_STR(">"));
		else
			return pst_str_eq(name, PST_STR("feedback"));
	}
}

bool
pst_feedback_xml_is_report(struct pst_str xml)
{
	struct pst_str text = pst_str_first(xml, PST_FEEDBACK_XML_LOOK);
	struct pst_arena *arena;
	bool result;
	char *narrow;
	size_t len = 0;

	if (!is_utf16(text))
		return begins_report(without_mark(text));
	/* All names that matter are ASCII, so every other octet is enough. */
	arena = pst_arena_new();
	narrow = pst_arena_alloc(arena, text.len);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\0' && text.ptr[i] != '\xff' &&
		    text.ptr[i] != '\xfe')
			narrow[len++] = text.ptr[i];
	result = begins_report((struct pst_str){narrow, len});
	pst_arena_free(arena);
	return result;
}

/*
 * Overwrites the tags of `schema` with blanks, in a copy as soon as there is
 * one. Line ends stay, so that line numbers do.
 */
static struct pst_str
without_schema(struct pst_arena *arena, struct pst_str xml)
{
	char *copy = NULL;
	size_t at = 0;

	for (at = pst_str_find(xml, '<'); at < xml.len;
	     at += 1 + pst_str_find(pst_str_from(xml, at + 1), '<')) {
		struct pst_str tag = pst_str_from(xml, at + 1);
		size_t len;

		if (pst_str_starts(tag, PST_STR("/")))
			tag = pst_str_from(tag, 1);
		if (!pst_str_eq(local_name(tag), PST_STR("schema")))
			continue;
		if (copy == NULL) {
			copy = pst_arena_memdup(arena, xml.ptr, xml.len);
			xml.ptr = copy;
		}
		len = pst_str_find(pst_str_from(xml, at), '>');
		for (size_t i = at; i <= at + len && i < xml.len; i++)
			if (copy[i] != '\n')
				copy[i] = ' ';
	}
	return xml;
}

bool
pst_feedback_xml_check_tags(struct pst_str xml, struct pst_err *err)
{
	size_t begin = pst_str_find(xml, '<');

	while (begin < xml.len) {
		struct pst_str rest = pst_str_from(xml, begin);
		struct pst_str near = pst_str_first(rest, PST_FEEDBACK_MAX_TAG);
		size_t end = pst_str_find(near, '>');

		if (end == PST_FEEDBACK_MAX_TAG)
			return pst_err_set(err,
			    "has a tag or comment of more than %zu KB, so it "
			    "is not a report",
			    PST_FEEDBACK_MAX_TAG / 1024);
		begin += end;
		begin += pst_str_find(pst_str_from(xml, begin), '<');
	}
	return true;
}

/* ---- encodings ---- */

/* Returns the value of encoding="..." in an XML declaration; may be empty. */
static struct pst_str
declared_encoding(struct pst_str declaration)
{
	struct pst_str rest = after(declaration, PST_STR("encoding"));

	rest = without_blanks(rest);
	if (!pst_str_starts(rest, PST_STR("=")))
		return PST_STR("");
	rest = without_blanks(pst_str_from(rest, 1));
	if (rest.len == 0 || (rest.ptr[0] != '"' && rest.ptr[0] != '\''))
		return PST_STR("");
	return pst_str_first(pst_str_from(rest, 1),
	    pst_str_find(pst_str_from(rest, 1), rest.ptr[0]));
}

/*
 * Returns whether text of single octets that declares this must be UTF-8: it
 * says so, or says ASCII, or what it says cannot be true.
 */
static bool
means_utf8(struct pst_str encoding)
{
	static const char *const names[] = {"utf-8", "utf8", "us-ascii",
	    "ascii", "utf-16", "utf16", "utf-32", "utf32", "ucs-2", "ucs2",
	    "ucs-4", "iso-10646-ucs-", "unicode"};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		if (pst_str_istarts(encoding, pst_str(names[i])))
			return true;
	return encoding.len == 0;
}

/* Returns the length of the UTF-8 sequence that text begins with, or 0. */
static size_t
sequence_len(struct pst_str text)
{
	unsigned char first = (unsigned char)text.ptr[0];
	size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	/* RFC 3629 s. 4 */
	if (first < 0xc2 || first > 0xf4 || text.len < len ||
	    !pst_str_is_utf8(pst_str_first(text, len)))
		return 0;
	return len;
}

static struct pst_str
from_latin1(struct pst_arena *arena, struct pst_str text)
{
	char *out = pst_arena_room(arena, 2 * text.len);
	size_t len = 0;

	while (text.len > 0) {
		unsigned char octet = (unsigned char)text.ptr[0];
		size_t taken = octet < 0x80 ? 1 : sequence_len(text);

		if (taken == 0) {
			out[len++] = (char)(0xc0 | octet >> 6);
			out[len++] = (char)(0x80 | (octet & 0x3f));
			taken = 1;
		} else {
			for (size_t i = 0; i < taken; i++)
				out[len++] = text.ptr[i];
		}
		text = pst_str_from(text, taken);
	}
	return (struct pst_str){out, len};
}

struct pst_feedback_xml_text
pst_feedback_xml_text(struct pst_arena *arena, struct pst_str octets)
{
	struct pst_feedback_xml_text result = {octets, false};
	struct pst_str xml;

	if (is_utf16(octets))
		return result;
	/* XML with blanks before its declaration is not well-formed. */
	xml = without_blanks(without_mark(octets));
	if (pst_str_starts(xml, PST_STR("<?xml"))) {
		struct pst_str rest = after(xml, PST_STR("?>"));

		if (means_utf8(declared_encoding(
			pst_str_first(xml, xml.len - rest.len))))
			xml = rest;
		else {
			result.xml = without_schema(arena, xml);
			return result;
		}
	}
	result.mended_octets = !pst_str_is_utf8(xml);
	if (result.mended_octets)
		xml = from_latin1(arena, xml);
	result.xml = without_schema(arena, xml);
	return result;
}

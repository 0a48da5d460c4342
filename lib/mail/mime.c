/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/mime.h"

#include <stdio.h>

#include "base/buf.h"
#include "mail/token.h"

/* RFC 2046 s. 5.1.1 allows 70. */
#define MAX_BOUNDARY 200
/* The most pieces of one parameter (RFC 2231 s. 3). */
#define MAX_PIECES 20
#define MAX_PARAMETERS 50

/* ---- lines and fields ---- */

/* Takes one line, with its end, off *rest. */
static struct pst_str
take_line(struct pst_str *rest)
{
	struct pst_str line =
	    pst_str_first(*rest, pst_str_find(*rest, '\n') + 1);

	*rest = pst_str_from(*rest, line.len);
	return line;
}

/* Returns line without LF or CRLF at its end. */
static struct pst_str
without_end(struct pst_str line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Takes the header, with the empty line after it, off *rest. */
static struct pst_str
take_header(struct pst_str *rest)
{
	struct pst_str header = *rest;

	while (rest->len > 0) {
		struct pst_str before = *rest;

		if (without_end(take_line(rest)).len == 0)
			return pst_str_first(header, header.len - before.len);
	}
	return header;
}

struct pst_str
pst_mime_header(struct pst_str message)
{
	return take_header(&message);
}

bool
pst_mime_next_field(
    struct pst_str *header, struct pst_str *name, struct pst_str *value)
{
	while (header->len > 0) {
		struct pst_str field = *header;
		size_t colon;

		do {
			(void)take_line(header);
		} while (header->len > 0 && pst_is_wsp(header->ptr[0]));
		field = pst_str_first(field, field.len - header->len);
		colon = pst_str_find(field, ':');
		*name = pst_str_trim(pst_str_first(field, colon));
		*value = without_end(pst_str_from(field, colon + 1));
		if (colon < field.len && pst_str_is_printable(*name) &&
		    pst_str_find(*name, ' ') == name->len)
			return true;
	}
	return false;
}

struct pst_str
pst_mime_unfold(struct pst_arena *arena, struct pst_str value)
{
	char *text;
	size_t len = 0;

	value = pst_str_first(value, PST_MIME_MAX_VALUE);
	text = pst_arena_alloc(arena, value.len + 1);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\r' && value.ptr[i] != '\n')
			text[len++] = value.ptr[i];
	return pst_str_trim((struct pst_str){text, len});
}

struct pst_str
pst_mime_field(struct pst_arena *arena, struct pst_str header, const char *name)
{
	struct pst_str found, value;

	while (pst_mime_next_field(&header, &found, &value))
		if (pst_str_ieq(found, pst_str(name)))
			return pst_mime_unfold(arena, value);
	return PST_STR("");
}

/* ---- parameters ---- */

static struct pst_str
lower(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = pst_lower(copy[i]);
	return (struct pst_str){copy, text.len};
}

/* Returns "type/subtype" in lower case, or the default (RFC 2045 s. 5.2). */
static const char *
type_of(struct pst_arena *arena, struct pst_str value)
{
	struct pst_scan scan = {value, 0};
	struct pst_str type, subtype;

	(void)pst_scan_cfws(&scan);
	if (!pst_scan_mime_token(&scan, &type) || !pst_scan_char(&scan, '/') ||
	    !pst_scan_mime_token(&scan, &subtype))
		return "text/plain";
	return pst_arena_printf(arena, "%.*s/%.*s",
	    PST_STR_ARG(lower(arena, type)),
	    PST_STR_ARG(lower(arena, subtype)));
}

/* Reads a value up to a blank or `;`: some lack the quotes that they need. */
static struct pst_str
scan_bare(struct pst_scan *scan)
{
	size_t from = scan->pos;

	while (scan->pos < scan->text.len && scan->text.ptr[scan->pos] != ';' &&
	    !pst_is_wsp(scan->text.ptr[scan->pos]))
		scan->pos++;
	return (struct pst_str){scan->text.ptr + from, scan->pos - from};
}

/* Reads the next "; name=value"; false at the end. */
static bool
next_parameter(struct pst_scan *scan, struct pst_arena *arena,
    struct pst_str *name, struct pst_str *value)
{
	while (!pst_scan_at_end(scan)) {
		struct pst_str rest = pst_str_from(scan->text, scan->pos);

		scan->pos += pst_str_find(rest, ';');
		if (!pst_scan_char(scan, ';'))
			return false;
		(void)pst_scan_cfws(scan);
		if (!pst_scan_mime_token(scan, name))
			continue;
		(void)pst_scan_cfws(scan);
		if (!pst_scan_char(scan, '='))
			continue;
		(void)pst_scan_cfws(scan);
		if (!pst_scan_quoted(scan, arena, value))
			*value = scan_bare(scan);
		return true;
	}
	return false;
}

static bool
find_parameter(struct pst_arena *arena, struct pst_str field,
    struct pst_str wanted, struct pst_str *value)
{
	struct pst_scan scan = {field, 0};
	struct pst_str name;

	for (size_t i = 0; i < MAX_PARAMETERS; i++) {
		if (!next_parameter(&scan, arena, &name, value))
			return false;
		if (pst_str_ieq(name, wanted))
			return true;
	}
	return false;
}

/* Returns the octet written as two digits at text.ptr[at]; -1 if none is. */
static int
hex_octet(struct pst_str text, size_t at)
{
	int high, low;

	if (at + 1 >= text.len)
		return -1;
	high = pst_hex_value(text.ptr[at]);
	low = pst_hex_value(text.ptr[at + 1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static void
add_percent_decoded(struct pst_buf *buf, struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		int octet = text.ptr[i] == '%' ? hex_octet(text, i + 1) : -1;

		if (octet < 0)
			pst_buf_add_char(buf, text.ptr[i]);
		else {
			pst_buf_add_char(buf, (char)octet);
			i += 2;
		}
	}
}

/* Returns text without the charset'language' in front. */
static struct pst_str
without_charset(struct pst_str text)
{
	struct pst_str rest = pst_str_from(text, pst_str_find(text, '\'') + 1);
	size_t second = pst_str_find(rest, '\'');

	return rest.len == 0 || second == rest.len ?
	    text :
	    pst_str_from(rest, second + 1);
}

/* Joins the values of name*0=, name*1*= and so on. */
static struct pst_str
join_pieces(struct pst_arena *arena, struct pst_str value, const char *name)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, PST_MIME_MAX_VALUE);
	for (int i = 0; i < MAX_PIECES; i++) {
		char *spelled = pst_arena_printf(arena, "%s*%d*", name, i);
		struct pst_str wanted = pst_str(spelled);
		struct pst_str piece;

		if (find_parameter(arena, value, wanted, &piece))
			add_percent_decoded(
			    &buf, i == 0 ? without_charset(piece) : piece);
		else if (find_parameter(arena, value,
			     pst_str_first(wanted, wanted.len - 1), &piece))
			pst_buf_add(&buf, piece);
		else
			break;
	}
	return pst_buf_slice(&buf);
}

struct pst_str
pst_mime_parameter(
    struct pst_arena *arena, struct pst_str value, const char *name)
{
	struct pst_str found;
	struct pst_buf buf;

	value = pst_str_first(value, PST_MIME_MAX_VALUE);
	if (find_parameter(arena, value, pst_str(name), &found))
		return found;
	if (!find_parameter(arena, value,
		pst_str(pst_arena_printf(arena, "%s*", name)), &found))
		return join_pieces(arena, value, name);
	pst_buf_init(&buf, arena, PST_MIME_MAX_VALUE);
	add_percent_decoded(&buf, without_charset(found));
	return pst_buf_slice(&buf);
}

/* ---- transfer encodings ---- */

/* Skips octets that are not in the base64 alphabet (RFC 2045 s. 6.8). */
static struct pst_str
decode_base64(struct pst_arena *arena, struct pst_str text)
{
	char *out = pst_arena_alloc(arena, text.len / 4 * 3 + 4);
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len && text.ptr[i] != '='; i++) {
		int value = pst_base64_value(text.ptr[i]);

		if (value < 0)
			continue;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out[len++] = (char)(bits >> have & 0xff);
	}
	return (struct pst_str){out, len};
}

/* Returns the length of a soft line break after its `=`; 0 if there is none. */
static size_t
soft_end(struct pst_str rest)
{
	size_t i = 0;

	while (i < rest.len && pst_is_wsp(rest.ptr[i]))
		i++;
	if (i < rest.len && rest.ptr[i] == '\r')
		i++;
	return i < rest.len && rest.ptr[i] == '\n' ? i + 1 : 0;
}

static struct pst_str
decode_quoted_printable(struct pst_arena *arena, struct pst_str text)
{
	char *out = pst_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		int octet;

		if (text.ptr[i] != '=') {
			out[len++] = text.ptr[i];
			continue;
		}
		octet = hex_octet(text, i + 1);
		if (octet >= 0) {
			out[len++] = (char)octet;
			i += 2;
			continue;
		}
		size_t skip = soft_end(pst_str_from(text, i + 1));
		if (skip == 0)
			out[len++] = '=';
		i += skip;
	}
	return (struct pst_str){out, len};
}

struct pst_str
pst_mime_decode(struct pst_arena *arena, const struct pst_mime_part *part)
{
	switch (part->encoding) {
	case PST_MIME_BASE64:
		return decode_base64(arena, part->body);
	case PST_MIME_QUOTED_PRINTABLE:
		return decode_quoted_printable(arena, part->body);
	case PST_MIME_AS_IS:
		break;
	}
	return part->body;
}

enum pst_mime_encoding
pst_mime_encoding(struct pst_str word)
{
	if (pst_str_ieq(word, PST_STR("base64")))
		return PST_MIME_BASE64;
	if (pst_str_ieq(word, PST_STR("quoted-printable")))
		return PST_MIME_QUOTED_PRINTABLE;
	return PST_MIME_AS_IS;
}

/* ---- the tree of parts ---- */

struct walk {
	struct pst_arena *arena;
	struct pst_mime *out;
	unsigned entities; /* parts and multiparts so far */
	struct pst_err *err;
};

static bool walk_entity(struct walk *walk, struct pst_str entity,
    unsigned depth, unsigned messages);

enum line_kind {
	LINE_TEXT,
	LINE_BETWEEN, /* --boundary */
	LINE_LAST,    /* --boundary-- */
};

static enum line_kind
kind_of_line(struct pst_str line, struct pst_str boundary)
{
	if (!pst_str_starts(line, PST_STR("--")))
		return LINE_TEXT;
	line = pst_str_from(line, 2);
	if (!pst_str_starts(line, boundary))
		return LINE_TEXT;
	line = pst_str_trim(pst_str_from(line, boundary.len));
	if (line.len == 0)
		return LINE_BETWEEN;
	return pst_str_eq(line, PST_STR("--")) ? LINE_LAST : LINE_TEXT;
}

/* The closing delimiter may be missing. */
static bool
walk_multipart(struct walk *walk, struct pst_str body, struct pst_str boundary,
    unsigned depth, unsigned messages)
{
	struct pst_str rest = body;
	size_t begin = body.len;
	bool inside = false;

	while (rest.len > 0) {
		size_t at = body.len - rest.len;
		enum line_kind kind = kind_of_line(take_line(&rest), boundary);

		if (kind == LINE_TEXT)
			continue;
		/* The line end before the delimiter belongs to it. */
		if (inside &&
		    !walk_entity(walk,
			without_end(pst_str_first(
			    pst_str_from(body, begin), at - begin)),
			depth + 1, messages))
			return false;
		if (kind == LINE_LAST)
			return true;
		inside = true;
		begin = body.len - rest.len;
	}
	return !inside ||
	    walk_entity(walk, pst_str_from(body, begin), depth + 1, messages);
}

/* The depth is bounded, and with it the recursion. */
static bool
walk_entity(
    struct walk *walk, struct pst_str entity, unsigned depth, unsigned messages)
{
	struct pst_mime_part part = {.messages = messages};
	struct pst_str value, boundary;

	if (depth > PST_MIME_MAX_DEPTH)
		return pst_err_set(walk->err,
		    "has MIME parts nested more than %d deep; save the "
		    "attached report to a file and name that file instead",
		    PST_MIME_MAX_DEPTH);
	if (walk->entities++ == PST_MIME_MAX_PARTS)
		return pst_err_set(walk->err,
		    "has more than %d MIME parts; save the attached report to "
		    "a file and name that file instead",
		    PST_MIME_MAX_PARTS);
	part.body = entity;
	part.header = take_header(&part.body);
	if (depth == 0)
		walk->out->header = part.header;
	value = pst_mime_field(walk->arena, part.header, "Content-Type");
	part.type = type_of(walk->arena, value);
	part.encoding = pst_mime_encoding(pst_mime_field(
	    walk->arena, part.header, "Content-Transfer-Encoding"));
	boundary = pst_mime_parameter(walk->arena, value, "boundary");
	if (pst_str_starts(pst_str(part.type), PST_STR("multipart/")) &&
	    boundary.len > 0 && boundary.len <= MAX_BOUNDARY)
		return walk_multipart(
		    walk, part.body, boundary, depth, messages);
	part.name = pst_mime_parameter(walk->arena,
	    pst_mime_field(walk->arena, part.header, "Content-Disposition"),
	    "filename");
	if (part.name.len == 0)
		part.name = pst_mime_parameter(walk->arena, value, "name");
	walk->out->parts[walk->out->count++] = part;
	if (strcmp(part.type, "message/rfc822") != 0 &&
	    strcmp(part.type, "message/global") != 0)
		return true;
	/* Decoding makes it shorter, and the depth is bounded. */
	return walk_entity(
	    walk, pst_mime_decode(walk->arena, &part), depth + 1, messages + 1);
}

bool
pst_mime_read(struct pst_arena *arena, struct pst_str message,
    struct pst_mime *out, struct pst_err *err)
{
	struct walk walk = {.arena = arena, .out = out, .err = err};

	*out = (struct pst_mime){
	    .parts = pst_arena_array(
		arena, PST_MIME_MAX_PARTS, sizeof(struct pst_mime_part))};
	return walk_entity(&walk, message, 0, 0);
}

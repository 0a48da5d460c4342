/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/token.h"

#include <assert.h>

static bool
is_8bit(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
is_atext(char c)
{
	return pst_is_alnum(c) || is_8bit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_mime_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/*
 * Returns the length of one blank or fold at pos; 0 if there is none. A fold is
 * LF or CRLF followed by a blank. Any other CR or LF is not white space; no
 * production accepts it, so it ends every parse.
 */
static size_t
blank_len(struct pst_str text, size_t pos)
{
	size_t len = 0;

	if (pos < text.len && text.ptr[pos] == '\r')
		len++;
	if (pos + len < text.len && text.ptr[pos + len] == '\n')
		len++;
	else if (len > 0)
		return 0;
	if (pos + len < text.len && pst_is_wsp(text.ptr[pos + len]))
		return len + 1;
	return 0;
}

/*
 * Returns the length of one piece inside a comment, quoted-string or literal: a
 * blank, a fold, a quoted-pair or one visible octet; 0 for an octet that is not
 * allowed there. The last octet of a piece is the one that it represents. There
 * must be an octet at pos.
 *
 * A quoted-pair may hold a control (obs-qp), but not NUL, at which software
 * cuts strings off, and not CR or LF, which would make a fold ambiguous.
 */
static size_t
piece_len(struct pst_str text, size_t pos)
{
	size_t blank = blank_len(text, pos);
	char c = text.ptr[pos];

	if (blank > 0)
		return blank;
	if (c != '\\')
		return is_control(c) ? 0 : 1;
	if (pos + 1 >= text.len)
		return 0;
	c = text.ptr[pos + 1];
	return c == '\0' || c == '\r' || c == '\n' ? 0 : 2;
}

static void
skip_blanks(struct pst_scan *scan)
{
	size_t len;

	while ((len = blank_len(scan->text, scan->pos)) > 0)
		scan->pos += len;
}

static bool
next_is(const struct pst_scan *scan, char c)
{
	return scan->pos < scan->text.len && scan->text.ptr[scan->pos] == c;
}

static struct pst_str
span(const struct pst_scan *scan, size_t from, size_t to)
{
	assert(from <= to && to <= scan->text.len);
	return pst_str_first(pst_str_from(scan->text, from), to - from);
}

bool
pst_scan_at_end(const struct pst_scan *scan)
{
	return scan->pos >= scan->text.len;
}

bool
pst_scan_char(struct pst_scan *scan, char c)
{
	if (!next_is(scan, c))
		return false;
	scan->pos++;
	return true;
}

static bool
skip_comment(struct pst_scan *scan)
{
	size_t pos = scan->pos;
	unsigned depth = 0;

	do {
		size_t len = 1;

		if (pos >= scan->text.len)
			return false;
		if (scan->text.ptr[pos] == '(')
			depth++;
		else if (scan->text.ptr[pos] == ')')
			depth--;
		else
			len = piece_len(scan->text, pos);
		if (len == 0 || depth > PST_COMMENT_DEPTH)
			return false;
		pos += len;
	} while (depth > 0);
	scan->pos = pos;
	return true;
}

bool
pst_scan_cfws(struct pst_scan *scan)
{
	size_t start = scan->pos;

	for (;;) {
		skip_blanks(scan);
		if (!next_is(scan, '('))
			return true;
		if (!skip_comment(scan)) {
			scan->pos = start;
			return false;
		}
	}
}

static bool
scan_run(struct pst_scan *scan, bool (*is_member)(char c), struct pst_str *out)
{
	size_t pos = scan->pos;

	while (pos < scan->text.len && is_member(scan->text.ptr[pos]))
		pos++;
	if (pos == scan->pos)
		return false;
	*out = span(scan, scan->pos, pos);
	scan->pos = pos;
	return true;
}

bool
pst_scan_atom(struct pst_scan *scan, struct pst_str *out)
{
	return scan_run(scan, is_atext, out);
}

bool
pst_scan_mime_token(struct pst_scan *scan, struct pst_str *out)
{
	return scan_run(scan, is_mime_token, out);
}

bool
pst_scan_quoted(
    struct pst_scan *scan, struct pst_arena *arena, struct pst_str *out)
{
	struct pst_str text = scan->text;
	size_t count = 0, end = scan->pos + 1, pos;
	char *content;

	if (!next_is(scan, '"'))
		return false;
	while (end < text.len && text.ptr[end] != '"') {
		size_t len = piece_len(text, end);

		if (len == 0)
			return false;
		end += len;
		count++;
	}
	if (end >= text.len)
		return false;

	content = pst_arena_alloc(arena, count + 1);
	*out = (struct pst_str){content, count};
	for (pos = scan->pos + 1; pos < end; content++) {
		pos += piece_len(text, pos);
		*content = text.ptr[pos - 1];
	}
	scan->pos = end + 1;
	return true;
}

bool
pst_scan_literal(struct pst_scan *scan, struct pst_str *out)
{
	struct pst_str text = scan->text;
	size_t end = scan->pos + 1;

	if (!next_is(scan, '['))
		return false;
	while (end < text.len && text.ptr[end] != ']') {
		size_t len = piece_len(text, end);

		if (len == 0 || text.ptr[end] == '[')
			return false;
		end += len;
	}
	if (end >= text.len)
		return false;
	*out = span(scan, scan->pos + 1, end);
	scan->pos = end + 1;
	return true;
}

static bool
is_tag_name(char c)
{
	return pst_is_alnum(c) || c == '_';
}

static bool
scan_tag_value(struct pst_scan *scan, bool allow_8bit, struct pst_str *out)
{
	struct pst_str text = scan->text;
	size_t start, end;

	skip_blanks(scan);
	start = end = scan->pos;
	while (scan->pos < text.len && text.ptr[scan->pos] != ';') {
		char c = text.ptr[scan->pos];
		size_t blank = blank_len(text, scan->pos);

		if (blank > 0) {
			scan->pos += blank;
			continue;
		}
		if (is_control(c) || (is_8bit(c) && !allow_8bit))
			return false;
		end = ++scan->pos;
	}
	*out = span(scan, start, end);
	return true;
}

static bool
scan_tag(struct pst_scan *scan, bool allow_8bit, struct pst_tag *out)
{
	skip_blanks(scan);
	if (!scan_run(scan, is_tag_name, &out->name) ||
	    !pst_is_alpha(out->name.ptr[0]))
		return false;
	skip_blanks(scan);
	return pst_scan_char(scan, '=') &&
	    scan_tag_value(scan, allow_8bit, &out->value);
}

static const struct pst_tag *
find_tag(const struct pst_tag_list *list, struct pst_str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (pst_str_eq(list->tags[i].name, name))
			return &list->tags[i];
	return NULL;
}

/* Reads to the end; list->tags has room for all tags, up to max_tags. */
static enum pst_tag_status
scan_tags(struct pst_scan *scan, size_t max_tags, bool allow_8bit,
    struct pst_tag_list *list)
{
	do {
		struct pst_tag tag;

		if (!scan_tag(scan, allow_8bit, &tag))
			return PST_TAGS_SYNTAX;
		if (list->count == max_tags)
			return PST_TAGS_TOO_MANY;
		if (find_tag(list, tag.name) != NULL)
			return PST_TAGS_DUPLICATE;
		list->tags[list->count++] = tag;
		/* the value ended at a semicolon or at the end */
		if (pst_scan_char(scan, ';'))
			skip_blanks(scan);
	} while (!pst_scan_at_end(scan));
	return PST_TAGS_OK;
}

enum pst_tag_status
pst_tag_list_parse(struct pst_arena *arena, struct pst_str text,
    size_t max_tags, bool allow_8bit, struct pst_tag_list *out)
{
	struct pst_scan scan = {text, 0};
	enum pst_tag_status status;
	size_t room = 1;

	for (size_t i = 0; i < text.len && room < max_tags; i++)
		if (text.ptr[i] == ';')
			room++;
	*out = (struct pst_tag_list){
	    pst_arena_array(arena, room, sizeof(*out->tags)), 0};

	status = scan_tags(&scan, max_tags, allow_8bit, out);
	/* after TOO_MANY the first max_tags are kept, for R-DMARC-19 */
	if (status == PST_TAGS_SYNTAX || status == PST_TAGS_DUPLICATE)
		out->count = 0;
	return status;
}

const struct pst_tag *
pst_tag_find(const struct pst_tag_list *list, const char *name)
{
	return find_tag(list, pst_str(name));
}

struct pst_str
pst_tag_squeeze(struct pst_arena *arena, struct pst_str value)
{
	char *copy = pst_arena_alloc(arena, value.len + 1);
	struct pst_str out = {copy, 0};

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (!pst_is_wsp(c) && c != '\r' && c != '\n')
			copy[out.len++] = c;
	}
	return out;
}

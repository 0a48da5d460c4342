/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/authres.h"

#include <assert.h>

#include "base/domain.h"
#include "mail/token.h"

#define FIELD_NAME_LEN (sizeof("Authentication-Results:") - 1)
#define FOLD_COLUMN 78
#define TAB_COLUMNS 8
/* A word must fit on a line with a TAB before and a semicolon after it. */
#define WORD_MAX (998 - 3)

static bool
is_mime_token(struct pst_str s)
{
	struct pst_scan scan = {s, 0};
	struct pst_str token;

	return pst_scan_mime_token(&scan, &token) && pst_scan_at_end(&scan);
}

/* Whether local is a dot-atom of octets that a MIME token may hold too. */
static bool
is_plain_local_part(struct pst_str local)
{
	struct pst_str atom;
	bool more = true;

	if (!is_mime_token(local))
		return false;
	while (pst_str_split(&local, '.', &atom, &more))
		if (atom.len == 0)
			return false;
	return true;
}

/* Whether s is "local@domain" or "@domain" (RFC 8601 s. 2.2, pvalue). */
static bool
is_plain_address(struct pst_str s)
{
	size_t at = pst_str_rfind(s, '@');

	if (at == s.len || !pst_domain_is_ldh(pst_str_from(s, at + 1)))
		return false;
	return at == 0 || is_plain_local_part(pst_str_first(s, at));
}

/* Whether s holds a C0 control, DEL, or a C1 control in UTF-8. */
static bool
has_control(struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.len &&
		    (unsigned char)s.ptr[i + 1] < 0xa0)
			return true;
	}
	return false;
}

/*
 * Every value gets into a field through this function. Only a property's value
 * may be an address without quotes. False if the value must not be written.
 */
static bool
add_value(struct pst_buf *buf, struct pst_str value, bool address_ok)
{
	if (!pst_str_is_utf8(value) || has_control(value))
		return false;
	if (is_mime_token(value) || (address_ok && is_plain_address(value))) {
		pst_buf_add(buf, value);
		return true;
	}
	pst_buf_add_char(buf, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			pst_buf_add_char(buf, '\\');
		pst_buf_add_char(buf, value.ptr[i]);
	}
	pst_buf_add_char(buf, '"');
	return true;
}

static void
fold(struct pst_authres *ar)
{
	pst_buf_add_text(&ar->buf, "\n\t");
	ar->line_len = TAB_COLUMNS;
}

/* Adds a word after a blank or a fold; leaves a column for a semicolon. */
static void
add_word(struct pst_authres *ar, struct pst_str word)
{
	if (ar->line_len + 1 + word.len + 1 > FOLD_COLUMN) {
		fold(ar);
	} else {
		pst_buf_add_char(&ar->buf, ' ');
		ar->line_len++;
	}
	pst_buf_add(&ar->buf, word);
	ar->line_len += word.len;
}

/* Adds " name=value", unless the value cannot be written. */
static void
add_pair(struct pst_authres *ar, const char *name, struct pst_str value,
    bool address_ok)
{
	struct pst_buf word;

	pst_buf_init(&word, ar->buf.arena, WORD_MAX);
	pst_buf_add_text(&word, name);
	pst_buf_add_char(&word, '=');
	if (add_value(&word, value, address_ok) && !pst_buf_overflowed(&word))
		add_word(ar, pst_buf_slice(&word));
}

void
pst_authres_begin(
    struct pst_authres *ar, struct pst_arena *arena, struct pst_str authserv_id)
{
	struct pst_buf word;

	*ar = (struct pst_authres){.line_len = FIELD_NAME_LEN};
	pst_buf_init(&ar->buf, arena, PST_AUTHRES_MAX);
	pst_buf_init(&word, arena, WORD_MAX - FIELD_NAME_LEN);
	if (authserv_id.len == 0 || !add_value(&word, authserv_id, false) ||
	    pst_buf_overflowed(&word)) {
		ar->buf.overflow = true;
		return;
	}
	/* No fold here: a first line with only a blank is obsolete syntax. */
	pst_buf_add_char(&ar->buf, ' ');
	pst_buf_add(&ar->buf, pst_buf_slice(&word));
	ar->line_len += 1 + word.len;
}

static bool
is_comment_text(const char *text)
{
	return pst_str_is_printable(pst_str(text)) &&
	    strpbrk(text, "()\\") == NULL;
}

void
pst_authres_method(struct pst_authres *ar, const char *method,
    const char *result, const char *reason, const char *comment)
{
	pst_buf_add_char(&ar->buf, ';');
	fold(ar);
	size_t before = ar->buf.len;
	pst_buf_printf(&ar->buf, "%s=%s", method, result);
	ar->line_len += ar->buf.len - before;
	ar->any_method = true;
	if (reason != NULL)
		add_pair(ar, "reason", pst_str(reason), false);
	if (comment != NULL) {
		assert(is_comment_text(comment));
		add_word(ar,
		    pst_str(pst_arena_printf(ar->buf.arena, "(%s)", comment)));
	}
}

void
pst_authres_comment(struct pst_authres *ar, const char *text)
{
	struct pst_str rest, word;
	struct pst_buf quoted;
	bool more = true;

	pst_buf_init(&quoted, ar->buf.arena, WORD_MAX);
	pst_buf_add_char(&quoted, '(');
	for (; *text != '\0'; text++) {
		if (*text == '(' || *text == ')' || *text == '\\')
			pst_buf_add_char(&quoted, '\\');
		pst_buf_add_char(
		    &quoted, *text >= ' ' && *text <= '~' ? *text : '?');
	}
	pst_buf_add_char(&quoted, ')');
	if (pst_buf_overflowed(&quoted))
		return;
	rest = pst_buf_slice(&quoted);
	while (pst_str_split(&rest, ' ', &word, &more)) {
		if (word.len > 0)
			add_word(ar, word);
	}
}

void
pst_authres_remark(struct pst_authres *ar)
{
	if (ar->remark != NULL)
		pst_authres_comment(ar, ar->remark);
}

void
pst_authres_prop(struct pst_authres *ar, const char *ptype,
    const char *property, struct pst_str value)
{
	assert(ar->any_method);
	add_pair(ar, pst_arena_printf(ar->buf.arena, "%s.%s", ptype, property),
	    value, true);
}

size_t
pst_authres_len(const struct pst_authres *ar)
{
	return ar->buf.len;
}

char *
pst_authres_end(struct pst_authres *ar)
{
	if (!ar->any_method) {
		pst_buf_add_char(&ar->buf, ';');
		add_word(ar, PST_STR("none"));
	}
	return pst_buf_str(&ar->buf);
}

/*
 * Whether s holds a control that is neither a TAB nor the CRLF or LF of a fold.
 * Readers differ in what they make of one, so the field may have our id for
 * another reader.
 */
static bool
has_odd_control(struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		char next = i + 1 < s.len ? s.ptr[i + 1] : '\0';

		if (c == '\t' || (c == '\r' && next == '\n') ||
		    (c == '\n' && pst_is_wsp(next)))
			continue;
		if (c == 0xc2 && ((unsigned char)next & 0xe0) == 0x80)
			return true;
		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

/* A quoted id without a fold inside: some readers drop the blank, others not. */
static bool
scan_quoted_id(
    struct pst_scan *scan, struct pst_arena *arena, struct pst_str *out)
{
	size_t from = scan->pos;

	if (!pst_scan_quoted(scan, arena, out))
		return false;
	if (memchr(scan->text.ptr + from, '\n', scan->pos - from) == NULL)
		return true;
	scan->pos = from;
	return false;
}

/* Reads a MIME token that may hold 8-bit octets too (RFC 8601 s. 2.5). */
static bool
scan_token_8bit(struct pst_scan *scan, struct pst_str *out)
{
	const struct pst_str text = scan->text;
	size_t from = scan->pos;
	struct pst_str part;

	while (!pst_scan_at_end(scan)) {
		if (pst_scan_mime_token(scan, &part))
			continue;
		if (((unsigned char)text.ptr[scan->pos] & 0x80) == 0)
			break;
		scan->pos++;
	}
	*out = pst_str_from(pst_str_first(text, scan->pos), from);
	return scan->pos > from;
}

/*
 * Returns the id in the form in which ids are compared; NULL if it has none.
 * Blanks just inside the quotes are dropped, because a later reader of the
 * field may drop them too.
 */
static const char *
normal_id(struct pst_arena *arena, struct pst_str raw)
{
	raw = pst_str_trim(raw);
	const char *domain = pst_domain_normalize(arena, raw);

	if (domain != NULL)
		return domain;
	/* An id need not be a domain name: "host/job" is in use. */
	if (!pst_str_is_printable(raw))
		return NULL;
	char *id = pst_arena_memdup(arena, raw.ptr, raw.len);
	for (size_t i = 0; i < raw.len; i++)
		id[i] = pst_lower(id[i]);
	return id;
}

/* Reads the version after the id; it is 1 if absent (RFC 8601 s. 2.2). */
static enum pst_authres_id
scan_version(struct pst_scan *scan)
{
	struct pst_str token;
	uint64_t version;

	if (!pst_scan_mime_token(scan, &token))
		return PST_AUTHRES_ID_OK;
	for (size_t i = 0; i < token.len; i++)
		if (!pst_is_digit(token.ptr[i]))
			return PST_AUTHRES_ID_MALFORMED;
	if (pst_str_to_u64(token, UINT64_MAX, &version) && version == 1)
		return PST_AUTHRES_ID_OK;
	return PST_AUTHRES_ID_VERSION;
}

enum pst_authres_id
pst_authres_read_id(
    struct pst_arena *arena, struct pst_str value, const char **out)
{
	struct pst_scan scan = {value, 0};
	struct pst_str raw;

	*out = NULL;
	if (has_odd_control(value) || !pst_scan_cfws(&scan) ||
	    (!scan_quoted_id(&scan, arena, &raw) &&
		!scan_token_8bit(&scan, &raw)))
		return PST_AUTHRES_ID_MALFORMED;
	if (!pst_scan_cfws(&scan))
		return PST_AUTHRES_ID_MALFORMED;
	enum pst_authres_id answer = scan_version(&scan);
	if (answer == PST_AUTHRES_ID_MALFORMED || !pst_scan_cfws(&scan) ||
	    (!pst_scan_at_end(&scan) && !pst_scan_char(&scan, ';')))
		return PST_AUTHRES_ID_MALFORMED;
	const char *id = normal_id(arena, raw);
	if (id == NULL)
		return PST_AUTHRES_ID_MALFORMED;
	*out = id;
	return answer;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/display_name.h"

#include "base/buf.h"
#include "base/domain.h"
#include "base/fold.h"
#include "base/macros.h"
#include "mail/encoded_word.h"

struct reader {
	struct pst_arena *arena;
	struct pst_str value;
	size_t at;
	struct pst_buf phrase; /* of the mailbox so far, as it is written */
	size_t octets;         /* of the names */
	bool in_angle;
	bool had_angle; /* in this mailbox */
	struct pst_display_names *out;
};

static void
add_name(struct reader *r, struct pst_str text)
{
	struct pst_display_names *out = r->out;
	struct pst_str name;

	r->out->cut |= text.len > PST_FOLD_MAX;
	name = pst_fold(r->arena,
	    pst_encoded_words_decode(
		r->arena, pst_str_first(text, PST_FOLD_MAX)));
	if (name.len == 0)
		return;
	if (out->count == PST_DISPLAY_MAX_NAMES ||
	    name.len > PST_DISPLAY_MAX_BYTES - r->octets) {
		out->cut = true;
		return;
	}
	r->octets += name.len;
	out->names[out->count++] = name.ptr;
}

static void
end_phrase(struct reader *r)
{
	r->out->cut |= pst_buf_overflowed(&r->phrase);
	add_name(r, pst_buf_slice(&r->phrase));
	pst_buf_reset(&r->phrase);
}

/* An address alone is not a name, unless something else is with it. */
static bool
is_bare_address(struct pst_str text)
{
	text = pst_str_trim(text);
	return pst_str_find(text, '@') < text.len &&
	    pst_str_find(text, ' ') == text.len &&
	    pst_str_find(text, '\t') == text.len &&
	    pst_str_find(text, '\n') == text.len;
}

static void
end_mailbox(struct reader *r)
{
	if (!r->had_angle && is_bare_address(pst_buf_slice(&r->phrase)) &&
	    !pst_buf_overflowed(&r->phrase))
		pst_buf_reset(&r->phrase);
	else
		end_phrase(r);
	r->in_angle = r->had_angle = false;
}

/* Copies an octet, or the one after a backslash; returns how many it took. */
static size_t
take_octet(struct reader *r, struct pst_buf *to)
{
	size_t used = 1;

	if (r->value.ptr[r->at] == '\\' && r->at + 1 < r->value.len)
		used = 2;
	pst_buf_add_char(to, r->value.ptr[r->at + used - 1]);
	return used;
}

/* A local part that is quoted can show an address of somebody else. */
static void
read_quoted(struct reader *r)
{
	struct pst_buf content;

	pst_buf_init(&content, r->arena, PST_FOLD_MAX);
	r->at++;
	while (r->at < r->value.len && r->value.ptr[r->at] != '"')
		r->at += take_octet(r, &content);
	r->at++;
	r->out->cut |= pst_buf_overflowed(&content);
	if (r->in_angle || (r->at < r->value.len && r->value.ptr[r->at] == '@'))
		add_name(r, pst_buf_slice(&content));
	if (!r->in_angle)
		pst_buf_add(&r->phrase, pst_buf_slice(&content));
}

/* In "x@y (Name)", the comment is the name. */
static void
read_comment(struct reader *r)
{
	struct pst_buf content;
	size_t depth = 1;

	pst_buf_init(&content, r->arena, PST_FOLD_MAX);
	r->at++;
	while (r->at < r->value.len) {
		char c = r->value.ptr[r->at];

		if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
		r->at += take_octet(r, &content);
	}
	r->at++;
	r->out->cut |= pst_buf_overflowed(&content);
	add_name(r, pst_buf_slice(&content));
	if (!r->in_angle)
		pst_buf_add_char(&r->phrase, ' ');
}

static void
read_angle(struct reader *r)
{
	end_phrase(r);
	r->in_angle = r->had_angle = true;
	r->at++;
}

/* All that has no meaning of its own. */
static void
read_text(struct reader *r)
{
	struct pst_str rest = pst_str_from(r->value, r->at);
	size_t len = pst_encoded_word_len(rest);

	if (len == 0)
		len = 1;
	if (!r->in_angle)
		pst_buf_add(&r->phrase, pst_str_first(rest, len));
	r->at += len;
}

void
pst_display_names_read(struct pst_arena *arena, struct pst_str value,
    struct pst_display_names *out)
{
	struct reader r = {.arena = arena, .value = value, .out = out};

	for (size_t i = 0; i < out->count; i++)
		r.octets += strlen(out->names[i]);
	pst_buf_init(&r.phrase, arena, PST_FOLD_MAX);
	while (r.at < value.len) {
		switch (value.ptr[r.at]) {
		case '"':
			read_quoted(&r);
			break;
		case '(':
			read_comment(&r);
			break;
		case '<':
			read_angle(&r);
			break;
		case '>':
			r.in_angle = false;
			r.at++;
			break;
		case ',':
		case ';':
			end_mailbox(&r);
			r.at++;
			break;
		case ':':
			if (!r.in_angle)
				end_phrase(&r);
			r.at++;
			break;
		default:
			read_text(&r);
		}
	}
	end_mailbox(&r);
}

/* ---- what is after an at sign ---- */

/* The octets of an at sign at the beginning of text; 0: there is none. */
static size_t
at_sign(struct pst_str text)
{
	static const char *const signs[] = {
	    "@", "\xef\xbc\xa0" /* U+FF20 */, "\xef\xb9\xab" /* U+FE6B */};

	for (size_t i = 0; i < PST_COUNT(signs); i++) {
		if (pst_str_starts(text, pst_str(signs[i])))
			return strlen(signs[i]);
	}
	return 0;
}

static bool
is_name_char(char c)
{
	return pst_is_alnum(c) || c == '-' || c == '_' ||
	    ((unsigned char)c & 0x80) != 0;
}

/* Blanks and comments, as far as they are closed. */
static size_t
skip(struct pst_str text)
{
	size_t i = 0, depth = 0, end = 0;

	for (; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (c == '\\' && depth > 0) {
			i++;
		} else if (depth == 0 && !pst_is_wsp(c) && c != '\n' &&
		    c != '\r') {
			break;
		}
		if (depth == 0)
			end = i + 1;
	}
	return end < text.len ? end : text.len;
}

#define MAX_TEXT 512

struct visiting {
	struct pst_arena *arena;
	bool (*visit)(void *arg, const char *domain);
	void *arg;
};

static bool
visit_name(const struct visiting *v, struct pst_str text)
{
	const char *domain;

	while (text.len > 0 &&
	    (text.ptr[text.len - 1] == '.' || text.ptr[text.len - 1] == '-'))
		text.len--;
	domain = pst_domain_normalize(v->arena, text);
	return domain != NULL && v->visit(v->arg, domain);
}

/* Something else may follow directly, such as a quotation mark. */
static bool
visit_readings(const struct visiting *v, struct pst_str text)
{
	size_t len = 0;

	while (len < text.len &&
	    (pst_is_alnum(text.ptr[len]) || text.ptr[len] == '.' ||
		text.ptr[len] == '-'))
		len++;
	return visit_name(v, text) ||
	    (len < text.len && visit_name(v, pst_str_first(text, len)));
}

/* Takes what is skipped off the text; returns whether there was any. */
static bool
take_gap(struct pst_str *text)
{
	size_t gap = skip(*text);

	*text = pst_str_from(*text, gap);
	return gap > 0;
}

/* Visits each reading of the domain at the beginning of text. */
static bool
visit_at(const struct visiting *v, struct pst_str text)
{
	struct pst_buf joined;
	bool more = true;

	pst_buf_init(&joined, v->arena, MAX_TEXT);
	(void)take_gap(&text);
	text = pst_str_first(text, MAX_TEXT);
	while (more) {
		size_t len = 0;
		bool gap;

		while (len < text.len && is_name_char(text.ptr[len]))
			len++;
		pst_buf_add(&joined, pst_str_first(text, len));
		text = pst_str_from(text, len);
		gap = take_gap(&text);
		more = len > 0 && text.len > 0 && text.ptr[0] == '.';
		if (more) {
			pst_buf_add_char(&joined, '.');
			text = pst_str_from(text, 1);
			gap |= take_gap(&text);
		}
		if ((gap || !more) && visit_readings(v, pst_buf_slice(&joined)))
			return true;
	}
	return false;
}

bool
pst_display_visit_domains(struct pst_arena *arena, struct pst_str text,
    bool (*visit)(void *arg, const char *domain), void *arg)
{
	const struct visiting v = {arena, visit, arg};
	unsigned count = 0;

	for (size_t i = 0; i < text.len;) {
		size_t len = at_sign(pst_str_from(text, i));

		if (len == 0) {
			i++;
			continue;
		}
		i += len;
		if (++count > PST_DISPLAY_MAX_AT ||
		    visit_at(&v, pst_str_from(text, i)))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/encoded_word.h"

#include "base/buf.h"
#include "mail/charset.h"

#define MAX_CHARSET 64

struct word {
	struct pst_str charset;
	char encoding; /* 'q' or 'b' */
	struct pst_str text;
	size_t len; /* of all */
};

static bool
read_word(struct pst_str text, struct word *out)
{
	size_t at = 2, end;

	if (!pst_str_starts(text, PST_STR("=?")))
		return false;
	end = pst_str_find(
	    pst_str_first(pst_str_from(text, at), MAX_CHARSET + 1), '?');
	if (end == 0 || end > MAX_CHARSET || at + end + 3 > text.len)
		return false;
	out->charset = pst_str_first(pst_str_from(text, at), end);
	at += end + 1;
	out->encoding = pst_lower(text.ptr[at]);
	if ((out->encoding != 'q' && out->encoding != 'b') ||
	    text.ptr[at + 1] != '?')
		return false;
	at += 2;
	/* Readers accept blanks, although the grammar does not. */
	for (end = at; end < text.len && text.ptr[end] != '?'; end++)
		continue;
	if (end + 1 >= text.len || text.ptr[end + 1] != '=')
		return false;
	out->text = (struct pst_str){text.ptr + at, end - at};
	out->len = end + 2;
	return true;
}

size_t
pst_encoded_word_len(struct pst_str text)
{
	struct word word;

	return read_word(text, &word) ? word.len : 0;
}

static void
add_q(struct pst_buf *buf, struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int high = -1, low = -1;

		if (c == '=' && i + 2 < text.len) {
			high = pst_hex_value(text.ptr[i + 1]);
			low = pst_hex_value(text.ptr[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			pst_buf_add_char(buf, (char)(high * 16 + low));
			i += 2;
		} else {
			pst_buf_add_char(buf, c == '_' ? ' ' : c);
		}
	}
}

static void
add_b(struct pst_buf *buf, struct pst_str text)
{
	unsigned bits = 0, count = 0;

	for (size_t i = 0; i < text.len; i++) {
		int value = pst_base64_value(text.ptr[i]);

		if (value < 0)
			continue;
		bits = (bits << 6 | (unsigned)value) & 0xffffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		pst_buf_add_char(buf, (char)(bits >> count & 0xff));
	}
}

static size_t
blanks_at(struct pst_str text)
{
	size_t n = 0;

	while (n < text.len &&
	    (pst_is_wsp(text.ptr[n]) || text.ptr[n] == '\n' ||
		text.ptr[n] == '\r'))
		n++;
	return n;
}

/* Takes words of one character set off the text; returns their octets. */
static struct pst_str
take_run(
    struct pst_arena *arena, struct pst_str *rest, const struct word *first)
{
	struct word word = *first;
	struct pst_buf octets;

	pst_buf_init(&octets, arena, rest->len);
	for (;;) {
		size_t blanks;

		(word.encoding == 'q' ? add_q : add_b)(&octets, word.text);
		*rest = pst_str_from(*rest, word.len);
		blanks = blanks_at(*rest);
		if (!read_word(pst_str_from(*rest, blanks), &word))
			break;
		*rest = pst_str_from(*rest, blanks);
		if (!pst_str_ieq(word.charset, first->charset))
			break;
	}
	return pst_charset_to_utf8(
	    arena, first->charset, pst_buf_slice(&octets));
}

struct pst_str
pst_encoded_words_decode(struct pst_arena *arena, struct pst_str text)
{
	struct pst_str rest = text;
	struct word word;
	struct pst_buf buf;
	bool any = false;

	pst_buf_init(&buf, arena, 3 * text.len + 1);
	while (rest.len > 0) {
		size_t len = pst_str_find(rest, '=');

		pst_buf_add(&buf, pst_str_first(rest, len));
		rest = pst_str_from(rest, len);
		if (read_word(rest, &word)) {
			any = true;
			pst_buf_add(&buf, take_run(arena, &rest, &word));
		} else if (rest.len > 0) {
			pst_buf_add_char(&buf, '=');
			rest = pst_str_from(rest, 1);
		}
	}
	return any ? pst_buf_slice(&buf) : text;
}

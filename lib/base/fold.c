/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/buf.h"

/* NFKC makes up to 11 times as many octets, and case folding 3 times. */
#define MAX_FOLDED (PST_FOLD_MAX * 33)
#define MAX_UTF8 4

static void
add_char(struct pst_buf *buf, ucs4_t c)
{
	uint8_t octets[MAX_UTF8];
	int len = u8_uctomb(octets, c, sizeof(octets));

	if (len > 0)
		pst_buf_add(
		    buf, (struct pst_str){(const char *)octets, (size_t)len});
}

/* What windows-1252 has at 0x80 to 0x9f; 0: nothing, so it stays a control. */
static const uint16_t latin[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026,
    0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122,
    0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

struct pst_str
pst_fold_latin(struct pst_arena *arena, struct pst_str octets)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 3 * octets.len);
	for (size_t i = 0; i < octets.len; i++) {
		unsigned char c = (unsigned char)octets.ptr[i];

		add_char(&buf,
		    c >= 0x80 && c < 0xa0 && latin[c - 0x80] != 0 ?
			latin[c - 0x80] :
			c);
	}
	return pst_buf_slice(&buf);
}

static bool
is_blank(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    uc_is_property_white_space(c);
}

/* Adds valid UTF-8 without what is not shown; blanks become one space. */
static void
add_shown(struct pst_buf *buf, const uint8_t *text, size_t len)
{
	bool blank = false;

	for (size_t i = 0; i < len;) {
		ucs4_t c;
		int used = u8_mbtouc(&c, text + i, len - i);

		i += (size_t)used;
		if (uc_is_property_default_ignorable_code_point(c))
			continue;
		if (is_blank(c)) {
			blank = true;
			continue;
		}
		if (blank && buf->len > 0)
			pst_buf_add_char(buf, ' ');
		blank = false;
		add_char(buf, c);
	}
}

/* Most names are ASCII, which needs no library. */
static struct pst_str
fold_ascii(struct pst_arena *arena, struct pst_str text)
{
	char *out = pst_arena_room(arena, text.len + 1);
	size_t len = 0;
	bool blank = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c <= ' ' || c == 0x7f) {
			blank = true;
			continue;
		}
		if (blank && len > 0)
			out[len++] = ' ';
		blank = false;
		out[len++] = pst_lower(c);
	}
	out[len] = '\0';
	return (struct pst_str){out, len};
}

struct pst_str
pst_fold(struct pst_arena *arena, struct pst_str text)
{
	struct pst_buf shown, folded;
	uint8_t *octets;
	size_t len = 0;

	text = pst_str_first(text, PST_FOLD_MAX);
	if (pst_str_is_ascii(text))
		return fold_ascii(arena, text);
	if (!pst_str_is_utf8(text))
		text = pst_fold_latin(arena, text);
	pst_buf_init(&shown, arena, text.len + 1);
	add_shown(&shown, (const uint8_t *)text.ptr, text.len);
	if (shown.len == 0)
		return PST_STR("");
	octets = u8_casefold((const uint8_t *)shown.ptr, shown.len, NULL,
	    UNINORM_NFKC, NULL, &len);
	if (octets == NULL)
		abort();
	pst_buf_init(&folded, arena, MAX_FOLDED);
	/* The compatible form of some characters has a blank. */
	add_shown(&folded, octets, len);
	free(octets);
	text = pst_buf_slice(&folded);
	return (struct pst_str){
	    pst_arena_memdup(arena, text.ptr, text.len), text.len};
}

struct pst_str
pst_fold_words(struct pst_arena *arena, struct pst_str folded)
{
	const uint8_t *text = (const uint8_t *)folded.ptr;
	const uint32_t mask =
	    UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N;
	struct pst_buf buf;
	bool gap = false;

	pst_buf_init(&buf, arena, folded.len + 1);
	for (size_t i = 0; i < folded.len;) {
		ucs4_t c;
		int used = u8_mbtouc(&c, text + i, folded.len - i);

		if (c < 0x80 ? pst_is_alnum((char)c) :
			       uc_is_general_category_withtable(c, mask)) {
			if (gap && buf.len > 0)
				pst_buf_add_char(&buf, ' ');
			gap = false;
			pst_buf_add(&buf,
			    pst_str_first(
				pst_str_from(folded, i), (size_t)used));
		} else {
			gap = true;
		}
		i += (size_t)used;
	}
	folded = pst_buf_slice(&buf);
	return (struct pst_str){
	    pst_arena_memdup(arena, folded.ptr, folded.len), folded.len};
}

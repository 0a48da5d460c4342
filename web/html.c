/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/html.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/macros.h"

/* The longest page; everything on it is bounded on its own, too. */
#define MAX_PAGE ((size_t)16 * 1024 * 1024)

/* Characters that are not shown, or that move what is around them. */
static const struct {
	uint32_t first, last;
} unseen[] = {
    {0x0000, 0x001f},    /* controls */
    {0x007f, 0x009f},    /* delete, and more controls */
    {0x00ad, 0x00ad},    /* soft hyphen */
    {0x034f, 0x034f},    /* grapheme joiner */
    {0x061c, 0x061c},    /* direction */
    {0x115f, 0x1160},    /* Hangul fillers */
    {0x17b4, 0x17b5},    /* Khmer vowels that are not shown */
    {0x180b, 0x180f},    /* Mongolian selectors */
    {0x200b, 0x200f},    /* zero width, direction */
    {0x2028, 0x202e},    /* lines, direction */
    {0x2060, 0x206f},    /* joiners, direction */
    {0x2800, 0x2800},    /* an empty Braille cell */
    {0x3164, 0x3164},    /* Hangul filler */
    {0xd800, 0xf8ff},    /* surrogates, private use */
    {0xfe00, 0xfe0f},    /* selectors */
    {0xfeff, 0xfeff},    /* byte order mark */
    {0xffa0, 0xffa0},    /* Hangul filler */
    {0xfff0, 0xffff},    /* annotations, replacement, none */
    {0x1d173, 0x1d17a},  /* musical controls */
    {0xe0000, 0x10ffff}, /* tags, selectors, private use */
};

static bool
is_unseen(uint32_t code)
{
	for (size_t i = 0; i < PST_COUNT(unseen); i++)
		if (code >= unseen[i].first && code <= unseen[i].last)
			return true;
	/* The last two of each plane are not characters. */
	return (code & 0xfffe) == 0xfffe;
}

void
pst_html_init(struct pst_html *html, struct pst_arena *arena)
{
	html->arena = arena;
	pst_buf_init(&html->buf, arena, MAX_PAGE);
}

void
pst_html_add_markup(struct pst_html *html, const char *markup)
{
	pst_buf_add_text(&html->buf, markup);
}

/*
 * Returns how many octets the UTF-8 character at the beginning of s has, and
 * the character in *code; 0 if there is none (RFC 3629).
 */
static size_t
decode(struct pst_str s, uint32_t *code)
{
	const unsigned char first = (unsigned char)s.ptr[0];
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (s.len < len || !pst_str_is_utf8(pst_str_first(s, len)))
		return 0;
	*code = len == 1 ? first : first & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++)
		*code = *code << 6 | ((unsigned char)s.ptr[i] & 0x3fU);
	return len;
}

/* Adds one character that is shown. */
static void
add_shown(struct pst_html *html, struct pst_str character)
{
	switch (character.ptr[0]) {
	case '&':
		pst_buf_add_text(&html->buf, "&amp;");
		break;
	case '<':
		pst_buf_add_text(&html->buf, "&lt;");
		break;
	case '>':
		pst_buf_add_text(&html->buf, "&gt;");
		break;
	case '"':
		pst_buf_add_text(&html->buf, "&quot;");
		break;
	case '\'':
		pst_buf_add_text(&html->buf, "&#39;");
		break;
	default:
		pst_buf_add(&html->buf, character);
	}
}

static void
add_escaped(struct pst_html *html, struct pst_str text, bool lines)
{
	uint32_t code = 0;
	size_t len;

	for (; text.len > 0; text = pst_str_from(text, len)) {
		len = decode(text, &code);
		if (len == 0) {
			len = 1;
			pst_buf_printf(
			    &html->buf, "\\x%02x", (unsigned char)text.ptr[0]);
		} else if (lines && (code == '\n' || code == '\t')) {
			pst_buf_add_char(&html->buf, (char)code);
		} else if (!is_unseen(code)) {
			add_shown(html, pst_str_first(text, len));
		} else if (code < 0x80) {
			pst_buf_printf(&html->buf, "\\x%02x", (unsigned)code);
		} else {
			pst_buf_printf(&html->buf, "\\u{%x}", (unsigned)code);
		}
	}
}

void
pst_html_octets(struct pst_html *html, struct pst_str text)
{
	add_escaped(html, text, false);
}

void
pst_html_text(struct pst_html *html, const char *text)
{
	add_escaped(html, pst_str(text), false);
}

void
pst_html_lines(struct pst_html *html, const char *text)
{
	add_escaped(html, pst_str(text), true);
}

void
pst_html_printf(struct pst_html *html, const char *format, ...)
{
	va_list args;
	int len;
	char *text;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return;
	text = pst_arena_room(html->arena, (size_t)len + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	pst_html_text(html, text);
}

void
pst_html_element(
    struct pst_html *html, const char *tag, const char *class, const char *text)
{
	pst_buf_printf(&html->buf, "<%s", tag);
	if (class != NULL)
		pst_buf_printf(&html->buf, " class=\"%s\"", class);
	pst_buf_add_char(&html->buf, '>');
	pst_html_text(html, text);
	pst_buf_printf(&html->buf, "</%s>", tag);
}

void
pst_html_link(struct pst_html *html, const char *href, const char *text)
{
	if (href == NULL) {
		pst_html_text(html, text);
		return;
	}
	pst_html_markup(html, "<a href=\"");
	pst_html_text(html, href);
	pst_html_markup(html, "\">");
	pst_html_text(html, text);
	pst_html_markup(html, "</a>");
}

void
pst_html_number(struct pst_html *html, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%ju", (uintmax_t)number);

	for (int i = 0; i < len; i++) {
		/* U+2009, a thin space */
		if (i > 0 && (len - i) % 3 == 0)
			pst_buf_add_text(&html->buf, "\xe2\x80\x89");
		pst_buf_add_char(&html->buf, digits[i]);
	}
}

const char *
pst_html_share_text(struct pst_arena *arena, uint64_t part, uint64_t whole)
{
	const double percent =
	    whole == 0 ? 0 : 100.0 * (double)part / (double)whole;

	if (whole == 0)
		return "\xe2\x80\x93";
	/* What is not quite all, or not quite nothing, does not become it. */
	if (part < whole && percent > 99.9)
		return "> 99.9 %";
	if (part > 0 && percent < 0.05)
		return "< 0.1 %";
	return pst_arena_printf(
	    arena, "%.*f %%", part == 0 || part == whole ? 0 : 1, percent);
}

void
pst_html_share(struct pst_html *html, uint64_t part, uint64_t whole)
{
	pst_html_text(html, pst_html_share_text(html->arena, part, whole));
}

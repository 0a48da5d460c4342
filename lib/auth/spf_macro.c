/* SPDX-License-Identifier: BSD-2-Clause */

/* RFC 7208 s. 7: the macro language. */

#include "auth/spf_record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/domain.h"

/*
 * A look-up name is cut to the end of its expansion, so the buffer keeps only
 * the last octets while it grows. Any window larger than PST_DOMAIN_MAX plus
 * one is enough.
 */
#define NAME_WINDOW 512
#define NAME_BUFFER 4096
#define EXP_BUFFER 4096
#define SENDER_BUFFER 1024

struct macro {
	char letter; /* lower case; '%', '_', '-' for the short forms */
	bool escape;
	bool reverse;
	uint64_t keep; /* right-hand parts to keep; 0: all */
	struct pst_str delimiters;
};

static bool
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/*
 * Reads the digits at *pos. A number of more than 9 digits means "all parts"
 * anyway. Returns false if the number is 0.
 */
static bool
read_keep(struct pst_str text, size_t *pos, uint64_t *keep)
{
	size_t start = *pos;

	while (*pos < text.len && pst_is_digit(text.ptr[*pos])) {
		if (*pos - start < 9)
			*keep = *keep * 10 + (uint64_t)(text.ptr[*pos] - '0');
		(*pos)++;
	}
	return *pos == start || *keep > 0;
}

/* Reads one macro-expand; text.ptr[*pos] is the percent sign. */
static bool
read_macro(
    struct pst_str text, size_t *pos, bool explanation, struct macro *out)
{
	size_t p = *pos + 1;
	size_t delimiters;

	*out = (struct macro){0};
	if (p < text.len && is_in(text.ptr[p], "%_-")) {
		out->letter = text.ptr[p];
		*pos = p + 1;
		return true;
	}
	if (p + 1 >= text.len || text.ptr[p] != '{')
		return false;

	out->letter = pst_lower(text.ptr[p + 1]);
	out->escape = out->letter != text.ptr[p + 1];
	if (!is_in(out->letter, explanation ? "slodiphvcrt" : "slodiphv"))
		return false;
	p += 2;
	if (!read_keep(text, &p, &out->keep))
		return false;
	if (p < text.len && pst_lower(text.ptr[p]) == 'r') {
		out->reverse = true;
		p++;
	}
	delimiters = p;
	while (p < text.len && is_in(text.ptr[p], ".-+,/_="))
		p++;
	out->delimiters =
	    pst_str_first(pst_str_from(text, delimiters), p - delimiters);
	if (p >= text.len || text.ptr[p] != '}')
		return false;
	*pos = p + 1;
	return true;
}

bool
pst_spf_macro_check(struct pst_str text, bool explanation, size_t *tail)
{
	struct macro macro;
	size_t pos = 0;

	*tail = 0;
	while (pos < text.len) {
		char c = text.ptr[pos];

		if (c == '%') {
			if (!read_macro(text, &pos, explanation, &macro))
				return false;
			*tail = pos;
			continue;
		}
		if (c > 0x7e || c < (explanation ? 0x20 : 0x21))
			return false;
		pos++;
	}
	return true;
}

/* Returns true if spec has a macro with one of the letters (in lower case). */
static bool
uses(struct pst_str spec, const char *letters)
{
	struct macro macro;
	size_t pos = 0;

	while (pos < spec.len) {
		if (spec.ptr[pos] != '%') {
			pos++;
			continue;
		}
		if (!read_macro(spec, &pos, true, &macro))
			return false;
		if (is_in(macro.letter, letters))
			return true;
	}
	return false;
}

bool
pst_spf_uses_p(struct pst_str domain_spec)
{
	return uses(domain_spec, "p");
}

bool
pst_spf_uses_client(struct pst_str domain_spec)
{
	return uses(domain_spec, "ip");
}

bool
pst_spf_uses_local(struct pst_str domain_spec)
{
	return uses(domain_spec, "sl");
}

/* Where an expansion is written. A window keeps only its end. */
struct sink {
	struct pst_buf buf;
	bool window;
	bool escape;
};

static void
sink_add(struct sink *sink, struct pst_str piece)
{
	struct pst_buf *buf = &sink->buf;

	if (sink->window && piece.len > NAME_WINDOW)
		piece = pst_str_from(piece, piece.len - NAME_WINDOW);
	pst_buf_add(buf, piece);
	if (!sink->window || buf->len <= 2 * (size_t)NAME_WINDOW)
		return;
	memmove(buf->ptr, buf->ptr + buf->len - NAME_WINDOW, NAME_WINDOW);
	buf->len = NAME_WINDOW;
	buf->ptr[buf->len] = '\0';
}

static bool
is_unreserved(char c)
{
	return pst_is_alnum(c) || is_in(c, "-._~");
}

/* Adds one part of a macro's value, URL-escaped if its letter is upper case. */
static void
sink_add_part(struct sink *sink, struct pst_str part)
{
	static const char hex[] = "0123456789ABCDEF";

	if (!sink->escape) {
		sink_add(sink, part);
		return;
	}
	for (size_t i = 0; i < part.len; i++) {
		unsigned char c = (unsigned char)part.ptr[i];
		char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
		bool plain = is_unreserved(part.ptr[i]);

		sink_add(sink,
		    plain ? (struct pst_str){part.ptr + i, 1} :
			    (struct pst_str){escaped, 3});
	}
}

static bool
is_delimiter(char c, struct pst_str delimiters)
{
	if (delimiters.len == 0)
		return c == '.';
	return pst_str_find(delimiters, c) < delimiters.len;
}

/* Adds the part with that index, unless the macro drops it. */
static void
sink_add_kept(
    struct sink *sink, struct pst_str part, size_t index, size_t dropped)
{
	if (index < dropped)
		return;
	if (index > dropped)
		sink_add(sink, PST_STR("."));
	sink_add_part(sink, part);
}

/*
 * Splits value at the delimiters and appends the parts to keep, which are the
 * last ones in the order of output, with dots between them.
 */
static void
sink_add_value(
    struct sink *sink, struct pst_str value, const struct macro *macro)
{
	size_t parts = 1;
	size_t dropped = 0;
	size_t index = 0;
	size_t edge;

	for (size_t i = 0; i < value.len; i++)
		parts += is_delimiter(value.ptr[i], macro->delimiters);
	if (macro->keep > 0 && macro->keep < parts)
		dropped = parts - (size_t)macro->keep;

	edge = macro->reverse ? value.len : 0;
	for (size_t i = 0; !macro->reverse && i <= value.len; i++) {
		if (i < value.len &&
		    !is_delimiter(value.ptr[i], macro->delimiters))
			continue;
		sink_add_kept(sink,
		    pst_str_first(pst_str_from(value, edge), i - edge), index++,
		    dropped);
		edge = i + 1;
	}
	for (size_t i = value.len + 1; macro->reverse && i-- > 0;) {
		if (i > 0 && !is_delimiter(value.ptr[i - 1], macro->delimiters))
			continue;
		sink_add_kept(sink,
		    pst_str_first(pst_str_from(value, i), edge - i), index++,
		    dropped);
		edge = i == 0 ? 0 : i - 1;
	}
}

/* %{i}: an IPv6 address as its 32 nibbles with dots between them. */
static const char *
dotted_ip(struct pst_arena *arena, const struct pst_ip *ip)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[PST_IP_TEXT_SIZE];
	char *nibbles;
	size_t len = 0;

	if (ip->family != PST_IP_V6)
		return pst_arena_strdup(arena, pst_ip_text(ip, text));
	nibbles = pst_arena_alloc(arena, 64);
	for (size_t i = 0; i < 16; i++) {
		nibbles[len++] = hex[ip->octets[i] >> 4];
		nibbles[len++] = '.';
		nibbles[len++] = hex[ip->octets[i] & 15];
		nibbles[len++] = '.';
	}
	nibbles[len - 1] = '\0';
	return nibbles;
}

static struct pst_str
sender(struct pst_arena *arena, const struct pst_spf_macros *macros)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, SENDER_BUFFER);
	pst_buf_add(&buf, macros->local);
	pst_buf_add_char(&buf, '@');
	pst_buf_add_text(&buf, macros->sender_domain);
	return pst_buf_slice(&buf);
}

static struct pst_str
macro_value(
    struct pst_arena *arena, char letter, const struct pst_spf_macros *macros)
{
	char text[PST_IP_TEXT_SIZE];

	switch (letter) {
	case 's':
		return sender(arena, macros);
	case 'l':
		return macros->local;
	case 'o':
		return pst_str(macros->sender_domain);
	case 'd':
		return pst_str(macros->domain);
	case 'i':
		return pst_str(dotted_ip(arena, &macros->ip));
	case 'p':
		return pst_str(macros->validated);
	case 'v':
		return macros->ip.family == PST_IP_V6 ? PST_STR("ip6") :
							PST_STR("in-addr");
	case 'h':
		return pst_str(macros->helo);
	case 'c':
		return pst_str(
		    pst_arena_strdup(arena, pst_ip_text(&macros->ip, text)));
	case 'r':
		return pst_str(macros->receiver);
	case 't':
		return pst_str(
		    pst_arena_printf(arena, "%" PRId64, macros->now_epoch));
	default:
		assert(false && "read_macro() let another letter through");
		return PST_STR("");
	}
}

static void
sink_add_macro(struct sink *sink, const struct macro *macro,
    const struct pst_spf_macros *macros)
{
	switch (macro->letter) {
	case '%':
		sink_add(sink, PST_STR("%"));
		return;
	case '_':
		sink_add(sink, PST_STR(" "));
		return;
	case '-':
		sink_add(sink, PST_STR("%20"));
		return;
	default:
		sink->escape = macro->escape;
		sink_add_value(sink,
		    macro_value(sink->buf.arena, macro->letter, macros), macro);
	}
}

static void
expand(
    struct sink *sink, struct pst_str text, const struct pst_spf_macros *macros)
{
	struct macro macro;
	size_t pos = 0;

	while (pos < text.len) {
		struct pst_str rest = pst_str_from(text, pos);
		struct pst_str literal =
		    pst_str_first(rest, pst_str_find(rest, '%'));
		bool valid;

		sink_add(sink, literal);
		pos += literal.len;
		if (pos == text.len)
			break;
		valid = read_macro(text, &pos, true, &macro);
		assert(valid);
		(void)valid;
		sink_add_macro(sink, &macro, macros);
	}
}

/* s. 7.3: drops whole labels from the left until at most 253 octets remain. */
static struct pst_str
cut_name(struct pst_str name)
{
	while (name.len > PST_DOMAIN_MAX) {
		size_t dot = pst_str_find(name, '.');

		if (dot == name.len)
			return name;
		name = pst_str_from(name, dot + 1);
	}
	return name;
}

struct pst_str
pst_spf_expand(struct pst_arena *arena, struct pst_str spec,
    const struct pst_spf_macros *macros)
{
	struct sink sink = {.window = true};

	pst_buf_init(&sink.buf, arena, NAME_BUFFER);
	expand(&sink, spec, macros);
	return cut_name(pst_buf_slice(&sink.buf));
}

bool
pst_spf_expand_exp(struct pst_arena *arena, struct pst_str text,
    const struct pst_spf_macros *macros, struct pst_str *out)
{
	struct sink sink = {.window = false};
	size_t tail;

	if (!pst_spf_macro_check(text, true, &tail))
		return false;
	pst_buf_init(&sink.buf, arena, EXP_BUFFER);
	expand(&sink, text, macros);
	*out = pst_buf_slice(&sink.buf);
	return true;
}

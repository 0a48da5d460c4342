/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "base/str.h"

bool
pst_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
pst_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
pst_is_alnum(char c)
{
	return pst_is_alpha(c) || pst_is_digit(c);
}

bool
pst_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

char
pst_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
pst_hex_value(char c)
{
	if (pst_is_digit(c))
		return c - '0';
	c = pst_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
pst_hex_decode(struct pst_str text, unsigned char *out, size_t len)
{
	if (text.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = pst_hex_value(text.ptr[2 * i]);
		int low = pst_hex_value(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

int
pst_base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (pst_is_digit(c))
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool
pst_str_eq(struct pst_str a, struct pst_str b)
{
	/* memcmp() must not be given NULL, not even with a length of 0. */
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
pst_str_ieq(struct pst_str a, struct pst_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (pst_lower(a.ptr[i]) != pst_lower(b.ptr[i]))
			return false;
	return true;
}

bool
pst_str_starts(struct pst_str s, struct pst_str prefix)
{
	return pst_str_eq(pst_str_first(s, prefix.len), prefix);
}

bool
pst_str_istarts(struct pst_str s, struct pst_str prefix)
{
	return pst_str_ieq(pst_str_first(s, prefix.len), prefix);
}

bool
pst_str_iends(struct pst_str s, struct pst_str suffix)
{
	return s.len >= suffix.len &&
	    pst_str_ieq(pst_str_from(s, s.len - suffix.len), suffix);
}

size_t
pst_str_find(struct pst_str s, char c)
{
	if (s.len == 0)
		return 0;
	const char *at = memchr(s.ptr, c, s.len);
	return at == NULL ? s.len : (size_t)(at - s.ptr);
}

size_t
pst_str_rfind(struct pst_str s, char c)
{
	for (size_t i = s.len; i > 0; i--)
		if (s.ptr[i - 1] == c)
			return i - 1;
	return s.len;
}

struct pst_str
pst_str_from(struct pst_str s, size_t from)
{
	if (from > s.len)
		from = s.len;
	if (from == 0)
		return s;
	return (struct pst_str){s.ptr + from, s.len - from};
}

struct pst_str
pst_str_first(struct pst_str s, size_t n)
{
	return (struct pst_str){s.ptr, n < s.len ? n : s.len};
}

static bool
is_blank(char c)
{
	return pst_is_wsp(c) || c == '\r' || c == '\n';
}

struct pst_str
pst_str_trim(struct pst_str s)
{
	size_t from = 0;
	size_t end = s.len;

	while (from < end && is_blank(s.ptr[from]))
		from++;
	while (end > from && is_blank(s.ptr[end - 1]))
		end--;
	return pst_str_from(pst_str_first(s, end), from);
}

bool
pst_str_split(struct pst_str *rest, char sep, struct pst_str *part, bool *more)
{
	if (!*more)
		return false;
	size_t at = pst_str_find(*rest, sep);
	*part = pst_str_first(*rest, at);
	*more = at < rest->len;
	*rest = pst_str_from(*rest, at + 1);
	return true;
}

bool
pst_str_to_u64(struct pst_str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!pst_is_digit(s.ptr[i]))
			return false;
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool
pst_str_is_printable(struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	return s.len > 0;
}

/*
 * The leading octets of RFC 3629 s. 4, each with the range that its second
 * octet must be in. That range excludes over-long forms, surrogates and values
 * above U+10FFFF.
 */
static const struct {
	unsigned char first_min, first_max;
	unsigned char second_min, second_max;
	size_t len;
} utf8_forms[] = {
    {0x00, 0x7f, 0x00, 0x00, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Returns the length of the first sequence in s; 0 if it is ill-formed. */
static size_t
utf8_sequence_len(struct pst_str s)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t form = 0;

	while (c < utf8_forms[form].first_min || c > utf8_forms[form].first_max)
		if (++form == PST_COUNT(utf8_forms))
			return 0;
	size_t len = utf8_forms[form].len;
	if (len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s.ptr[i];
		unsigned char min = i == 1 ? utf8_forms[form].second_min : 0x80;
		unsigned char max = i == 1 ? utf8_forms[form].second_max : 0xbf;
		if (next < min || next > max)
			return 0;
	}
	return len;
}

bool
pst_str_is_utf8(struct pst_str s)
{
	while (s.len > 0) {
		size_t len = utf8_sequence_len(s);
		if (len == 0)
			return false;
		s = pst_str_from(s, len);
	}
	return true;
}

bool
pst_str_is_ascii(struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.ptr[i] & 0x80) != 0)
			return false;
	return true;
}

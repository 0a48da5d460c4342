/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_value.h"

#include "base/domain.h"

#define MAX_TOKEN 32
#define MAX_LENGTH_DIGITS 76 /* RFC 6376 s. 3.5, l= */
#define MAX_TIME_DIGITS 12   /* RFC 6376 s. 3.5, t= and x= */

static const char *
lower_copy(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = pst_lower(copy[i]);
	return copy;
}

const char *
pst_dkim_value_domain(struct pst_arena *arena, struct pst_str text)
{
	if (!pst_str_is_ascii(text))
		return pst_domain_normalize(arena, text);
	return pst_domain_is_ldh(text) ? lower_copy(arena, text) : NULL;
}

static bool
is_label(struct pst_str label)
{
	if (label.len == 0 || label.len > PST_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		bool at_end = i == 0 || i == label.len - 1;

		if (!pst_is_alnum(c) && c != '_' && (c != '-' || at_end))
			return false;
	}
	return true;
}

/* A selector need not be a domain name: dates are popular selectors. */
const char *
pst_dkim_value_selector(struct pst_arena *arena, struct pst_str text)
{
	struct pst_str rest = text, label;
	bool more = true;

	if (!pst_str_is_ascii(text))
		return pst_domain_normalize(arena, text);
	if (text.len > PST_DOMAIN_MAX)
		return NULL;
	while (pst_str_split(&rest, '.', &label, &more))
		if (!is_label(label))
			return NULL;
	return lower_copy(arena, text);
}

const char *
pst_dkim_value_token(struct pst_arena *arena, struct pst_str text)
{
	if (text.len == 0 || text.len > MAX_TOKEN)
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		if (!pst_is_alnum(text.ptr[i]) && text.ptr[i] != '-')
			return NULL;
	return pst_arena_memdup(arena, text.ptr, text.len);
}

bool
pst_dkim_value_is_base64(struct pst_str text)
{
	size_t len = text.len;

	while (len > 0 && text.len - len < 2 && text.ptr[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[i];

		if (!pst_is_alnum(c) && c != '+' && c != '/')
			return false;
	}
	return len > 0;
}

static bool
is_digits(struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!pst_is_digit(text.ptr[i]))
			return false;
	return text.len > 0;
}

bool
pst_dkim_value_length(struct pst_str text, uint64_t *out)
{
	*out = UINT64_MAX;
	(void)pst_str_to_u64(text, UINT64_MAX, out);
	return is_digits(text) && text.len <= MAX_LENGTH_DIGITS;
}

bool
pst_dkim_value_time(struct pst_str text, uint64_t *out)
{
	*out = PST_DKIM_NEVER;
	if (text.len <= MAX_TIME_DIGITS)
		(void)pst_str_to_u64(text, UINT64_MAX, out);
	return is_digits(text);
}

static int
hex_digit(char c)
{
	if (pst_is_digit(c))
		return c - '0';
	/* RFC 6376 s. 2.11 allows only upper-case digits */
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
is_plain_utf8(struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return false;
	return pst_str_is_utf8(text);
}

bool
pst_dkim_value_unquote(
    struct pst_arena *arena, struct pst_str text, struct pst_str *out)
{
	char *to = pst_arena_alloc(arena, text.len + 1);

	*out = (struct pst_str){to, 0};
	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (text.ptr[i] != '=') {
			to[out->len++] = text.ptr[i];
			continue;
		}
		high = i + 1 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
		low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
		if (high < 0 || low < 0)
			return false;
		to[out->len++] = (char)(high * 16 + low);
		i += 2;
	}
	return is_plain_utf8(*out);
}

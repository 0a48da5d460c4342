/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/address.h"

#include "base/domain.h"

/*
 * Reads a From field as a lenient program might: every `@` may be the middle of
 * an address, in a comment, in a quoted string or between brackets, too.
 */

/* Whether c can be part of a domain, as some reader takes it. */
static bool
is_domain_char(char c)
{
	return pst_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	    ((unsigned char)c & 0x80) != 0;
}

static bool
is_blank(char c)
{
	return pst_is_wsp(c) || c == '\n';
}

/*
 * Whether the domain that ends before `rest` ends there for every reader: some
 * join the pieces of a name over blanks, comments and dots. dot: it ends in one.
 */
static bool
ends_here(bool dot, struct pst_str rest)
{
	size_t i = 0;

	if (rest.len == 0)
		return true;
	while (i < rest.len && is_blank(rest.ptr[i]))
		i++;
	if (i == rest.len)
		return true;
	if (rest.ptr[i] == '(' || rest.ptr[i] == '.' || rest.ptr[i] == '@')
		return false;
	if (dot && is_domain_char(rest.ptr[i]))
		return false;
	return i > 0 || strchr(">,;)]\"'", rest.ptr[0]) != NULL;
}

/* Some readers turn U+FF20 and U+FE6B into an at sign; others stop at NUL. */
static bool
has_odd_octets(struct pst_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			return true;
		if (pst_str_starts(
			pst_str_from(value, i), PST_STR("\xef\xbc\xa0")) ||
		    pst_str_starts(
			pst_str_from(value, i), PST_STR("\xef\xb9\xab")))
			return true;
	}
	return false;
}

/*
 * Reads the domain at the beginning of text. Returns NULL if it is not certain
 * where it ends, or if it is not a domain name of two labels at least.
 */
static const char *
domain_at(struct pst_arena *arena, struct pst_str text)
{
	const char *domain;
	size_t len = 0;

	while (len < text.len && is_domain_char(text.ptr[len]))
		len++;
	if (!ends_here(
		len > 0 && text.ptr[len - 1] == '.', pst_str_from(text, len)))
		return NULL;
	domain = pst_domain_normalize(arena, pst_str_first(text, len));
	if (domain == NULL || pst_domain_labels(domain) < 2)
		return NULL;
	return domain;
}

const char *
pst_from_only_domain(struct pst_arena *arena, struct pst_str value)
{
	const char *only = NULL;
	unsigned count = 0;
	size_t at;

	if (has_odd_octets(value))
		return NULL;
	for (;;) {
		const char *domain;

		at = pst_str_find(value, '@');
		if (at == value.len)
			return only;
		value = pst_str_from(value, at + 1);
		domain = domain_at(arena, value);
		if (domain == NULL || ++count > PST_FROM_MAX_DOMAINS ||
		    (only != NULL && strcmp(only, domain) != 0))
			return NULL;
		only = domain;
	}
}

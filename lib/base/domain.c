/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/domain.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * A code point takes at most four octets in UTF-8 and at least one in an
 * A-label, so a longer text cannot have a normal form.
 */
#define RAW_MAX ((size_t)PST_DOMAIN_MAX * 4)

struct name {
	char text[PST_DOMAIN_MAX + 1];
	size_t len;
};

static const struct pst_str ace_prefix = PST_STR_INIT("xn--");

static bool
is_ldh_label(struct pst_str label)
{
	if (label.len == 0 || label.len > PST_LABEL_MAX ||
	    label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (!pst_is_alnum(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Returns libidn2's A-label, to be freed; NULL if libidn2 refuses label. */
static char *
lookup(const char *label, int flags)
{
	uint8_t *out = NULL;
	const void *octets = label;
	int rc = idn2_lookup_u8(octets, &out, flags);

	if (rc == IDN2_MALLOC)
		abort();
	return rc == IDN2_OK ? (char *)out : NULL;
}

static char *
to_unicode(const char *label)
{
	char *out = NULL;
	int rc = idn2_to_unicode_8z8z(label, &out, 0);

	if (rc == IDN2_MALLOC)
		abort();
	return rc == IDN2_OK ? out : NULL;
}

/*
 * Whether libidn2 accepts a lower-case A-label and leaves it unchanged. This
 * is not the full IDNA2008 test: names with emoji are registered and send mail,
 * and as A-labels they are ordinary names to the DNS.
 */
static bool
a_label_decodes(const char *label)
{
	char *out = lookup(label,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP);
	bool ok = out != NULL && strcmp(out, label) == 0;

	free(out);
	return ok;
}

/* Returns text from its next character on, past continuation octets. */
static const char *
next_char(const char *text)
{
	do
		text++;
	while (((unsigned char)*text & 0xc0) == 0x80);
	return text;
}

/*
 * Whether a mapping went character by character, left ASCII unchanged and did
 * not turn other characters into ASCII or the reverse. This excludes characters
 * that a mapping drops (zero widths, soft hyphens), splits (ligatures) or turns
 * into an ASCII letter, digit or dot (full-width forms, look-alike dots, the
 * Kelvin sign).
 */
static bool
is_same_shape(const char *before, const char *after)
{
	while (*before != '\0' && *after != '\0') {
		bool ascii = ((unsigned char)*before & 0x80) == 0;
		if (ascii != (((unsigned char)*after & 0x80) == 0))
			return false;
		if (ascii && *before != *after)
			return false;
		before = next_char(before);
		after = next_char(after);
	}
	return *before == *after;
}

/* Returns the A-label of a U-label with capitals, to be freed, or NULL. */
static char *
lookup_mapped(const char *label)
{
	char *mapped = lookup(label, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	char *unicode = mapped == NULL ? NULL : to_unicode(mapped);
	char *strict = NULL;

	if (unicode != NULL && is_same_shape(label, unicode))
		strict = lookup(unicode, IDN2_NFC_INPUT | IDN2_NO_TR46);
	free(mapped);
	free(unicode);
	return strict;
}

/*
 * Copies label with the ASCII letters and the capital sharp s (U+1E9E) in lower
 * case. The small letter of U+1E9E is U+00DF (RFC 5895 s. 2, UTS 46 since
 * Unicode 15.1), but libidn2 before 2.3.8 splits it into two letters. Returns
 * false if label has an ASCII character that no U-label may have.
 */
static bool
copy_lower(struct pst_str label, char *out)
{
	static const struct pst_str capital = PST_STR_INIT("\xe1\xba\x9e");

	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (((unsigned char)c & 0x80) == 0 && !pst_is_alnum(c) &&
		    c != '-')
			return false;
		if (pst_str_starts(pst_str_from(label, i), capital)) {
			*out++ = '\xc3';
			*out++ = '\x9f';
			i += capital.len - 1;
			continue;
		}
		*out++ = pst_lower(c);
	}
	*out = '\0';
	return true;
}

/*
 * Lower-cases what is lower-cased everywhere, then tries the IDNA2008 look-up
 * without a mapping. Only a label that it refuses may hold other capitals and is
 * mapped.
 */
static bool
u_label_to_a_label(struct pst_str label, char out[PST_LABEL_MAX + 1])
{
	char lower[PST_LABEL_MAX * 4 + 1];

	if (label.len >= sizeof(lower) || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-' || !copy_lower(label, lower))
		return false;

	char *found = lookup(lower, IDN2_NFC_INPUT | IDN2_NO_TR46);
	if (found == NULL)
		found = lookup_mapped(lower);
	struct pst_str a_label = pst_str(found);
	bool ok = pst_str_starts(a_label, ace_prefix) && is_ldh_label(a_label);
	if (ok)
		memcpy(out, a_label.ptr, a_label.len + 1);
	free(found);
	return ok;
}

static bool
ascii_label_to_lower(struct pst_str label, char out[PST_LABEL_MAX + 1])
{
	if (!is_ldh_label(label))
		return false;
	for (size_t i = 0; i < label.len; i++)
		out[i] = pst_lower(label.ptr[i]);
	out[label.len] = '\0';
	return !pst_str_istarts(label, ace_prefix) || a_label_decodes(out);
}

static bool
add_label(struct name *name, struct pst_str label)
{
	char text[PST_LABEL_MAX + 1];
	bool ok = pst_str_is_ascii(label) ? ascii_label_to_lower(label, text) :
					    u_label_to_a_label(label, text);

	if (!ok)
		return false;
	size_t len = strlen(text);
	size_t dot = name->len == 0 ? 0 : 1;
	if (len + dot > PST_DOMAIN_MAX - name->len)
		return false;
	if (dot == 1)
		name->text[name->len++] = '.';
	memcpy(name->text + name->len, text, len + 1);
	name->len += len;
	return true;
}

/* No top-level domain is a number; resolvers read such names as addresses. */
static bool
is_numeric(const char *name)
{
	return strspn(name, "0123456789.") == strlen(name);
}

const char *
pst_domain_normalize(struct pst_arena *arena, struct pst_str raw)
{
	struct name name = {.len = 0};
	struct pst_str label;
	bool more = true;

	if (raw.len > 0 && raw.ptr[raw.len - 1] == '.')
		raw.len--;
	if (raw.len > RAW_MAX || !pst_str_is_utf8(raw))
		return NULL;
	while (pst_str_split(&raw, '.', &label, &more))
		if (!add_label(&name, label))
			return NULL;
	if (is_numeric(name.text))
		return NULL;
	return pst_arena_memdup(arena, name.text, name.len);
}

bool
pst_domain_is_ldh(struct pst_str text)
{
	struct pst_str label;
	bool more = true;

	if (text.len > PST_DOMAIN_MAX)
		return false;
	while (pst_str_split(&text, '.', &label, &more))
		if (!is_ldh_label(label))
			return false;
	return true;
}

size_t
pst_domain_labels(const char *name)
{
	size_t count = *name == '\0' ? 0 : 1;

	for (; *name != '\0'; name++)
		if (*name == '.')
			count++;
	return count;
}

const char *
pst_domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

const char *
pst_domain_last_labels(const char *name, size_t n)
{
	const char *at = name + strlen(name);

	for (; at > name; at--)
		if (at[-1] == '.' && --n == 0)
			return at;
	return name;
}

bool
pst_domain_eq(const char *a, const char *b)
{
	return pst_str_ieq(pst_str(a), pst_str(b));
}

bool
pst_domain_are_near(const char *a, const char *b)
{
	return pst_domain_eq(
	    pst_domain_last_labels(a, 2), pst_domain_last_labels(b, 2));
}

bool
pst_domain_is_below(const char *name, const char *parent)
{
	struct pst_str n = pst_str(name);
	struct pst_str p = pst_str(parent);

	if (!pst_str_iends(n, p))
		return false;
	return n.len == p.len || name[n.len - p.len - 1] == '.';
}

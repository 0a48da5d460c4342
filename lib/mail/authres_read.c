/* SPDX-License-Identifier: BSD-2-Clause */

/* Reads the methods of an Authentication-Results field that exists. */

#include <string.h>

#include "mail/authres.h"
#include "mail/token.h"

/* Takes a run of octets that are neither blanks nor one of = ; ( ) " */
static bool
scan_word(struct pst_scan *scan, struct pst_str *out)
{
	size_t from = scan->pos;

	while (!pst_scan_at_end(scan)) {
		char c = scan->text.ptr[scan->pos];

		if ((unsigned char)c <= 0x20 || strchr("=;()\"", c) != NULL)
			break;
		scan->pos++;
	}
	*out = pst_str_from(pst_str_first(scan->text, scan->pos), from);
	return out->len > 0;
}

static bool
scan_value(struct pst_scan *scan, struct pst_arena *arena, struct pst_str *out)
{
	struct pst_str rest;

	if (pst_scan_quoted(scan, arena, out))
		return true;
	if (!scan_word(scan, out))
		return false;
	/* "header.b=AbC=" and the like: the equals sign is part of it. */
	while (pst_scan_char(scan, '=')) {
		(void)scan_word(scan, &rest);
		out->len = (size_t)(scan->text.ptr + scan->pos - out->ptr);
	}
	return true;
}

static const char *
lower(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = pst_lower(copy[i]);
	return copy;
}

/* Reads "name = value"; a version after the name ("/1") is dropped. */
static bool
scan_pair(struct pst_scan *scan, struct pst_arena *arena, struct pst_str *name,
    struct pst_str *value)
{
	if (!pst_scan_cfws(scan) || !scan_word(scan, name) ||
	    !pst_scan_cfws(scan) || !pst_scan_char(scan, '=') ||
	    !pst_scan_cfws(scan) || !scan_value(scan, arena, value))
		return false;
	*name = pst_str_first(*name, pst_str_find(*name, '/'));
	return pst_scan_cfws(scan);
}

static bool
scan_method(struct pst_scan *scan, struct pst_arena *arena,
    struct pst_authres_method *out)
{
	struct pst_str name, value;

	if (!scan_pair(scan, arena, &name, &value))
		return false;
	*out = (struct pst_authres_method){
	    .method = lower(arena, name), .result = lower(arena, value)};
	while (!pst_scan_at_end(scan) && scan->text.ptr[scan->pos] != ';') {
		if (!scan_pair(scan, arena, &name, &value))
			return false;
		if (out->prop_count == PST_AUTHRES_MAX_PROPS)
			continue;
		out->props[out->prop_count++] =
		    (struct pst_authres_prop){lower(arena, name),
			pst_arena_memdup(arena, value.ptr, value.len)};
	}
	return true;
}

size_t
pst_authres_read(struct pst_arena *arena, struct pst_str value,
    struct pst_authres_method **out)
{
	struct pst_scan scan = {value, 0};
	struct pst_str id;
	size_t count = 0;

	*out = pst_arena_array(arena, PST_AUTHRES_MAX_METHODS, sizeof(**out));
	if (!pst_scan_cfws(&scan) || !scan_value(&scan, arena, &id))
		return 0;
	(void)pst_scan_cfws(&scan);
	(void)scan_word(&scan, &id); /* the version */
	(void)pst_scan_cfws(&scan);
	while (count < PST_AUTHRES_MAX_METHODS && pst_scan_char(&scan, ';') &&
	    scan_method(&scan, arena, &(*out)[count]))
		count++;
	return count;
}

const char *
pst_authres_prop_of(const struct pst_authres_method *method, const char *name)
{
	for (size_t i = 0; i < method->prop_count; i++)
		if (strcmp(method->props[i].name, name) == 0)
			return method->props[i].value;
	return NULL;
}

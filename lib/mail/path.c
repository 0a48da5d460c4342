/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/address.h"

#include "base/domain.h"
#include "base/ip.h"
#include "mail/token.h"

/* Whether raw holds a control, CR and LF included: no address may have one. */
static bool
has_control(struct pst_str raw)
{
	for (size_t i = 0; i < raw.len; i++)
		if ((unsigned char)raw.ptr[i] < 0x20 || raw.ptr[i] == 0x7f)
			return true;
	return false;
}

/*
 * Reads a Dot-string (RFC 5321 s. 4.1.2), but with dots at any place: real
 * addresses have them at the ends and several in a row.
 */
static bool
scan_dot_string(struct pst_scan *scan, struct pst_str *out)
{
	size_t start = scan->pos;
	struct pst_str atom;

	while (pst_scan_char(scan, '.') || pst_scan_atom(scan, &atom))
		continue;
	*out =
	    pst_str_first(pst_str_from(scan->text, start), scan->pos - start);
	return out->len > 0;
}

/* Skips an A-d-l and its colon (RFC 5321 s. 4.1.2), if there is one. */
static bool
skip_source_route(struct pst_scan *scan)
{
	struct pst_str hop;

	if (!pst_str_starts(scan->text, PST_STR("@")))
		return true;
	do {
		if (!pst_scan_char(scan, '@') || !scan_dot_string(scan, &hop))
			return false;
	} while (pst_scan_char(scan, ','));
	return pst_scan_char(scan, ':');
}

static bool
scan_path_domain(
    struct pst_arena *arena, struct pst_str raw, struct pst_path *out)
{
	struct pst_scan scan = {raw, 0};
	struct pst_str literal;
	struct pst_ip ip;

	if (pst_scan_literal(&scan, &literal))
		return pst_scan_at_end(&scan) && pst_ip_parse(literal, &ip);
	out->domain = pst_domain_normalize(arena, raw);
	return out->domain != NULL;
}

static bool
scan_path(struct pst_arena *arena, struct pst_str raw, struct pst_path *out)
{
	struct pst_scan scan = {raw, 0};
	struct pst_str local;

	if (!skip_source_route(&scan))
		return false;
	if (!pst_scan_quoted(&scan, arena, &local) &&
	    !scan_dot_string(&scan, &local))
		return false;
	if (!pst_scan_char(&scan, '@') || !pst_str_is_utf8(local))
		return false;
	/* a copy, so that the result does not depend on the caller's text */
	out->local.ptr = pst_arena_memdup(arena, local.ptr, local.len);
	out->local.len = local.len;
	return scan_path_domain(arena, pst_str_from(raw, scan.pos), out);
}

void
pst_reverse_path_parse(
    struct pst_arena *arena, struct pst_str raw, struct pst_path *out)
{
	struct pst_path path = {.valid = false};
	bool has_open = raw.len > 0 && raw.ptr[0] == '<';
	bool has_close = raw.len > 1 && raw.ptr[raw.len - 1] == '>';

	*out = (struct pst_path){.valid = false};
	if (raw.len == 0 || has_open != has_close || has_control(raw))
		return;
	if (has_open)
		raw = pst_str_first(pst_str_from(raw, 1), raw.len - 2);
	if (has_open && pst_str_trim(raw).len == 0)
		path.null = true;
	else if (!scan_path(arena, raw, &path))
		return;
	path.valid = true;
	*out = path;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_parts.h"

/* The list of addresses of one tag. */
struct uri_check {
	const struct pst_dmarc_parts *parts;
	const char *tag;
};

static void
say(const struct uri_check *check, const char *name, struct pst_str term,
    const char *sentence, const char *instead)
{
	pst_dmarc_say(check->parts, name, term, sentence, instead);
}

/* Returns whether a receiver can use the URI: the parser decides. */
static bool
is_usable(struct pst_arena *arena, struct pst_str uri)
{
	struct pst_arena_mark mark = pst_arena_mark(arena);
	struct pst_dmarc_record record;
	const char *text = pst_arena_printf(
	    arena, "v=DMARC1; p=none; rua=%.*s", PST_STR_ARG(uri));
	bool usable = pst_dmarc_record_parse(arena, pst_str(text), &record) &&
	    record.rua_count == 1;

	pst_arena_rewind(arena, mark);
	return usable;
}

size_t
pst_dmarc_uri_size(struct pst_str uri)
{
	size_t mark = pst_str_rfind(uri, '!');
	struct pst_str size = pst_str_from(uri, mark + 1);
	uint64_t number;

	if (mark == uri.len || size.len == 0)
		return uri.len;
	if (strchr("kmgt", pst_lower(size.ptr[size.len - 1])) != NULL)
		size.len--;
	return pst_str_to_u64(size, UINT64_MAX, &number) ? mark : uri.len;
}

static void
check_size(const struct uri_check *check, struct pst_str uri)
{
	size_t mark = pst_dmarc_uri_size(uri);

	if (mark < uri.len)
		say(check, "dmarc-size-suffix", uri,
		    "The limit after \"!\" was removed from DMARC (RFC 9990); "
		    "receivers ignore it.",
		    pst_dmarc_shown(check->parts, pst_str_first(uri, mark)));
}

static void
bad_address(const struct uri_check *check, struct pst_str uri, const char *why)
{
	say(check, "dmarc-bad-address", uri,
	    pst_arena_printf(check->parts->arena,
		"%s in %s= %s, so no report goes there.",
		uri.len == 0 ? "An empty address" :
			       pst_dmarc_shown(check->parts, uri),
		check->tag, why),
	    "mailto:dmarc@example.com, with an address that exists");
}

static void
check_uri(const struct uri_check *check, struct pst_str uri)
{
	struct pst_arena *arena = check->parts->arena;
	struct pst_str scheme = PST_STR("mailto:");
	size_t at = pst_str_rfind(uri, '@');

	if (uri.len == 0) {
		bad_address(check, uri, "has nothing between the commas");
		return;
	}
	if (!pst_str_istarts(uri, scheme)) {
		struct pst_str colon = pst_str_first(uri, at);

		if (at < uri.len && pst_str_find(colon, ':') == colon.len &&
		    is_usable(arena,
			pst_str(pst_arena_printf(
			    arena, "mailto:%.*s", PST_STR_ARG(uri)))))
			say(check, "dmarc-missing-mailto", uri,
			    pst_arena_printf(arena,
				"%s in %s= lacks \"mailto:\", so no report "
				"goes there.",
				pst_dmarc_shown(check->parts, uri), check->tag),
			    pst_arena_printf(arena, "mailto:%s",
				pst_dmarc_shown(check->parts, uri)));
		else
			bad_address(check, uri, "is not a mailto: address");
		return;
	}
	check_size(check, uri);
	if (pst_str_istarts(pst_str_from(uri, scheme.len), PST_STR("//")))
		bad_address(check, uri, "has \"//\" after \"mailto:\"");
	else if (pst_str_istarts(
		     pst_str_trim(pst_str_from(uri, scheme.len)), scheme))
		bad_address(check, uri, "has \"mailto:\" twice");
	else if (!is_usable(arena, uri))
		bad_address(check, uri, "is not an address");
	else if (pst_str_find(pst_str_from(uri, at), '.') ==
	    pst_str_from(uri, at).len)
		bad_address(check, uri, "has a domain without a dot");
}

void
pst_dmarc_uris_check(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	struct uri_check check = {parts, pst_dmarc_tag_name(part->tag)};
	struct pst_str rest = part->value, uri;
	bool more = true;
	size_t count = 0;

	while (pst_str_split(&rest, ',', &uri, &more)) {
		if (count++ == PST_DMARC_MAX_URIS) {
			say(&check, "dmarc-bad-address", uri,
			    pst_arena_printf(parts->arena,
				"%s= has more than %d addresses; receivers "
				"do not use all of them.",
				check.tag, PST_DMARC_MAX_URIS),
			    "one or two addresses");
			return;
		}
		check_uri(&check, pst_dmarc_bare(uri));
	}
}

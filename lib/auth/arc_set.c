/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc_set.h"

#include "auth/arc_tags.h"

enum kind { KIND_AAR, KIND_AMS, KIND_SEAL, KINDS };

static const char *const kind_names[KINDS] = {
    [KIND_AAR] = "ARC-Authentication-Results",
    [KIND_AMS] = "ARC-Message-Signature",
    [KIND_SEAL] = "ARC-Seal",
};

static bool
find_kind(const struct pst_header_field *field, enum kind *out)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (!pst_str_ieq(field->name, pst_str(kind_names[i])))
			continue;
		*out = (enum kind)i;
		return true;
	}
	return false;
}

/* Reads the "i=1;" before the results. Returns 0 if there is no valid one. */
static unsigned
aar_instance(struct pst_str value)
{
	struct pst_scan scan = {value, 0};
	struct pst_str name, digits;

	if (!pst_scan_cfws(&scan) || !pst_scan_mime_token(&scan, &name) ||
	    !pst_str_eq(name, PST_STR("i")) || !pst_scan_cfws(&scan) ||
	    !pst_scan_char(&scan, '=') || !pst_scan_cfws(&scan) ||
	    !pst_scan_mime_token(&scan, &digits) || !pst_scan_cfws(&scan) ||
	    !pst_scan_char(&scan, ';'))
		return 0;
	return pst_arc_tags_instance(digits);
}

/* Returns 0 if the tags have no valid i=. */
static unsigned
sig_instance(const struct pst_tag_list *tags)
{
	const struct pst_tag *i = pst_tag_find(tags, "i");

	return i == NULL ? 0 : pst_arc_tags_instance(i->value);
}

static bool
split_tags(
    struct pst_arena *arena, struct pst_str value, struct pst_tag_list *tags)
{
	return value.len <= PST_DKIM_MAX_FIELD &&
	    pst_tag_list_parse(arena, value, PST_DKIM_MAX_TAGS, true, tags) ==
	    PST_TAGS_OK;
}

/* Returns false if the set already has such a signature. */
static bool
store_sig(struct pst_arc_sig *sig, const struct pst_header_field *field,
    size_t at, const struct pst_tag_list *tags)
{
	if (sig->field != NULL)
		return false;
	sig->field = field;
	sig->at = at;
	sig->tags = *tags;
	return true;
}

static bool
store(struct pst_arc_set *set, enum kind kind,
    const struct pst_header_field *field, size_t at,
    const struct pst_tag_list *tags)
{
	switch (kind) {
	case KIND_AAR:
		if (set->aar != NULL)
			return false;
		set->aar = field;
		return true;
	case KIND_AMS:
		return store_sig(&set->ams, field, at, tags);
	case KIND_SEAL:
		return store_sig(&set->seal, field, at, tags);
	case KINDS:
		break;
	}
	return false;
}

/* Returns why the field breaks the chain; NULL if it does not. */
static const char *
add_field(struct pst_arena *arena, enum kind kind,
    const struct pst_header_field *field, size_t at, struct pst_arc_sets *out)
{
	struct pst_tag_list tags = {NULL, 0};
	unsigned i;

	if (kind != KIND_AAR && !split_tags(arena, field->value, &tags))
		return "ARC field is not a valid tag list";
	i = kind == KIND_AAR ? aar_instance(field->value) : sig_instance(&tags);
	if (i == 0)
		return "ARC field without a valid instance";
	if (i > out->count)
		out->count = i;
	if (!store(&out->sets[i - 1], kind, field, at, &tags))
		return "two ARC fields of the same kind in one set";
	return NULL;
}

static bool
any_field(const struct pst_header *header)
{
	enum kind kind;

	for (size_t i = 0; i < header->count; i++)
		if (find_kind(&header->fields[i], &kind))
			return true;
	return false;
}

static void
collect(struct pst_arena *arena, const struct pst_header *header,
    struct pst_arc_sets *out)
{
	out->sets =
	    pst_arena_array(arena, PST_ARC_MAX_SETS, sizeof(*out->sets));
	for (size_t i = 0; i < header->count && out->reason == NULL; i++) {
		enum kind kind;

		if (find_kind(&header->fields[i], &kind))
			out->reason =
			    add_field(arena, kind, &header->fields[i], i, out);
	}
}

/* RFC 8617 s. 5.2 steps 2 and 3. */
static const char *
check_structure(const struct pst_arc_sets *sets)
{
	const struct pst_arc_set *last = &sets->sets[sets->count - 1];
	const struct pst_tag *cv = pst_tag_find(&last->seal.tags, "cv");

	if (cv != NULL && pst_str_eq(cv->value, PST_STR("fail")))
		return "the newest seal says that the chain is broken";
	for (unsigned i = 0; i < sets->count; i++) {
		const struct pst_arc_set *set = &sets->sets[i];

		if (set->aar == NULL || set->ams.field == NULL ||
		    set->seal.field == NULL)
			return "a set is not complete";
		cv = pst_tag_find(&set->seal.tags, "cv");
		if (cv == NULL ||
		    !pst_str_eq(cv->value, pst_str(i == 0 ? "none" : "pass")))
			return "cv= is wrong for its place in the chain";
	}
	return NULL;
}

static const char *
read_sigs(struct pst_arena *arena, int64_t now, unsigned skew_s,
    struct pst_arc_sets *sets)
{
	for (unsigned i = sets->count; i > 0; i--) {
		struct pst_arc_set *set = &sets->sets[i - 1];

		pst_arc_tags_read_ams(arena, now, skew_s, &set->ams);
		pst_arc_tags_read_seal(arena, now, skew_s, &set->seal);
		if (i == sets->count && set->ams.reason != NULL)
			return pst_arena_printf(arena,
			    "message signature %u: %s", i, set->ams.reason);
		if (set->seal.reason != NULL)
			return pst_arena_printf(
			    arena, "seal %u: %s", i, set->seal.reason);
	}
	return NULL;
}

void
pst_arc_sets_read(struct pst_arena *arena, const struct pst_header *header,
    int64_t now, unsigned skew_s, unsigned max_sets, struct pst_arc_sets *out)
{
	*out = (struct pst_arc_sets){.reason = NULL};
	if (!any_field(header))
		return;
	collect(arena, header, out);
	if (out->reason == NULL)
		out->reason = check_structure(out);
	if (out->reason == NULL && out->count > max_sets)
		out->reason = "too many ARC sets";
	if (out->reason == NULL && header->truncated)
		out->reason = "header limits exceeded";
	if (out->reason == NULL)
		out->reason = read_sigs(arena, now, skew_s, out);
}

/* Takes an unquoted value: everything up to a blank, an LF, ";" or "(". */
static struct pst_str
scan_plain(struct pst_scan *scan)
{
	size_t begin = scan->pos;

	while (!pst_scan_at_end(scan) &&
	    memchr(" \t\n;(", scan->text.ptr[scan->pos], 5) == NULL)
		scan->pos++;
	return pst_str_first(
	    pst_str_from(scan->text, begin), scan->pos - begin);
}

struct pst_ip
pst_arc_remote_ip(struct pst_arena *arena, struct pst_str value)
{
	struct pst_scan scan = {value, 0};
	struct pst_ip ip = {.family = PST_IP_NONE};
	struct pst_str word;

	while (pst_scan_cfws(&scan) && !pst_scan_at_end(&scan)) {
		if (pst_scan_quoted(&scan, arena, &word))
			continue;
		if (!pst_scan_mime_token(&scan, &word)) {
			scan.pos++;
			continue;
		}
		if (!pst_str_ieq(word, PST_STR("smtp.remote-ip")) ||
		    !pst_scan_cfws(&scan) || !pst_scan_char(&scan, '=') ||
		    !pst_scan_cfws(&scan))
			continue;
		if (!pst_scan_quoted(&scan, arena, &word))
			word = scan_plain(&scan);
		if (!pst_ip_parse(word, &ip))
			ip = (struct pst_ip){.family = PST_IP_NONE};
		return ip;
	}
	return ip;
}

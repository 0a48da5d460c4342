/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/correct.h"

#include "base/domain.h"
#include "base/edit_distance.h"
#include "base/macros.h"
#include "survey/dmarc_parts.h"
#include "survey/make_text.h"

#define MAX_TAG 8 /* octets of a name that is compared with those of tags */

/* A record while it is corrected. */
struct fix {
	struct pst_arena *arena;
	struct pst_correct_notes notes;
	struct pst_str values[PST_DMARC_TAGS]; /* ptr NULL: not there */
	unsigned order[PST_DMARC_TAGS];        /* tags, as they were written */
	size_t count;
	struct pst_str dropped[PST_DMARC_MAX_STRAYS];
	size_t dropped_count;
	size_t parts;
	bool has_version;
	bool failed; /* what was meant is not plain */
};

static const char *
shown(const struct fix *fix, struct pst_str text)
{
	return pst_correct_shown(&fix->notes, text);
}

/* Leaves a part out that receivers do not read. */
static void
drop(struct fix *fix, struct pst_str part)
{
	if (fix->dropped_count == PST_COUNT(fix->dropped)) {
		fix->failed = true;
		return;
	}
	fix->dropped[fix->dropped_count++] = part;
	pst_correct_note(&fix->notes, "left out %s", shown(fix, part));
}

/* ---- values ---- */

/* Returns the text of an address that a receiver can use; NULL: none. */
static const char *
mend_uri(struct fix *fix, struct pst_str uri)
{
	struct pst_str scheme = PST_STR("mailto:");
	size_t mark = pst_dmarc_uri_size(uri);
	struct pst_str rest = pst_str_first(uri, mark);
	size_t times = 0, slashes = 0;

	if (mark < uri.len)
		pst_correct_note(&fix->notes,
		    "left out the limit (removed from DMARC) after %s",
		    shown(fix, rest));
	while (pst_str_istarts(rest, scheme)) {
		rest = pst_str_trim(pst_str_from(rest, scheme.len));
		times++;
	}
	while (times > 0 && rest.len > 0 && rest.ptr[0] == '/') {
		rest = pst_str_from(rest, 1);
		slashes++;
	}
	if (pst_str_find(rest, '@') == rest.len ||
	    pst_str_find(rest, ':') < rest.len)
		return NULL;
	if (times != 1 || slashes > 0)
		pst_correct_note(&fix->notes, "mailto:%s instead of %s",
		    shown(fix, rest), shown(fix, uri));
	return pst_arena_printf(fix->arena, "mailto:%.*s", PST_STR_ARG(rest));
}

/* True if one of the first len octets of the list is the same address. */
static bool
has_uri(struct pst_str list, const char *uri)
{
	struct pst_str part;
	bool more = list.len > 0;

	while (pst_str_split(&list, ',', &part, &more))
		if (pst_str_ieq(part, pst_str(uri)))
			return true;
	return false;
}

static void
take_uris(struct fix *fix, unsigned tag, struct pst_str value)
{
	struct pst_str rest = value, uri;
	struct pst_buf buf;
	bool more = true;
	size_t count = 0;

	pst_buf_init(&buf, fix->arena, PST_MAKE_MAX_TEXT);
	pst_buf_add(&buf, fix->values[tag]);
	while (pst_str_split(&rest, ',', &uri, &more)) {
		const char *text = NULL;

		uri = pst_str_trim(uri);
		if (uri.len == 0) {
			pst_correct_note(&fix->notes,
			    "left out an empty address in %s=",
			    pst_dmarc_tag_name(tag));
			continue;
		}
		if (count++ < PST_DMARC_MAX_URIS)
			text = mend_uri(fix, uri);
		if (text == NULL) {
			fix->failed = true;
			return;
		}
		if (has_uri(pst_buf_slice(&buf), text))
			pst_correct_note(
			    &fix->notes, "%s once", shown(fix, pst_str(text)));
		else
			pst_buf_printf(
			    &buf, "%s%s", buf.len > 0 ? "," : "", text);
	}
	fix->failed = fix->failed || pst_buf_overflowed(&buf);
	fix->values[tag] = pst_buf_slice(&buf);
}

/* fo=: options with colons between them. */
static struct pst_str
mend_options(struct fix *fix, struct pst_str value)
{
	bool has[256] = {false};

	for (size_t i = 0; i < value.len; i++) {
		has[(unsigned char)pst_lower(value.ptr[i])] = true;
		if (strchr("01dsDS:, ", value.ptr[i]) == NULL)
			fix->failed = true;
	}
	/* 1 asks for what 0 asks for, and for more */
	return pst_str(pst_arena_printf(fix->arena, "%s%s%s",
	    has['1'] ? "1" : "0", has['d'] ? ":d" : "", has['s'] ? ":s" : ""));
}

/* True if the options of fo= are valid as they are. */
static bool
is_valid_options(struct fix *fix, struct pst_str value)
{
	struct pst_dmarc_record record;
	const char *text = pst_arena_printf(fix->arena,
	    "v=DMARC1; p=none; ruf=mailto:a@example.com; fo=%.*s",
	    PST_STR_ARG(value));
	bool zero = pst_str_eq(value, PST_STR("0"));

	return pst_dmarc_record_parse(fix->arena, pst_str(text), &record) &&
	    (zero || strcmp(record.fo, "0") != 0);
}

static bool
is_removed(unsigned tag)
{
	return tag >= PST_DMARC_TAG_PCT;
}

static bool
is_list(unsigned tag)
{
	return tag == PST_DMARC_TAG_RUA || tag == PST_DMARC_TAG_RUF;
}

/* Returns the value that is written; ptr NULL: the tag is left out. */
static struct pst_str
mend_value(struct fix *fix, unsigned tag, struct pst_str value)
{
	const char *name = pst_dmarc_tag_name(tag), *meant;
	struct pst_str none = {NULL, 0}, mended;

	if (tag == PST_DMARC_TAG_FO) {
		if (is_valid_options(fix, value))
			return value;
		mended = mend_options(fix, value);
	} else {
		if (pst_dmarc_is_word(value, pst_dmarc_tag_words(tag)))
			return value;
		meant = pst_dmarc_value_meant(fix->arena, tag, value);
		if (meant == NULL && tag <= PST_DMARC_TAG_NP)
			fix->failed = true; /* a policy */
		if (meant == NULL) {
			pst_correct_note(&fix->notes,
			    "left out %s=, which has no valid value", name);
			return none;
		}
		mended = pst_str(meant);
	}
	pst_correct_note(&fix->notes, "%s=%.*s instead of %s=%s", name,
	    PST_STR_ARG(mended), name, shown(fix, value));
	return mended;
}

static void
take_tag(struct fix *fix, unsigned tag, struct pst_str value)
{
	const char *name = pst_dmarc_tag_name(tag);
	uint64_t percent = 100;

	if (is_removed(tag)) {
		(void)pst_str_to_u64(value, 100, &percent);
		pst_correct_note(&fix->notes,
		    "left out %s=, which was removed from DMARC%s", name,
		    tag == PST_DMARC_TAG_PCT && percent < 100 ?
			" (t=y is what weakens the policy)" :
			"");
		return;
	}
	if (fix->values[tag].ptr != NULL) {
		/* two different values: one of them was meant */
		if (!pst_str_ieq(fix->values[tag], value))
			fix->failed = true;
		pst_correct_note(&fix->notes, "%s= once", name);
		return;
	}
	if (is_list(tag))
		take_uris(fix, tag, value);
	else
		fix->values[tag] = mend_value(fix, tag, value);
	if (fix->values[tag].ptr != NULL)
		fix->order[fix->count++] = tag;
}

/* ---- parts ---- */

/* Returns the tag that was meant by another name; PST_DMARC_TAGS: none. */
static unsigned
near_tag(struct fix *fix, struct pst_str name)
{
	char *word;

	if (pst_dmarc_is_word(name, "policy"))
		return PST_DMARC_TAG_P;
	if (name.len < 3 || name.len > MAX_TAG)
		return PST_DMARC_TAGS;
	word = pst_arena_memdup(fix->arena, name.ptr, name.len);
	for (size_t i = 0; i < name.len; i++)
		word[i] = pst_lower(word[i]);
	for (unsigned tag = 0; tag < PST_DMARC_TAGS; tag++)
		if (strlen(pst_dmarc_tag_name(tag)) > 2 &&
		    pst_edit_distance(word, pst_dmarc_tag_name(tag)) <= 1)
			return tag;
	return PST_DMARC_TAGS;
}

/* A part without "=": a second address, "sp:reject", or a word. */
static void
take_stray(struct fix *fix, struct pst_str part)
{
	size_t colon = pst_str_find(part, ':');
	struct pst_str value = pst_str_trim(pst_str_from(part, colon + 1));
	unsigned tag =
	    pst_dmarc_tag_find(pst_str_trim(pst_str_first(part, colon)));
	unsigned last =
	    fix->count > 0 ? fix->order[fix->count - 1] : PST_DMARC_TAG_V;

	if (pst_str_find(part, '@') < part.len) {
		if (!is_list(last)) {
			fix->failed = true;
			return;
		}
		pst_correct_note(
		    &fix->notes, "a comma before %s", shown(fix, part));
		take_uris(fix, last, part);
	} else if (colon < part.len && tag > PST_DMARC_TAG_V &&
	    tag < PST_DMARC_TAGS) {
		pst_correct_note(&fix->notes,
		    "%s= instead of %s:", pst_dmarc_tag_name(tag),
		    pst_dmarc_tag_name(tag));
		take_tag(fix, tag, value);
	} else {
		drop(fix, part);
	}
}

/* Returns the tag of the name, or the one that was meant. */
static unsigned
find_tag(struct fix *fix, struct pst_str name)
{
	unsigned tag = pst_dmarc_tag_find(name);

	if (tag < PST_DMARC_TAGS)
		return tag;
	tag = near_tag(fix, name);
	if (tag == PST_DMARC_TAGS || fix->values[tag].ptr != NULL)
		return PST_DMARC_TAGS;
	pst_correct_note(&fix->notes,
	    "%s= instead of %s=", pst_dmarc_tag_name(tag), shown(fix, name));
	return tag;
}

/* Takes one tag; returns what follows a separator that was lost. */
static struct pst_str
take_part(struct fix *fix, struct pst_str part)
{
	size_t equals = pst_str_find(part, '=');
	struct pst_str name = pst_str_trim(pst_str_first(part, equals));
	struct pst_str value = pst_str_trim(pst_str_from(part, equals + 1));
	struct pst_str rest = {NULL, 0};
	struct pst_dmarc_lost lost;
	unsigned tag;

	if (equals == part.len || name.len == 0) {
		take_stray(fix, part);
		return rest;
	}
	tag = find_tag(fix, name);
	if (tag == PST_DMARC_TAGS) {
		drop(fix, part);
		return rest;
	}
	if (tag == PST_DMARC_TAG_V) {
		/* it is written in front, in any case */
		if (!pst_str_ieq(value, PST_STR("DMARC1")))
			fix->failed = true;
		if (fix->has_version)
			pst_correct_note(&fix->notes, "v=DMARC1 once");
		fix->has_version = true;
		return rest;
	}
	if (pst_dmarc_lost_find(value, pst_dmarc_tag_words(tag), &lost)) {
		if (lost.has_value) {
			rest = pst_str_from(value, lost.at);
			pst_correct_note(
			    &fix->notes, "a semicolon before %s=", lost.tag);
		} else {
			pst_correct_note(&fix->notes,
			    "left out %s after %s=%s, which has no value",
			    lost.tag, pst_dmarc_tag_name(tag),
			    shown(fix, lost.before));
		}
		value = lost.before;
	}
	take_tag(fix, tag, value);
	return rest;
}

static void
take_parts(struct fix *fix, struct pst_str text)
{
	struct pst_str part;
	bool more = true;

	while (pst_str_split(&text, ';', &part, &more)) {
		part = pst_str_trim(part);
		while (part.len > 0 && !fix->failed) {
			if (fix->parts++ == PST_DMARC_MAX_STRAYS)
				fix->failed = true;
			part = pst_str_trim(take_part(fix, part));
		}
	}
}

/* ---- the record ---- */

/* Returns the text after the version, if it begins with one. */
static struct pst_str
take_version(struct fix *fix, struct pst_str text)
{
	struct pst_str rest = text;

	if (!pst_correct_skip_version(&rest, "dmarc"))
		return text;
	if (rest.len > 0 && rest.ptr[0] == '1')
		rest = pst_str_from(rest, 1);
	/* another version, or another word */
	if (rest.len > 0 && pst_is_digit(rest.ptr[0]))
		fix->failed = true;
	while (rest.len > 0 && strchr(" ,:;.", rest.ptr[0]) != NULL)
		rest = pst_str_from(rest, 1);
	fix->has_version = true;
	return rest;
}

static const char *
write_record(struct fix *fix)
{
	struct pst_buf buf;

	pst_buf_init(&buf, fix->arena, PST_DMARC_MAX_RECORD);
	pst_buf_printf(&buf, "v=DMARC1; p=%.*s",
	    PST_STR_ARG(fix->values[PST_DMARC_TAG_P]));
	for (size_t i = 0; i < fix->count; i++) {
		unsigned tag = fix->order[i];

		if (tag != PST_DMARC_TAG_P && fix->values[tag].len > 0)
			pst_buf_printf(&buf, "; %s=%.*s",
			    pst_dmarc_tag_name(tag),
			    PST_STR_ARG(fix->values[tag]));
	}
	return pst_buf_str(&buf);
}

/* What the tags require together. */
static void
mend_whole(struct fix *fix)
{
	struct pst_str *values = fix->values;

	if (values[PST_DMARC_TAG_P].ptr == NULL) {
		/* receivers read p=none if there are addresses for reports */
		if (values[PST_DMARC_TAG_RUA].len == 0)
			fix->failed = true;
		values[PST_DMARC_TAG_P] = PST_STR("none");
		pst_correct_note(&fix->notes,
		    "p=none, which receivers read where p= is missing");
	}
	if (values[PST_DMARC_TAG_FO].ptr != NULL &&
	    values[PST_DMARC_TAG_RUF].len == 0) {
		values[PST_DMARC_TAG_FO].len = 0;
		pst_correct_note(&fix->notes,
		    "left out fo=, which does nothing without ruf=");
	}
}

/* True if the survey would find nothing wrong with the record. */
static bool
is_sound(const struct fix *fix, const char *at, const char *text)
{
	struct pst_findings_list list = {.arena = fix->arena};
	struct pst_dmarc_text what = {&list, at, pst_str(text)};
	struct pst_dmarc_record record;
	struct pst_buf buf;

	pst_dmarc_text_check(&what);
	if (!pst_dmarc_record_parse(fix->arena, what.text, &record) ||
	    record.limited || !record.usable_policy ||
	    !pst_correct_is_clean(&list))
		return false;
	/* Words that were left out may name another policy. */
	pst_buf_init(&buf, fix->arena, 2 * PST_MAKE_MAX_TEXT);
	pst_buf_add_text(&buf, text);
	for (size_t i = 0; i < fix->dropped_count; i++) {
		pst_buf_add_text(&buf, "; ");
		pst_buf_add(&buf, fix->dropped[i]);
	}
	what.text = pst_buf_slice(&buf);
	pst_dmarc_text_check(&what);
	return !pst_buf_overflowed(&buf) &&
	    !pst_finding_has(&list, "dmarc-words-contradict");
}

void
pst_correct_dmarc(
    struct pst_survey_part *part, struct pst_str text, const char *found_at)
{
	struct pst_arena *arena = part->world->arena;
	struct fix *fix = pst_arena_alloc(arena, sizeof(*fix));
	struct pst_correction out = {.topic = PST_TOPIC_DMARC};
	struct pst_dmarc_record record;
	struct pst_str cleaned;

	fix->arena = arena;
	pst_correct_begin(&fix->notes, arena);
	out.owner = pst_arena_printf(arena, "_dmarc.%s", part->input->domain);
	pst_correct_note_place(&fix->notes, out.owner, found_at);
	if (!pst_correct_clean(&fix->notes, text, &cleaned))
		return;
	if (!pst_dmarc_record_parse(arena, text, &record))
		pst_correct_note(&fix->notes, "v=DMARC1; at the start");
	take_parts(fix, take_version(fix, cleaned));
	if (!fix->has_version || fix->failed)
		return;
	mend_whole(fix);
	out.text = write_record(fix);
	if (!fix->failed && out.text != NULL &&
	    is_sound(fix, out.owner, out.text))
		pst_correct_add(part, &out, &fix->notes);
}

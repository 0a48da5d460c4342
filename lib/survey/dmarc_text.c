/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_text.h"

#include "base/buf.h"
#include "base/edit_distance.h"
#include "base/macros.h"
#include "survey/dmarc_parts.h"

#define MAX_SHOWN 80 /* octets of a part in a sentence */

static const char *const tag_names[PST_DMARC_TAGS] = {
    [PST_DMARC_TAG_V] = "v",
    [PST_DMARC_TAG_P] = "p",
    [PST_DMARC_TAG_SP] = "sp",
    [PST_DMARC_TAG_NP] = "np",
    [PST_DMARC_TAG_ADKIM] = "adkim",
    [PST_DMARC_TAG_ASPF] = "aspf",
    [PST_DMARC_TAG_T] = "t",
    [PST_DMARC_TAG_PSD] = "psd",
    [PST_DMARC_TAG_FO] = "fo",
    [PST_DMARC_TAG_RUA] = "rua",
    [PST_DMARC_TAG_RUF] = "ruf",
    [PST_DMARC_TAG_PCT] = "pct",
    [PST_DMARC_TAG_RF] = "rf",
    [PST_DMARC_TAG_RI] = "ri",
};

const char *
pst_dmarc_tag_name(enum pst_dmarc_tag tag)
{
	return tag_names[tag];
}

unsigned
pst_dmarc_tag_find(struct pst_str name)
{
	unsigned tag = 0;

	while (
	    tag < PST_DMARC_TAGS && !pst_str_ieq(name, pst_str(tag_names[tag])))
		tag++;
	return tag;
}

void
pst_dmarc_say(const struct pst_dmarc_parts *parts, const char *name,
    struct pst_str term, const char *sentence, const char *instead)
{
	struct pst_finding_place place = {
	    parts->what->at, parts->what->text, term};

	pst_finding_add(parts->what->list, name, &place, sentence, instead);
}

const char *
pst_dmarc_shown(const struct pst_dmarc_parts *parts, struct pst_str part)
{
	const char *text =
	    pst_escaped(parts->arena, pst_str_first(part, MAX_SHOWN));

	if (part.len <= MAX_SHOWN)
		return text;
	return pst_arena_printf(parts->arena, "%s...", text);
}

/* What has a finding of its own and can be at the ends of a part. */
static bool
is_around(char c)
{
	return c != '\0' && strchr(" \t\r\n\"\\", c) != NULL;
}

struct pst_str
pst_dmarc_bare(struct pst_str s)
{
	while (s.len > 0 && is_around(s.ptr[0]))
		s = pst_str_from(s, 1);
	while (s.len > 0 && is_around(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
pst_dmarc_is_word(struct pst_str text, const char *words)
{
	struct pst_str rest = pst_str(words), word;
	bool more = true;

	while (pst_str_split(&rest, ' ', &word, &more))
		if (pst_str_ieq(text, word))
			return true;
	return false;
}

/* ---- is it a record at all ---- */

static bool
has_text(struct pst_str text, struct pst_str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (pst_str_istarts(pst_str_from(text, i), part))
			return true;
	return false;
}

bool
pst_dmarc_text_is_meant(struct pst_str text)
{
	size_t at = 0;

	while (at < text.len && !pst_is_alnum(text.ptr[at]))
		at++;
	text = pst_str_from(text, at);
	if (pst_str_istarts(text, PST_STR("dmarc1")) ||
	    has_text(text, PST_STR("v=dmarc")))
		return true;
	if (!pst_str_istarts(text, PST_STR("v")))
		return false;
	for (at = 1; at < text.len; at++)
		if (strchr(" \t:=", text.ptr[at]) == NULL ||
		    text.ptr[at] == '\0')
			break;
	return pst_str_istarts(pst_str_from(text, at), PST_STR("dmarc"));
}

struct pst_str
pst_dmarc_trim(struct pst_str s)
{
	while (s.len > 0 && pst_is_wsp(s.ptr[0]))
		s = pst_str_from(s, 1);
	while (s.len > 0 && pst_is_wsp(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static void
check_octets(const struct pst_dmarc_parts *parts)
{
	struct pst_str text = parts->what->text;

	for (size_t i = 0; i < text.len; i++) {
		struct pst_str octet = {text.ptr + i, 1};
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '\\') {
			pst_dmarc_say(parts, "dmarc-syntax", octet,
			    "The record has a backslash in it. It belongs "
			    "into some zone files only, and not into the form "
			    "of a web panel.",
			    "the record without backslashes");
			return;
		}
		if (c != '\t' && (c < ' ' || c > '~')) {
			pst_dmarc_say(parts, "dmarc-syntax", octet,
			    "The record has an octet that is not printable "
			    "ASCII, such as a typographic quotation mark or a "
			    "line end.",
			    "the record in plain ASCII, on one line");
			return;
		}
	}
}

/* Quotation marks are for zone files; a web panel adds them itself. */
static void
check_quotes(const struct pst_dmarc_parts *parts)
{
	size_t at = pst_str_find(parts->what->text, '"');

	if (at < parts->what->text.len)
		pst_dmarc_say(parts, "dmarc-quotes",
		    pst_str_first(pst_str_from(parts->what->text, at), 1),
		    "The record has quotation marks inside, so receivers do "
		    "not read it as it is meant.",
		    "the record without quotation marks, if a web panel asks "
		    "for it");
}

/* ---- v= ---- */

static void
check_version(const struct pst_dmarc_parts *parts)
{
	struct pst_str part = parts->first;
	size_t equals = pst_str_find(part, '=');
	struct pst_str value = pst_dmarc_trim(pst_str_from(part, equals + 1));
	struct pst_str version = PST_STR("DMARC1");
	const char *sentence;

	if (pst_str_ieq(
		pst_dmarc_trim(pst_str_first(part, equals)), PST_STR("v")) &&
	    pst_str_starts(value, version) && value.len > version.len &&
	    !pst_is_digit(value.ptr[version.len])) {
		/* "v=DMARC1\\;" has its own finding */
		if (value.ptr[version.len] == '\\')
			return;
		pst_dmarc_say(parts, "dmarc-lost-separator", part,
		    "The semicolon after v=DMARC1 is missing, so receivers do "
		    "not take this for a DMARC record.",
		    "v=DMARC1; p=...");
		return;
	}
	if (part.len > 0 && pst_is_wsp(part.ptr[0]))
		sentence = "The record begins with a blank, so receivers do "
			   "not take it for a DMARC record.";
	else if (pst_str_ieq(value, version))
		sentence = "DMARC1 has to be in capitals; receivers do not "
			   "take this for a DMARC record.";
	else
		sentence = "The record does not begin with v=DMARC1, so "
			   "receivers do not take it for a DMARC record.";
	pst_dmarc_say(
	    parts, "dmarc-wrong-version", part, sentence, "v=DMARC1; ...");
}

/* ---- tags ---- */

static void
check_unknown(
    struct pst_dmarc_parts *parts, struct pst_str part, struct pst_str name)
{
	const char *near = NULL;
	char *word = pst_arena_memdup(parts->arena, name.ptr, name.len);

	for (size_t i = 0; i < name.len; i++)
		word[i] = pst_lower(word[i]);
	for (size_t i = 0; i < PST_DMARC_TAGS && near == NULL; i++) {
		size_t len = strlen(tag_names[i]);

		if (!parts->seen[i] && len > 1 && i < PST_DMARC_TAG_PCT &&
		    pst_edit_distance(word, tag_names[i]) <=
			len / 3 + (len < 3))
			near = tag_names[i];
	}
	if (pst_dmarc_is_word(name, "policy"))
		near = "p";
	pst_dmarc_say(parts, "dmarc-unknown-tag", part,
	    pst_arena_printf(parts->arena,
		"%s= is not a tag of DMARC%s%s%s; receivers ignore it.",
		pst_dmarc_shown(parts, name),
		near == NULL ? "" : " (did you mean ", near == NULL ? "" : near,
		near == NULL ? "" : "=?)"),
	    near == NULL ? "nothing" :
			   pst_arena_printf(parts->arena, "%s=...", near));
}

/* A part without "name=". */
static void
check_stray(struct pst_dmarc_parts *parts, struct pst_str part)
{
	bool address = pst_str_find(part, '@') < part.len;

	pst_dmarc_say(parts, "dmarc-syntax", part,
	    pst_arena_printf(parts->arena,
		"%s is not \"tag=value\"; receivers ignore it.",
		pst_dmarc_shown(parts, part)),
	    address ? "a comma before the second address of a tag" :
		      "nothing, or tag=value");
}

static void
add_stray(struct pst_dmarc_parts *parts, struct pst_str part)
{
	if (parts->stray_count < PST_DMARC_MAX_STRAYS)
		parts->strays[parts->stray_count++] = part;
}

static void
check_part(struct pst_dmarc_parts *parts, struct pst_str part)
{
	size_t equals = pst_str_find(part, '=');
	struct pst_str name = pst_dmarc_trim(pst_str_first(part, equals));
	struct pst_str value = pst_dmarc_bare(pst_str_from(part, equals + 1));
	unsigned tag = pst_dmarc_tag_find(pst_dmarc_bare(name));

	if (part.len == 0)
		return;
	if (equals == part.len || name.len == 0) {
		add_stray(parts, part);
		check_stray(parts, part);
		return;
	}
	if (tag == PST_DMARC_TAGS) {
		add_stray(parts, part);
		check_unknown(parts, part, name);
		return;
	}
	if (parts->seen[tag]) {
		pst_dmarc_say(parts, "dmarc-repeated-tag", part,
		    pst_arena_printf(parts->arena,
			"%s= appears twice; receivers then use nothing of the "
			"record.",
			tag_names[tag]),
		    "each tag once");
		return;
	}
	parts->seen[tag] = true;
	parts->values[tag] = value;
	if (tag != PST_DMARC_TAG_V)
		pst_dmarc_value_check(
		    parts, &(struct pst_dmarc_part){tag, part, value});
}

void
pst_dmarc_text_check(const struct pst_dmarc_text *what)
{
	struct pst_dmarc_parts *parts =
	    pst_arena_alloc(what->list->arena, sizeof(*parts));
	struct pst_str rest = pst_dmarc_bare(what->text), part;
	bool more = true, parsed;
	size_t before = what->list->count;

	parts->what = what;
	parts->arena = what->list->arena;
	parsed = pst_dmarc_record_parse(parts->arena, rest, &parts->record);
	check_octets(parts);
	check_quotes(parts);
	(void)pst_str_split(&rest, ';', &parts->first, &more);
	if (what->text.len > 0 && pst_is_wsp(what->text.ptr[0]))
		parts->first =
		    pst_str_first(what->text, pst_str_find(what->text, ';'));
	if (!parsed ||
	    (parts->first.len > 0 && pst_is_wsp(parts->first.ptr[0])))
		check_version(parts);
	check_part(parts, pst_dmarc_trim(parts->first));
	for (size_t i = 0; i < PST_DMARC_MAX_STRAYS &&
	     pst_str_split(&rest, ';', &part, &more);
	     i++)
		check_part(parts, pst_dmarc_trim(part));
	if (parsed && !parts->record.repeated_tag)
		pst_dmarc_whole_check(parts);
	if (!parsed && what->list->count == before)
		pst_dmarc_say(parts, "dmarc-syntax", what->text,
		    "Receivers do not take this for a DMARC record.", NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/correct.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/domain.h"
#include "base/macros.h"
#include "survey/make_text.h"

#define MAX_CHANGES 600 /* octets of all notes */
#define MAX_NOTE 300
#define MAX_SHOWN 60 /* octets of a text from a record */

void
pst_correct_begin(struct pst_correct_notes *notes, struct pst_arena *arena)
{
	*notes = (struct pst_correct_notes){.arena = arena};
	pst_buf_init(&notes->text, arena, MAX_CHANGES + MAX_NOTE);
}

void
pst_correct_note(struct pst_correct_notes *notes, const char *format, ...)
{
	char note[MAX_NOTE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(note, sizeof(note), format, args);
	va_end(args);
	notes->count++;
	if (notes->cut)
		return;
	notes->cut = notes->text.len + strlen(note) > MAX_CHANGES;
	pst_buf_printf(&notes->text, "%s%s", notes->count > 1 ? "; " : "",
	    notes->cut ? "and more" : note);
}

void
pst_correct_note_place(
    struct pst_correct_notes *notes, const char *owner, const char *found_at)
{
	if (!pst_domain_eq(owner, found_at))
		pst_correct_note(notes,
		    "moved from %s; remove that record there",
		    pst_correct_shown(notes, pst_str(found_at)));
}

const char *
pst_correct_shown(const struct pst_correct_notes *notes, struct pst_str text)
{
	return pst_arena_printf(notes->arena, "%s%s",
	    pst_escaped(notes->arena, pst_str_first(text, MAX_SHOWN)),
	    text.len > MAX_SHOWN ? "..." : "");
}

/* Octets of UTF-8 that word processors write. */
static const struct {
	struct pst_str octets;
	char as; /* '\0': left out */
} typographic[] = {
    {PST_STR_INIT("\xe2\x80\x98"), '\0'}, /* single quotation marks */
    {PST_STR_INIT("\xe2\x80\x99"), '\0'},
    {PST_STR_INIT("\xe2\x80\x9c"), '\0'}, /* double ones */
    {PST_STR_INIT("\xe2\x80\x9d"), '\0'}, {PST_STR_INIT("\xe2\x80\x9e"), '\0'},
    {PST_STR_INIT("\xc2\xa0"), ' '},      /* a no-break space */
    {PST_STR_INIT("\xe2\x80\x8b"), '\0'}, /* a space of no width */
};

/* Returns how many octets at the start of s are one of these; 0: none. */
static size_t
take_typographic(struct pst_str s, struct pst_buf *out)
{
	for (size_t i = 0; i < PST_COUNT(typographic); i++) {
		if (!pst_str_starts(s, typographic[i].octets))
			continue;
		if (typographic[i].as != '\0')
			pst_buf_add_char(out, typographic[i].as);
		return typographic[i].octets.len;
	}
	return 0;
}

bool
pst_correct_clean(
    struct pst_correct_notes *notes, struct pst_str text, struct pst_str *out)
{
	bool quotes = false, backslashes = false, lines = false, other = false;
	struct pst_buf buf;
	size_t step;

	if (text.len > PST_MAKE_MAX_TEXT)
		return false;
	pst_buf_init(&buf, notes->arena, PST_MAKE_MAX_TEXT);
	for (size_t i = 0; i < text.len; i += step) {
		char c = text.ptr[i];

		step = 1;
		if (c == '"') {
			quotes = true;
		} else if (c == '\\') {
			backslashes = true;
		} else if (c == '\r' || c == '\n') {
			lines = true;
			pst_buf_add_char(&buf, ' ');
		} else if (c == '\t') {
			pst_buf_add_char(&buf, ' ');
		} else if (c >= ' ' && c <= '~') {
			pst_buf_add_char(&buf, c);
		} else {
			step = take_typographic(pst_str_from(text, i), &buf);
			other = true;
			if (step == 0)
				return false;
		}
	}
	if (quotes)
		pst_correct_note(notes, "no quotation marks in the text");
	if (backslashes)
		pst_correct_note(notes, "no backslashes");
	if (lines)
		pst_correct_note(notes, "no line end");
	if (other)
		pst_correct_note(notes, "plain ASCII only");
	*out = pst_buf_slice(&buf);
	return true;
}

bool
pst_correct_skip_version(struct pst_str *text, const char *word)
{
	struct pst_str rest = *text;

	while (rest.len > 0 && !pst_is_alnum(rest.ptr[0]))
		rest = pst_str_from(rest, 1);
	if (pst_str_istarts(rest, PST_STR("v"))) {
		rest = pst_str_from(rest, 1);
		while (rest.len > 0 && strchr(" :=", rest.ptr[0]) != NULL)
			rest = pst_str_from(rest, 1);
	}
	if (!pst_str_istarts(rest, pst_str(word)))
		return false;
	rest = pst_str_from(rest, strlen(word));
	while (rest.len > 0 && rest.ptr[0] == ' ')
		rest = pst_str_from(rest, 1);
	*text = rest;
	return true;
}

bool
pst_correct_is_clean(const struct pst_findings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].info->severity >= PST_SEVERITY_UNKNOWN)
			return false;
	return true;
}

void
pst_correct_add(struct pst_survey_part *part,
    const struct pst_correction *correction, struct pst_correct_notes *notes)
{
	struct pst_survey *survey = part->survey;
	struct pst_correction *added =
	    &survey->corrections[survey->correction_count];

	if (notes->count == 0 ||
	    survey->correction_count == PST_SURVEY_MAX_CORRECTIONS ||
	    pst_correct_find(survey, correction->owner) != NULL)
		return;
	*added = *correction;
	added->changes = pst_buf_str(&notes->text);
	assert(added->changes != NULL);
	survey->correction_count++;
}

const struct pst_correction *
pst_correct_find(const struct pst_survey *survey, const char *owner)
{
	for (size_t i = 0; i < survey->correction_count; i++)
		if (pst_domain_eq(survey->corrections[i].owner, owner))
			return &survey->corrections[i];
	return NULL;
}

const char *
pst_correct_print(
    struct pst_arena *arena, const struct pst_correction *correction)
{
	struct pst_made_record made;

	pst_make_finish(arena, correction->owner, correction->text, &made);
	if (made.zone == NULL)
		return NULL;
	return pst_arena_printf(
	    arena, "; corrected: %s\n%s\n", correction->changes, made.zone);
}

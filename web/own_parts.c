/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/own_parts.h"

#include <stdio.h>
#include <string.h>

const char *
pst_web_own_text(const struct pst_json_value *object, const char *key)
{
	const char *text = pst_json_as_text(pst_json_member(object, key));

	return text == NULL ? "" : text;
}

uint64_t
pst_web_own_number(const struct pst_json_value *object, const char *key)
{
	uint64_t number = 0;

	return pst_json_as_number(pst_json_member(object, key), &number) ?
	    number :
	    0;
}

void
pst_web_own_element(const struct pst_web_own *page, const char *tag,
    const char *class, const char *text)
{
	const char *cut = text;

	if (strlen(text) > PST_WEB_OWN_MAX_TEXT)
		cut = pst_arena_printf(page->request->arena, "%.*s...",
		    PST_WEB_OWN_MAX_TEXT, text);
	pst_html_element(page->html, tag, class, cut);
}

void
pst_web_own_count(struct pst_html *html, uint64_t number, const char *class)
{
	pst_html_markup(html, "<td class=\"num");
	if (number > 0 && class != NULL) {
		pst_html_markup(html, " ");
		pst_html_text(html, class);
	}
	pst_html_markup(html, "\">");
	pst_html_number(html, number);
	pst_html_markup(html, "</td>");
}

struct pst_web_own_word
pst_web_own_verdict(const char *name)
{
	static const struct pst_web_own_word words[] = {
	    {"safe", "next step is safe", "badge good", "verdict good"},
	    {"done", "no step is left", "badge good", "verdict good"},
	    {"in-the-way", "not yet", "badge warn", "verdict warn"},
	    {"too-little", "too little evidence", "badge", "verdict"},
	    {"no-record", "no record", "badge bad", "verdict bad"},
	    {"not-usable", "no usable record", "badge warn", "verdict warn"},
	    {"not-known", "DNS did not answer", "badge", "verdict"},
	};

	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i];
	return (struct pst_web_own_word){
	    name, name[0] == '\0' ? "not known" : name, NULL, "verdict"};
}

bool
pst_web_own_is_stale(const struct pst_web_request *request, int64_t made_s)
{
	return made_s < request->now_s - PST_WEB_OWN_STALE_S;
}

void
pst_web_own_mark_stale(const struct pst_web_own *page, int64_t made_s)
{
	if (pst_web_own_is_stale(page->request, made_s))
		pst_html_markup(
		    page->html, " <span class=\"badge warn\">old</span>");
}

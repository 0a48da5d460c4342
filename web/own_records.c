/* SPDX-License-Identifier: BSD-2-Clause */

/* What was found in the records of a domain, and the records. */

#include <string.h>

#include "web/own_parts.h"

#define MAX_FINDINGS 200 /* of one severity */
#define MAX_TERMS 200
#define MAX_ROWS 100
#define MAX_DEPTH 6 /* terms that are deeper are shown as deep as that */

static void
open_card(struct pst_html *html, const char *title)
{
	pst_html_markup(html, "<section class=\"card\">");
	pst_html_element(html, "h2", NULL, title);
}

static void
close_card(struct pst_html *html)
{
	pst_html_markup(html, "</section>\n");
}

static size_t
length(const struct pst_json_value *array)
{
	size_t count = 0;

	while (pst_json_element(array, count) != NULL)
		count++;
	return count;
}

static void
say_more(const struct pst_web_own *page, size_t shown, size_t all)
{
	if (all > shown)
		pst_html_element(page->html, "p", "dim",
		    pst_arena_printf(page->request->arena,
			"%zu more are not shown; \"postern check --json\" has "
			"all.",
			all - shown));
}

/* ---- findings ---- */

static const struct severity {
	const char *word;
	const char *title;
	const char *class;
	bool folded; /* nothing is to be done about them */
} severities[] = {
    {"error", "Errors", "badge bad", false},
    {"warning", "Warnings", "badge warn", false},
    {"unknown", "Not known", "badge", false},
    {"note", "Notes", "badge", true},
    {"good", "Good", "badge good", true},
};

static void
add_finding(const struct pst_web_own *page,
    const struct pst_json_value *finding, const struct severity *severity)
{
	const char *term = pst_web_own_text(finding, "term");
	const char *instead = pst_web_own_text(finding, "instead");
	struct pst_html *html = page->html;

	pst_html_markup(html, "<li><p class=\"wrap\">");
	pst_web_own_element(
	    page, "span", severity->class, pst_web_own_text(finding, "name"));
	pst_html_markup(html, " <span class=\"dim\">at ");
	pst_web_own_element(
	    page, "span", "mono", pst_web_own_text(finding, "at"));
	pst_html_markup(html, "</span></p>");
	pst_web_own_element(
	    page, "p", "wrap", pst_web_own_text(finding, "text"));
	if (term[0] != '\0')
		pst_web_own_element(page, "pre", "wrap", term);
	pst_web_own_element(
	    page, "p", "dim wrap", pst_web_own_text(finding, "meaning"));
	if (instead[0] != '\0') {
		pst_html_markup(html, "<p class=\"wrap\"><b>Instead:</b> ");
		pst_web_own_element(page, "span", NULL, instead);
		pst_html_markup(html, "</p>");
	}
	pst_html_markup(html, "</li>\n");
}

static bool
is_of(const struct pst_json_value *finding, const struct severity *severity)
{
	return strcmp(pst_web_own_text(finding, "severity"), severity->word) ==
	    0;
}

static void
open_group(struct pst_html *html, const struct severity *severity, size_t count)
{
	if (severity->folded)
		pst_html_markup(html, "<details><summary>");
	else
		pst_html_markup(html, "<h3>");
	pst_html_printf(html, "%s: %zu", severity->title, count);
	if (severity->folded)
		pst_html_markup(html, "</summary>");
	else
		pst_html_markup(html, "</h3>");
	pst_html_markup(html, "<ul class=\"findings\">\n");
}

/* Returns how many there are. */
static size_t
add_group(const struct pst_web_own *page, const struct severity *severity)
{
	const struct pst_json_value *list =
	    pst_json_member(page->value, "findings");
	size_t count = 0, shown = 0;
	const struct pst_json_value *one;

	for (size_t i = 0; (one = pst_json_element(list, i)) != NULL; i++)
		count += is_of(one, severity);
	if (count == 0)
		return 0;
	open_group(page->html, severity, count);
	for (size_t i = 0; (one = pst_json_element(list, i)) != NULL; i++) {
		if (!is_of(one, severity) || shown == MAX_FINDINGS)
			continue;
		add_finding(page, one, severity);
		shown++;
	}
	pst_html_markup(page->html, "</ul>");
	say_more(page, shown, count);
	if (severity->folded)
		pst_html_markup(page->html, "</details>\n");
	return count;
}

void
pst_web_own_findings(const struct pst_web_own *page)
{
	size_t grave = 0;

	open_card(page->html, "What was found");
	for (size_t i = 0; i < PST_COUNT(severities); i++) {
		if (severities[i].folded && grave == 0) {
			pst_html_markup(page->html,
			    "<p class=\"good\">There is nothing to mend.</p>");
			grave = 1;
		}
		grave += add_group(page, &severities[i]);
	}
	if (pst_json_is_true(pst_json_member(page->value, "findings_cut")))
		pst_html_markup(page->html,
		    "<p class=\"dim\">There are more findings than are "
		    "kept.</p>");
	close_card(page->html);
}

/* ---- the records ---- */

static void
open_row(struct pst_html *html)
{
	pst_html_markup(html, "<tr>");
}

static void
close_row(struct pst_html *html)
{
	pst_html_markup(html, "</tr>\n");
}

static void
cell(const struct pst_web_own *page, const struct pst_json_value *object,
    const char *key)
{
	pst_web_own_element(
	    page, "td", "mono wrap", pst_web_own_text(object, key));
}

static void
add_cost(const struct pst_web_own *page, const struct pst_json_value *term)
{
	uint64_t voids = pst_web_own_number(term, "voids_ipv6");

	if (pst_web_own_number(term, "voids") > voids)
		voids = pst_web_own_number(term, "voids");
	if (pst_json_is_true(pst_json_member(term, "failed")))
		pst_html_markup(
		    page->html, "<td class=\"num bad\">failed</td>");
	else
		pst_web_own_count(
		    page->html, pst_web_own_number(term, "lookups"), NULL);
	pst_web_own_count(page->html, voids, "warn");
}

static void
add_term(const struct pst_web_own *page, const struct pst_json_value *term)
{
	static const char *const classes[MAX_DEPTH + 1] = {"mono wrap",
	    "mono wrap depth1", "mono wrap depth2", "mono wrap depth3",
	    "mono wrap depth4", "mono wrap depth5", "mono wrap depth6"};
	uint64_t depth = pst_web_own_number(term, "depth");
	const char *text = pst_web_own_text(term, "term");

	open_row(page->html);
	pst_web_own_element(page, "td",
	    classes[depth < MAX_DEPTH ? depth : MAX_DEPTH],
	    text[0] == '\0' ? pst_web_own_text(term, "domain") : text);
	add_cost(page, term);
	cell(page, term, "record");
	close_row(page->html);
}

/* Terms without a look-up are in the record above them. */
static bool
is_shown(const struct pst_json_value *term)
{
	return pst_web_own_text(term, "term")[0] == '\0' ||
	    pst_web_own_number(term, "lookups") > 0 ||
	    pst_json_is_true(pst_json_member(term, "failed"));
}

static void
add_spf(const struct pst_web_own *page)
{
	static const char *const columns[] = {
	    "Term", "#Look-ups", "#Void", "Record"};
	const struct pst_json_value *spf = pst_json_member(page->value, "spf");
	const struct pst_json_value *terms = pst_json_member(spf, "terms");
	size_t shown = 0, all = 0;
	const struct pst_json_value *one;

	pst_html_markup(page->html, "<h3>SPF</h3>");
	if (pst_json_element(terms, 0) == NULL) {
		pst_html_markup(
		    page->html, "<p class=\"dim\">No record is known.</p>\n");
		return;
	}
	pst_html_element(page->html, "p", "dim",
	    pst_arena_printf(page->request->arena,
		"%ju look-ups, of %ju that receivers make; %ju void ones, of "
		"%ju.",
		(uintmax_t)pst_web_own_number(spf, "lookups"),
		(uintmax_t)pst_web_own_number(spf, "max_lookups"),
		(uintmax_t)pst_web_own_number(spf, "voids"),
		(uintmax_t)pst_web_own_number(spf, "max_voids")));
	pst_web_table(page->html, "The record and what it refers to", columns,
	    PST_COUNT(columns));
	for (size_t i = 0; (one = pst_json_element(terms, i)) != NULL; i++) {
		if (!is_shown(one))
			continue;
		if (all++ < MAX_TERMS) {
			add_term(page, one);
			shown++;
		}
	}
	pst_web_table_end(page->html);
	say_more(page, shown, all);
}

/* A table of objects; a column that begins with "#" is a number. */
struct list {
	const char *title, *caption, *none;
	const char *columns[4];
	const char *keys[4];
	size_t count;
};

static void
add_list(const struct pst_web_own *page, const struct pst_json_value *array,
    const struct list *list)
{
	size_t all = length(array);
	size_t shown = all < MAX_ROWS ? all : MAX_ROWS;

	if (list->title != NULL)
		pst_html_element(page->html, "h3", NULL, list->title);
	if (all == 0) {
		if (list->none != NULL)
			pst_html_element(page->html, "p", "dim", list->none);
		return;
	}
	pst_web_table(page->html, list->caption, list->columns, list->count);
	for (size_t i = 0; i < shown; i++) {
		const struct pst_json_value *one = pst_json_element(array, i);

		open_row(page->html);
		for (size_t j = 0; j < list->count; j++)
			if (list->columns[j][0] == '#')
				pst_web_own_count(page->html,
				    pst_web_own_number(one, list->keys[j]),
				    NULL);
			else
				cell(page, one, list->keys[j]);
		close_row(page->html);
	}
	pst_web_table_end(page->html);
	say_more(page, shown, all);
}

static const struct list keys = {"DKIM", "Keys that are published",
    "No key was found. Selectors cannot be listed: those of mail that came "
    "here and common ones were tried.",
    {"Selector", "Type", "#Bits", "Record"},
    {"selector", "type", "bits", "record"}, 4};

static const struct list walk = {"DMARC", "Where a record was looked for",
    "Nothing was looked for.", {"Name", "Answer", "Record"},
    {"name", "status", "record"}, 3};

static const struct list policies = {NULL, "The policy that applies", NULL,
    {"To", "Policy", "Tag", "Record at"}, {"who", "policy", "tag", "from"}, 4};

static const struct list hosts = {"Hosts",
    "Hosts that take or send its mail, and whether their names are right",
    "No host that takes its mail is known.",
    {"Host", "#Preference", "Addresses", "Reverse DNS"},
    {"name", "preference", "addresses", "fcrdns"}, 4};

static void
add_paste(const struct pst_web_own *page)
{
	const char *paste = pst_web_own_text(page->value, "publish");

	if (paste[0] == '\0')
		return;
	open_card(page->html, "Records to publish");
	pst_html_markup(page->html, "<pre class=\"wrap\">");
	pst_html_lines(page->html, paste);
	pst_html_markup(page->html, "</pre>");
	close_card(page->html);
}

void
pst_web_own_records(const struct pst_web_own *page)
{
	const struct pst_json_value *dmarc =
	    pst_json_member(page->value, "dmarc");

	open_card(page->html, "Records as they are published");
	pst_html_markup(page->html, "<p class=\"wrap\">DNSSEC: ");
	pst_web_own_element(
	    page, "span", NULL, pst_web_own_text(page->value, "dnssec"));
	pst_html_markup(page->html, "</p>");
	add_spf(page);
	add_list(page, pst_json_member(page->value, "dkim"), &keys);
	add_list(page, pst_json_member(dmarc, "walk"), &walk);
	add_list(page, pst_json_member(dmarc, "policies"), &policies);
	add_list(page, pst_json_member(page->value, "hosts"), &hosts);
	close_card(page->html);
	add_paste(page);
}

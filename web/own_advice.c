/* SPDX-License-Identifier: BSD-2-Clause */

/* Whether the policy of a domain may become stricter, and who sends as it. */

#include <string.h>

#include "web/own_parts.h"

#define MAX_SOURCES 100
#define MAX_ANOMALIES 100

/* How judgements are told. */
static const struct {
	const char *name, *text, *class;
} judgements[] = {
    {"aligned", "yours", "badge good"},
    {"broken", "yours, broken", "badge bad"},
    {"forwarder", "forwarder", "badge"},
    {"forgery", "forgery", "badge"},
    {"unclear", "unclear", "badge warn"},
};

/* ---- the verdict ---- */

static void
add_verdict(const struct pst_web_own *page)
{
	struct pst_web_own_word word =
	    pst_web_own_verdict(pst_web_own_text(page->value, "verdict"));
	const char *step = pst_web_own_text(page->value, "step");
	const char *zone = pst_web_own_text(page->value, "zone");

	pst_web_own_element(
	    page, "p", word.verdict, pst_web_own_text(page->value, "sentence"));
	if (zone[0] == '\0')
		return;
	pst_html_markup(page->html, "<h3>The record to publish next</h3>");
	if (step[0] != '\0')
		pst_web_own_element(page, "p", "wrap", step);
	pst_html_markup(page->html, "<pre class=\"wrap\">");
	pst_html_lines(page->html, zone);
	pst_html_markup(page->html, "</pre>\n");
}

static void
add_evidence(const struct pst_web_own *page)
{
	struct pst_html *html = page->html;

	pst_html_markup(html, "<p class=\"dim\">Reports of ");
	pst_html_number(
	    html, pst_web_own_number(page->value, "known_receivers"));
	pst_html_markup(html, " known receivers are about ");
	pst_html_number(html, pst_web_own_number(page->value, "days"));
	pst_html_markup(html, " days; ");
	pst_html_number(
	    html, pst_web_own_number(page->value, "other_receivers"));
	pst_html_markup(html,
	    " other receivers reported none of your sources, or too seldom. "
	    "This gateway itself saw ");
	pst_html_number(html, pst_web_own_number(page->value, "seen_here"));
	pst_html_markup(html, " messages in its name, ");
	pst_html_number(
	    html, pst_web_own_number(page->value, "seen_here_aligned"));
	pst_html_markup(html, " of them aligned.</p>\n");
}

/* ---- what is unusual ---- */

static void
add_anomalies(const struct pst_web_own *page)
{
	const struct pst_json_value *list =
	    pst_json_member(page->value, "anomalies");
	uint64_t more = pst_web_own_number(page->value, "anomalies_more");
	struct pst_html *html = page->html;
	const struct pst_json_value *one;

	pst_html_markup(html, "<h3>What is unusual in the latest reports</h3>");
	if (list == NULL) {
		pst_html_markup(html,
		    "<p class=\"dim\">The last review did not look for it: "
		    "\"postern advise --own --anomalies --keep\" does.</p>\n");
		return;
	}
	if (pst_json_element(list, 0) == NULL) {
		pst_html_add_markup(html,
		    pst_json_is_true(
			pst_json_member(page->value, "anomalies_known")) ?
			"<p class=\"good\">Nothing.</p>\n" :
			"<p class=\"dim\">There are too few days of reports to "
			"compare with.</p>\n");
		return;
	}
	pst_html_markup(html, "<ul class=\"findings\">\n");
	for (size_t i = 0;
	     i < MAX_ANOMALIES && (one = pst_json_element(list, i)) != NULL;
	     i++) {
		pst_html_markup(html, "<li><p class=\"wrap\">");
		pst_web_own_element(
		    page, "span", "badge warn", pst_web_own_text(one, "name"));
		pst_html_markup(html, " ");
		pst_web_own_element(
		    page, "span", NULL, pst_web_own_text(one, "text"));
		pst_html_markup(html, "</p></li>\n");
	}
	pst_html_markup(html, "</ul>");
	if (more > 0)
		pst_html_element(html, "p", "dim",
		    pst_arena_printf(page->request->arena, "And %ju more.",
			(uintmax_t)more));
}

/* ---- the sources ---- */

static void
add_judgement(
    const struct pst_web_own *page, const struct pst_json_value *source)
{
	const char *name = pst_web_own_text(source, "judgement");
	const char *text = name, *class = "badge";

	for (size_t i = 0; i < PST_COUNT(judgements); i++)
		if (strcmp(judgements[i].name, name) == 0) {
			text = judgements[i].text;
			class = judgements[i].class;
		}
	pst_html_markup(page->html, "<td>");
	pst_web_own_element(page, "span", class, text);
	if (pst_json_is_true(pst_json_member(source, "in_the_way")))
		pst_html_markup(page->html,
		    "<br><span class=\"badge bad\">in the way</span>");
	pst_html_markup(page->html, "</td>");
}

/* What the owner said of it. */
static void
add_mark(const struct pst_web_own *page, const struct pst_json_value *source)
{
	const char *mark = pst_web_own_text(source, "mark");
	const char *note = pst_web_own_text(source, "note");

	if (mark[0] != '\0' && strcmp(mark, "none") != 0) {
		pst_html_markup(page->html, "<br>marked as ");
		pst_web_own_element(page, "span", "badge", mark);
	}
	if (note[0] != '\0') {
		pst_html_markup(page->html, "<br>");
		pst_web_own_element(page, "span", "dim", note);
	}
}

static void
add_source_name(
    const struct pst_web_own *page, const struct pst_json_value *source)
{
	uint64_t addresses = pst_web_own_number(source, "addresses");
	const char *name = pst_web_own_text(source, "name");
	struct pst_html *html = page->html;

	pst_html_markup(html, "<th scope=\"row\" class=\"wrap\">");
	pst_web_own_element(
	    page, "span", "mono", pst_web_own_text(source, "source"));
	if (addresses > 1)
		pst_html_printf(html, " (%ju addresses)", (uintmax_t)addresses);
	if (name[0] != '\0') {
		pst_html_markup(html, "<br>");
		pst_web_own_element(page, "span", "dim", name);
	}
	add_mark(page, source);
	pst_html_markup(html, "</th>");
}

/* The reasons, as whom it passes, and what to do. */
static void
add_why(const struct pst_web_own *page, const struct pst_json_value *source)
{
	static const struct {
		const char *key, *label, *class;
	} parts[] = {
	    {"why", "", NULL},
	    {"authenticated", "passes as ", "dim"},
	    {"fix", "To do: ", NULL},
	};
	struct pst_html *html = page->html;

	pst_html_markup(html, "<td class=\"why wrap\">");
	for (size_t i = 0; i < PST_COUNT(parts); i++) {
		const char *text = pst_web_own_text(source, parts[i].key);

		if (text[0] == '\0')
			continue;
		if (i > 0)
			pst_html_markup(html, "<br>");
		pst_web_own_element(page, "span", parts[i].class,
		    pst_arena_printf(page->request->arena, "%s%.*s",
			parts[i].label, PST_WEB_OWN_MAX_TEXT, text));
	}
	pst_html_markup(html, "</td>");
}

static void
add_receivers(
    const struct pst_web_own *page, const struct pst_json_value *source)
{
	uint64_t count = pst_web_own_number(source, "receiver_count");

	pst_html_markup(page->html, "<td class=\"wrap\">");
	pst_web_own_element(
	    page, "span", NULL, pst_web_own_text(source, "receivers"));
	/* The file names five. */
	if (count > 5)
		pst_html_printf(
		    page->html, " and %ju more", (uintmax_t)(count - 5));
	pst_html_markup(page->html, "</td>");
}

static void
add_source(const struct pst_web_own *page, const struct pst_json_value *source)
{
	uint64_t messages = pst_web_own_number(source, "messages");
	struct pst_html *html = page->html;

	pst_html_markup(html, "<tr>");
	add_source_name(page, source);
	add_judgement(page, source);
	add_why(page, source);
	add_receivers(page, source);
	pst_web_own_count(html, messages, NULL);
	pst_html_markup(html, "<td class=\"num\">");
	pst_html_share(
	    html, messages, pst_web_own_number(page->value, "messages"));
	pst_html_markup(html, "</td><td class=\"num\">");
	pst_html_share(html, pst_web_own_number(source, "passed"), messages);
	pst_html_markup(html, "</td>");
	pst_web_own_element(
	    page, "td", NULL, pst_web_own_text(source, "trend"));
	pst_web_own_count(html, pst_web_own_number(source, "days"), NULL);
	pst_html_markup(html, "</tr>\n");
}

static void
add_sources(const struct pst_web_own *page)
{
	static const char *const columns[] = {"Source", "Judgement",
	    "Why, and what to do", "Reported by", "#Messages", "#Share",
	    "#Passed", "Trend", "#Days"};
	const struct pst_json_value *list =
	    pst_json_member(page->value, "sources");
	uint64_t left = pst_web_own_number(page->value, "sources_left_out");
	const struct pst_json_value *one;
	size_t i;

	pst_html_markup(page->html, "<h3>Who sends in its name</h3>");
	if (pst_json_element(list, 0) == NULL) {
		pst_html_markup(page->html,
		    "<p class=\"dim\">No report names a source.</p>\n");
		return;
	}
	pst_web_table(page->html,
	    "Sources of the reports, those in the way first", columns,
	    PST_COUNT(columns));
	for (i = 0; (one = pst_json_element(list, i)) != NULL; i++)
		if (i < MAX_SOURCES)
			add_source(page, one);
	pst_web_table_end(page->html);
	left += i > MAX_SOURCES ? i - MAX_SOURCES : 0;
	if (left > 0)
		pst_html_element(page->html, "p", "dim",
		    pst_arena_printf(page->request->arena,
			"%ju more are not shown; \"postern advise --json\" has "
			"all.",
			(uintmax_t)left));
}

void
pst_web_own_advice(const struct pst_web_own *page)
{
	pst_html_markup(page->html,
	    "<section class=\"card\"><h2>Whether its policy may become "
	    "stricter</h2>");
	add_verdict(page);
	add_evidence(page);
	add_anomalies(page);
	add_sources(page);
	pst_html_markup(page->html, "</section>\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* One of our own domains: its records, and the advice about its policy. */

#include <string.h>

#include "web/own_parts.h"

struct page {
	struct pst_web_own own;
	const char *domain;
	struct pst_review parts[PST_REVIEW_PARTS];
};

static bool
is_own(const struct pst_web_request *request, const char *domain)
{
	struct pst_review_domains own;

	pst_review_domains(request->arena, request->site->config, &own);
	for (size_t i = 0; i < own.count; i++)
		if (strcmp(own.names[i], domain) == 0)
			return true;
	return false;
}

/* ---- the head of the page ---- */

static void
add_links(const struct page *page)
{
	struct pst_web_request *request = page->own.request;
	struct pst_html *html = page->own.html;
	struct pst_web_param params[] = {{"key", page->domain}};

	pst_html_markup(html, "<p>");
	pst_html_link(html, pst_web_href(request, PST_WEB_DOMAIN, params, 1),
	    "Mail in its name that came here");
	params[0].name = "domain";
	pst_html_markup(html, " \xc2\xb7 ");
	pst_html_link(html, pst_web_href(request, PST_WEB_RECEIVED, params, 1),
	    "What others report about it");
	pst_html_markup(html, " \xc2\xb7 ");
	pst_html_link(html, pst_web_href(request, PST_WEB_OWN, NULL, 0),
	    "All our domains");
	pst_html_markup(html, "</p>\n");
}

static void
read_part(struct page *page, enum pst_review_part part)
{
	static const char *const missing[PST_REVIEW_PARTS] = {
	    [PST_REVIEW_RECORDS] =
		"The records of this domain have not been examined yet. Run "
		"\"postern check --own --keep\", or let it be done each day: "
		"\"systemctl enable --now postern-check.timer\".",
	    [PST_REVIEW_ADVICE] =
		"No advice has been made about this domain yet. Run \"postern "
		"advise --own --anomalies --keep\", or let it be done each "
		"day: \"systemctl enable --now postern-check.timer\".",
	};
	struct pst_web_request *request = page->own.request;
	struct pst_review_place place = {
	    pst_review_dir(request->arena, request->site->config), page->domain,
	    part};
	struct pst_err err;

	if (!pst_review_read(request->arena, &place, &page->parts[part], &err))
		pst_web_notice(page->own.html,
		    pst_arena_printf(request->arena, "%s.", err.text));
	else if (page->parts[part].result == NULL)
		pst_web_notice(page->own.html, missing[part]);
}

static void
add_times(const struct page *page)
{
	static const char *const labels[PST_REVIEW_PARTS] = {
	    [PST_REVIEW_RECORDS] = "The records were examined at ",
	    [PST_REVIEW_ADVICE] = "The advice was made at ",
	};
	struct pst_html *html = page->own.html;

	pst_html_markup(html, "<p class=\"dim\">");
	for (size_t i = 0; i < PST_REVIEW_PARTS; i++) {
		if (page->parts[i].result == NULL)
			continue;
		pst_html_text(html, labels[i]);
		pst_web_time(html, page->parts[i].made_s);
		pst_html_text(html, " UTC");
		pst_web_own_mark_stale(&page->own, page->parts[i].made_s);
		pst_html_text(html, ". ");
	}
	pst_html_markup(html, "</p>\n");
}

/* ---- the figures ---- */

static void
add_count(const struct page *page, const char *label, uint64_t count,
    const char *class)
{
	pst_web_figure(page->own.html, label,
	    pst_web_number(page->own.request->arena, count), NULL,
	    count == 0 ? NULL : class);
}

static uint64_t
of_severity(const struct pst_json_value *result, const char *severity)
{
	const struct pst_json_value *list = pst_json_member(result, "findings");
	const struct pst_json_value *one;
	uint64_t count = 0;

	for (size_t i = 0; (one = pst_json_element(list, i)) != NULL; i++)
		count +=
		    strcmp(pst_web_own_text(one, "severity"), severity) == 0;
	return count;
}

static void
add_record_figures(const struct page *page)
{
	const struct pst_json_value *result =
	    page->parts[PST_REVIEW_RECORDS].result;
	const struct pst_json_value *policy = pst_json_element(
	    pst_json_member(pst_json_member(result, "dmarc"), "policies"), 0);
	const char *word = pst_web_own_text(policy, "policy");
	struct pst_arena *arena = page->own.request->arena;

	if (result == NULL)
		return;
	if (pst_web_own_text(policy, "from")[0] == '\0')
		word = "none is known";
	pst_web_figure(page->own.html, "published policy",
	    pst_arena_printf(arena, "%.20s", word), NULL, NULL);
	add_count(page, "errors", of_severity(result, "error"), "bad");
	add_count(page, "warnings", of_severity(result, "warning"), "warn");
	add_count(page, "not known", of_severity(result, "unknown"), "warn");
}

static void
add_advice_figures(const struct page *page)
{
	const struct pst_json_value *result =
	    page->parts[PST_REVIEW_ADVICE].result;
	uint64_t messages = pst_web_own_number(result, "messages");
	struct pst_arena *arena = page->own.request->arena;

	if (result == NULL)
		return;
	add_count(page, "messages", messages, NULL);
	pst_web_figure(page->own.html, "of them pass",
	    pst_html_share_text(
		arena, pst_web_own_number(result, "passed"), messages),
	    NULL, NULL);
	add_count(page, "in the way", pst_web_own_number(result, "in_the_way"),
	    "warn");
}

/* ---- the page ---- */

static void
add_parts(struct page *page)
{
	struct pst_web_own own = page->own;
	bool any = page->parts[PST_REVIEW_RECORDS].result != NULL ||
	    page->parts[PST_REVIEW_ADVICE].result != NULL;

	if (!any)
		return;
	add_times(page);
	pst_web_figures(own.html);
	add_record_figures(page);
	add_advice_figures(page);
	pst_web_figures_end(own.html);
	own.value = page->parts[PST_REVIEW_RECORDS].result;
	if (own.value != NULL) {
		pst_web_own_findings(&own);
		pst_web_own_records(&own);
	}
	own.value = page->parts[PST_REVIEW_ADVICE].result;
	if (own.value != NULL)
		pst_web_own_advice(&own);
}

unsigned
pst_web_show_own_domain(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {.own = {.request = request, .html = html},
	    .domain = pst_web_param(request, "key")};

	if (page.domain == NULL || !is_own(request, page.domain)) {
		pst_web_notice(html,
		    "The address of this page names no domain of yours. "
		    "Choose one among \"Our domains\"; own-domains in "
		    "postern.conf says which ones they are.");
		return 404;
	}
	*title = page.domain;
	add_links(&page);
	for (unsigned part = 0; part < PST_REVIEW_PARTS; part++)
		read_part(&page, (enum pst_review_part)part);
	add_parts(&page);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* The search for messages. */

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "core/explained.h"
#include "core/print.h"
#include "web/message_query.h"
#include "web/page.h"
#include "web/view_parts.h"

#define MAX_ECHO 120

struct page {
	struct pst_web_request *request;
	struct pst_html *html;
	struct pst_arena *arena;
	struct pst_web_query query;
	const struct pst_web_kind *found_as; /* NULL: nothing was, or no text */
	const char *looked_as;               /* the titles of what was tried */
	unsigned tried; /* a bit for each enum pst_journal_kind */
};

/* ---- searching ---- */

static bool
search_once(struct page *page, struct pst_journals *journals,
    const struct pst_journal_key *key, struct pst_err *err)
{
	struct pst_web_search *search = &page->query.search;
	bool all = search->all;
	bool ok;

	search->keys = key;
	search->key_count = key == NULL ? 0 : 1;
	/* A message that is named is shown whatever became of it. */
	if (key != NULL &&
	    (key->kind == PST_JOURNAL_QUEUE_ID ||
		key->kind == PST_JOURNAL_MESSAGE_ID))
		search->all = true;
	ok = pst_web_search(page->request, journals, search, err);
	search->all = all;
	return ok;
}

/* Tries each meaning of the text until something is found. */
static bool
search_ways(
    struct page *page, struct pst_journals *journals, struct pst_err *err)
{
	struct pst_web_ways ways;

	pst_web_query_ways(page->arena, &page->query, &ways);
	for (size_t i = 0; i < ways.count; i++) {
		if (!search_once(page, journals, &ways.keys[i], err))
			return false;
		page->tried |= 1u << ways.keys[i].kind;
		page->looked_as = i == 0 ?
		    ways.kinds[0]->title :
		    pst_arena_printf(page->arena, "%s, %s", page->looked_as,
			ways.kinds[i]->title);
		if (page->query.search.count > 0 || page->query.search.late) {
			page->found_as = ways.kinds[i];
			return true;
		}
	}
	return true;
}

static bool
search(struct page *page)
{
	const char *note = NULL;
	struct pst_err err;
	struct pst_journals *journals = pst_journals_open(
	    page->arena, page->request->site->config, &note, &err);
	bool ok = journals != NULL;

	if (ok && page->query.fault == NULL)
		ok = page->query.text == NULL ?
		    search_once(page, journals, NULL, &err) :
		    search_ways(page, journals, &err);
	pst_journals_close(journals);
	if (!ok)
		pst_web_notice(page->html, err.text);
	if (note != NULL)
		pst_web_notice(page->html, note);
	if (page->query.search.unreadable > 0)
		pst_web_notice(page->html,
		    pst_arena_printf(page->arena,
			"%" PRIu64 " entries were left out: they are damaged "
			"or of a newer version.",
			page->query.search.unreadable));
	return ok;
}

/* ---- the form ---- */

static void
add_kinds(const struct page *page)
{
	static const char *const choices[][2] = {
	    {"", "whatever it is"},
	    {"id", "queue id"},
	    {"mid", "Message-ID"},
	    {"from", "From domain"},
	    {"to", "recipient or its domain"},
	    {"client", "client address"},
	};

	pst_html_markup(page->html, "<label>It is a <select name=\"in\">");
	for (size_t i = 0; i < PST_COUNT(choices); i++)
		pst_web_option(page->html, choices[i][0], choices[i][1],
		    page->query.in != NULL &&
			strcmp(page->query.in, choices[i][0]) == 0);
	pst_html_markup(page->html, "</select></label>\n");
}

static void
add_filters(const struct page *page)
{
	pst_html_markup(
	    page->html, "<label>What was done <select name=\"action\">");
	pst_web_option(page->html, "", "anything", page->query.choice == NULL);
	for (size_t i = 0; i < PST_WEB_CHOICES; i++)
		pst_web_option(page->html, pst_web_choices[i].word,
		    pst_web_choices[i].title,
		    page->query.choice == &pst_web_choices[i]);
	pst_html_markup(page->html, "</select></label>\n");
}

static void
add_form(const struct page *page)
{
	struct pst_html *html = page->html;

	pst_web_form(page->request, html, PST_WEB_MESSAGES);
	pst_html_markup(html,
	    "<label class=\"wide\">Look for <input type=\"search\" name=\"q\" "
	    "maxlength=\"512\" placeholder=\"queue id, Message-ID, address, "
	    "domain\" autocomplete=\"off\" spellcheck=\"false\" value=\"");
	pst_html_text(html, page->query.text);
	pst_html_markup(html, "\"></label>\n");
	add_kinds(page);
	add_filters(page);
	pst_html_markup(html,
	    "<label>From (UTC) <input type=\"text\" name=\"since\" "
	    "maxlength=\"19\" size=\"16\" placeholder=\"2026-11-30\" "
	    "autocomplete=\"off\"");
	pst_web_form_value(page->request, html, "since");
	pst_html_markup(html,
	    "></label>\n<label>To (UTC) <input type=\"text\" name=\"until\" "
	    "maxlength=\"19\" size=\"16\" placeholder=\"2026-11-30T10:15\" "
	    "autocomplete=\"off\"");
	pst_web_form_value(page->request, html, "until");
	pst_html_markup(html,
	    "></label>\n<label>Rule <input type=\"text\" name=\"rule\" "
	    "maxlength=\"128\" size=\"16\" placeholder=\"any\" "
	    "autocomplete=\"off\"");
	pst_web_form_value(page->request, html, "rule");
	pst_html_markup(html,
	    "></label>\n<label class=\"check\"><input type=\"checkbox\" "
	    "name=\"accepted\" value=\"1\"");
	if (pst_web_param(page->request, "accepted") != NULL)
		pst_html_markup(html, " checked");
	pst_html_markup(html,
	    "> also those that were simply accepted</label>\n"
	    "<button type=\"submit\">Search</button>\n</form>\n");
}

/* ---- what was found ---- */

static void
add_param(struct pst_web_param *params, size_t *count, const char *name,
    const char *v)
{
	if (v != NULL && *count < PST_WEB_MAX_PARAMS)
		params[(*count)++] = (struct pst_web_param){name, v};
}

/* The address of the same search, except for what is given. */
static const char *
address(const struct page *page, bool all, int64_t until_s, size_t skip)
{
	const struct pst_web_request *request = page->request;
	struct pst_web_param params[PST_WEB_MAX_PARAMS];
	struct pst_arena *arena = page->arena;
	size_t count = 0;

	add_param(params, &count, "q", page->query.text);
	add_param(params, &count, "in",
	    page->found_as != NULL ? page->found_as->word : page->query.in);
	if (page->query.text == NULL)
		count = 0;
	if (page->query.choice != NULL)
		add_param(params, &count, "action", page->query.choice->word);
	add_param(params, &count, "rule", page->query.search.rule);
	add_param(params, &count, "since", pst_web_param(request, "since"));
	add_param(params, &count, "until", pst_web_param(request, "until"));
	add_param(params, &count, "accepted", all ? "1" : NULL);
	if (until_s != 0)
		add_param(params, &count, "before",
		    pst_arena_printf(arena, "%" PRId64, until_s));
	if (skip != 0)
		add_param(params, &count, "skip",
		    pst_arena_printf(arena, "%zu", skip));
	return pst_web_href(request, PST_WEB_MESSAGES, params, count);
}

static void
add_pages(const struct page *page)
{
	const struct pst_web_search *search = &page->query.search;
	struct pst_html *html = page->html;

	if (search->late) {
		pst_html_markup(html, "<p class=\"notice\">");
		pst_html_printf(html,
		    "The search has got to messages of %s so far. There may be "
		    "older ones: ",
		    pst_explained_time(page->arena, search->looked_s));
		pst_html_link(html,
		    address(page, search->all, search->next_until_s,
			search->next_skip),
		    "go on");
		pst_html_markup(html, ".</p>\n");
	}
	pst_html_markup(html, "<nav class=\"pages\" aria-label=\"Pages\">");
	if (pst_web_param(page->request, "before") != NULL)
		pst_html_link(html, address(page, search->all, 0, 0), "Newest");
	if (search->more && !search->late) {
		pst_html_markup(html, " ");
		pst_html_link(html,
		    address(page, search->all, search->next_until_s,
			search->next_skip),
		    "Older");
	}
	pst_html_markup(html, "</nav>\n");
}

static bool
was_tried(const struct page *page, enum pst_journal_kind kind)
{
	return (page->tried & 1u << kind) != 0;
}

/* Which messages the page is about, apart from the text. */
static const char *
what_is_shown(const struct page *page)
{
	if (page->query.choice != NULL &&
	    page->query.choice->filter == PST_WEB_NOT_ENFORCED)
		return "messages of which a decision was not enforced";
	if (page->query.choice != NULL)
		return pst_arena_printf(page->arena, "messages that were %s",
		    page->query.choice->title);
	if (page->query.search.all || was_tried(page, PST_JOURNAL_QUEUE_ID) ||
	    was_tried(page, PST_JOURNAL_MESSAGE_ID))
		return "messages";
	return "messages that were not simply accepted";
}

static const char *
caption(const struct page *page)
{
	const char *what = what_is_shown(page);

	if (page->found_as == NULL)
		return pst_arena_printf(page->arena, "The newest %s", what);
	return pst_arena_printf(page->arena, "The newest %s with the %s %s",
	    what, page->found_as->title,
	    pst_print_word(page->arena, pst_str(page->query.text), MAX_ECHO));
}

/* What else could help if nothing was found. */
static void
add_nothing(const struct page *page)
{
	const struct pst_config *config = page->request->site->config;
	struct pst_html *html = page->html;

	pst_html_markup(html, "<div class=\"notice\"><p class=\"wrap\">No ");
	pst_html_text(html, what_is_shown(page));
	pst_html_markup(html, " were found");
	if (page->looked_as != NULL)
		pst_html_printf(html, " with %s (as %s)",
		    pst_print_word(
			page->arena, pst_str(page->query.text), MAX_ECHO),
		    page->looked_as);
	pst_html_markup(html, ".</p>\n<ul>\n");
	if (!page->query.search.all) {
		pst_html_markup(html,
		    "<li>Messages that were simply accepted were left out: ");
		pst_html_link(
		    html, address(page, true, 0, 0), "look at them, too");
		pst_html_markup(html, ".</li>\n");
	}
	if (config->journal.keep == PST_KEPT_NONE)
		pst_html_markup(html,
		    "<li>The journal is switched off now (journal.keep = "
		    "none).</li>\n");
	else if (config->journal.keep == PST_KEPT_EXCEPTIONS)
		pst_html_markup(html,
		    "<li>Messages that were simply accepted are not kept "
		    "(journal.keep = exceptions).</li>\n");
	if (was_tried(page, PST_JOURNAL_RCPT) &&
	    config->journal.recipients != PST_KEPT_RCPTS_FULL)
		pst_html_markup(html,
		    "<li>Addresses of recipients are not kept "
		    "(journal.recipients). Look for their domain.</li>\n");
	if (was_tried(page, PST_JOURNAL_QUEUE_ID))
		pst_html_markup(html,
		    "<li>A queue id is the first word of posternd's log line. "
		    "A message that the MTA refused before its end has none "
		    "there.</li>\n");
	pst_html_markup(html,
	    "<li>A message appears about a second after its reply. Old ones "
	    "are deleted (journal.retention, journal.max-size). If there are "
	    "several gateways, another one may have had it.</li>\n"
	    "</ul></div>\n");
}

unsigned
pst_web_show_messages(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {
	    .request = request, .html = html, .arena = request->arena};
	/* There is nobody to search a page that was exported. */
	bool is_export = request->site->export_name != NULL;

	(void)title;
	pst_web_query_read(request, &page.query);
	if (!is_export)
		add_form(&page);
	if (!search(&page))
		return 200;
	if (page.query.fault != NULL) {
		pst_web_notice(html, page.query.fault);
		return 200;
	}
	if (page.query.search.count > 0)
		pst_web_message_table(
		    request, html, caption(&page), &page.query.search);
	else if (!page.query.search.late)
		add_nothing(&page);
	add_pages(&page);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* One message: why it was refused, and what can be done. */

#include <inttypes.h>
#include <string.h>

#include "core/explained.h"
#include "core/print.h"
#include "store/journal_entry.h"
#include "web/message_rows.h"
#include "web/page.h"

#define MAX_ECHO 120

struct page {
	struct pst_web_request *request;
	struct pst_html *html;
	struct pst_arena *arena;
	const char *id;   /* or NULL */
	const char *mark; /* or NULL */
	int64_t seen_s;   /* 0: not given */
	/* What was found */
	bool is_found;
	struct pst_str octets;
	const char *gateway;
	int64_t found_s;
};

/* ---- finding it ---- */

static bool
take(void *arg, const struct pst_journals_found *found)
{
	struct page *page = arg;
	const struct pst_recorded *recorded = found->recorded;

	if (page->id == NULL && recorded->message.queue_id[0] != '\0')
		return true;
	if (page->mark != NULL &&
	    strcmp(page->mark, pst_web_message_mark(page->arena, recorded)) !=
		0)
		return true;
	page->is_found = true;
	page->octets = pst_recorded_write_again(page->arena, recorded);
	page->found_s = found->seen_s;
	if (found->gateway != NULL)
		page->gateway = pst_arena_strdup(page->arena, found->gateway);
	return false;
}

/* False with a sentence in err if the journal cannot be read. */
static bool
find(struct page *page, struct pst_err *err)
{
	struct pst_journal_key key;
	struct pst_journal_query query = {
	    .since_s = page->seen_s, .until_s = page->seen_s};
	struct pst_journals *journals;
	uint64_t unreadable;
	const char *note = NULL;
	bool ok;

	if (page->id != NULL) {
		if (!pst_journal_key_parse(
			page->arena, PST_JOURNAL_QUEUE_ID, page->id, &key, err))
			return false;
		query.keys = &key;
		query.key_count = 1;
	}
	journals = pst_journals_open(
	    page->arena, page->request->site->config, &note, err);
	ok = journals != NULL &&
	    pst_journals_search(journals, &query,
		(struct pst_journals_visitor){take, page}, &unreadable, err);
	pst_journals_close(journals);
	if (ok && note != NULL && !page->is_found)
		pst_web_notice(page->html, note);
	return ok;
}

static void
read_request(struct page *page)
{
	const char *seen = pst_web_param(page->request, "seen");
	uint64_t number;

	page->id = pst_web_param(page->request, "id");
	page->mark = pst_web_param(page->request, "mark");
	if (pst_str_to_u64(pst_str(seen), INT64_MAX / 2, &number))
		page->seen_s = (int64_t)number;
}

/* ---- the sections ---- */

/* Adds the value of a label; its first line, and those that begin with a tab. */
static void
add_value(struct pst_html *html, struct pst_str value, bool is_first)
{
	pst_html_add_markup(html, is_first ? "<dd class=\"wrap\">" : "<br>");
	pst_html_octets(html, value);
}

static void
add_list(struct pst_html *html, const char *lines)
{
	struct pst_str rest = pst_str(lines), line;
	bool more = true, open = false;

	pst_html_markup(html, "<dl class=\"facts\">\n");
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (line.len == 0)
			continue;
		if (line.ptr[0] == '\t' && open) {
			add_value(html, pst_str_from(line, 1), false);
			continue;
		}
		if (open)
			pst_html_markup(html, "</dd>\n");
		pst_html_markup(html, "<dt>");
		pst_html_octets(html,
		    pst_str_trim(pst_str_first(line, PST_EXPLAINED_LABEL)));
		pst_html_markup(html, "</dt>");
		add_value(html,
		    pst_str_trim(pst_str_from(line, PST_EXPLAINED_LABEL)),
		    true);
		open = true;
	}
	if (open)
		pst_html_markup(html, "</dd>\n");
	pst_html_markup(html, "</dl>\n");
}

static void
add_note(struct pst_html *html, const char *note)
{
	if (note != NULL)
		pst_html_element(html, "p", "dim",
		    pst_arena_printf(html->arena, "(%s)", note));
}

static void
add_section(struct pst_html *html, const struct pst_explained_section *section)
{
	pst_html_markup(html, "<section class=\"card\">");
	pst_html_element(html, "h2", NULL, section->title);
	add_list(html, section->lines);
	add_note(html, section->note);
	pst_html_markup(html, "</section>\n");
}

static void
add_records(struct pst_html *html, const struct pst_explained_section *section)
{
	pst_html_markup(html, "<section class=\"card\"><details><summary><h2>");
	pst_html_text(html, section->title);
	pst_html_markup(html, "</h2></summary>\n<pre class=\"rule wrap\">");
	pst_html_lines(html, section->lines);
	pst_html_markup(html, "</pre>\n");
	add_note(html, section->note);
	pst_html_markup(html, "</details></section>\n");
}

static void
add_sections(struct pst_html *html, const struct pst_explained_page *told)
{
	pst_html_markup(html, "<div class=\"columns\">\n");
	for (size_t i = 0; i < told->count; i++)
		if (!told->sections[i].minor)
			add_section(html, &told->sections[i]);
	pst_html_markup(html, "</div>\n");
}

static void
add_minor(struct pst_html *html, const struct pst_explained_page *told)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->sections[i].minor)
			add_records(html, &told->sections[i]);
}

static void
add_sender(struct pst_html *html, const struct pst_explained_page *told)
{
	if (told->remedy.sender == NULL)
		return;
	pst_html_markup(html,
	    "<section class=\"card\"><h2>What the sender has to change</h2>\n");
	pst_html_element(html, "p", "wrap", told->remedy.sender);
	pst_html_markup(html, "</section>\n");
}

static void
add_rule(struct pst_html *html, const struct pst_explained_page *told)
{
	const struct pst_remedy *remedy = &told->remedy;

	if (remedy->sender == NULL)
		return;
	pst_html_markup(
	    html, "<section class=\"card\"><h2>To let it in meanwhile</h2>\n");
	pst_html_element(html, "p", "wrap",
	    remedy->rule == NULL ? remedy->instead : remedy->basis);
	if (remedy->rule != NULL) {
		pst_html_markup(html, "<pre class=\"rule\" tabindex=\"0\">");
		pst_html_lines(html, remedy->rule);
		pst_html_markup(html, "</pre>\n");
		pst_html_element(html, "p", "wrap", told->where);
	}
	pst_html_markup(html, "</section>\n");
}

/* ---- the way to others ---- */

static void
add_link(const struct page *page, const char *what, const char *in,
    struct pst_str value)
{
	struct pst_arena *arena = page->arena;
	const char *text = pst_arena_memdup(arena, value.ptr, value.len);
	const struct pst_web_param params[] = {
	    {"q", text},
	    {"in", in},
	    {"accepted", "1"},
	    {"before", pst_arena_printf(arena, "%" PRId64, page->found_s)},
	};
	const char *href = value.len > PST_WEB_MAX_VALUE - 1 ?
	    NULL :
	    pst_web_href(
		page->request, PST_WEB_MESSAGES, params, PST_COUNT(params));

	if (href == NULL)
		return;
	pst_html_markup(page->html, "<li class=\"wrap\">");
	pst_html_link(page->html, href,
	    pst_arena_printf(arena, "%s %s", what,
		pst_print_word(arena, pst_str(text), MAX_ECHO)));
	pst_html_markup(page->html, "</li>\n");
}

static void
add_others(const struct page *page, const struct pst_message *m)
{
	const struct pst_from *from = &m->findings.from;
	const char *domain =
	    from->domain_count > 0 ? from->domains[0] : from->only_domain;
	char ip[PST_IP_TEXT_SIZE];
	size_t at;

	/* A part of a site that is exported has no searches. */
	if (page->request->site->export_name != NULL)
		return;
	pst_html_markup(page->html,
	    "<section class=\"card\"><h2>Earlier messages</h2>\n<ul>\n");
	if (domain != NULL)
		add_link(page, "From the domain", "from", pst_str(domain));
	if (m->client.family != PST_IP_NONE)
		add_link(page, "By the client", "client",
		    pst_str(pst_ip_text(&m->client, ip)));
	if (m->rcpts.count > 0) {
		struct pst_str rcpt = m->rcpts.items[0];

		at = pst_str_rfind(rcpt, '@');
		rcpt = pst_str_from(rcpt, at + 1);
		if (rcpt.len > 0 && rcpt.ptr[rcpt.len - 1] == '>')
			rcpt.len--;
		if (rcpt.len > 0)
			add_link(page, "To the domain", "to", rcpt);
	}
	pst_html_markup(page->html, "</ul></section>\n");
}

/* ---- the page ---- */

static const char *
tone_class(enum pst_explained_tone tone)
{
	switch (tone) {
	case PST_EXPLAINED_GOOD:
		return "verdict good";
	case PST_EXPLAINED_WARN:
		return "verdict warn";
	case PST_EXPLAINED_BAD:
		break;
	}
	return "verdict bad";
}

static void
add_sentence(struct pst_html *html, const struct pst_explained_page *told)
{
	pst_html_markup(html, "<p class=\"");
	pst_html_add_markup(html, tone_class(told->tone));
	pst_html_markup(html, "\">");
	pst_html_octets(html, pst_str_trim(pst_str(told->sentence)));
	pst_html_markup(html, "</p>\n");
}

static void
show(const struct page *page, const struct pst_recorded *recorded)
{
	const struct pst_explained one = {
	    recorded, page->found_s, page->gateway};
	struct pst_explained_page told;

	pst_explained_page(
	    page->arena, &one, page->request->site->config, &told);
	add_sentence(page->html, &told);
	add_sender(page->html, &told);
	add_sections(page->html, &told);
	add_rule(page->html, &told);
	add_minor(page->html, &told);
	add_others(page, &recorded->message);
}

static unsigned
say_not_found(const struct page *page)
{
	if (page->id == NULL && page->seen_s == 0)
		pst_web_notice(page->html,
		    "No message was named. Look for it among the messages.");
	else
		pst_web_notice(page->html,
		    "The journal does not have this message. It may have been "
		    "deleted because it is old (journal.retention, "
		    "journal.max-size), or a recipient in it was to be "
		    "forgotten. If there are several gateways, another one may "
		    "have had it.");
	return 404;
}

unsigned
pst_web_show_message(
    struct pst_web_request *request, struct pst_html *html, const char **title)
{
	struct page page = {
	    .request = request, .html = html, .arena = request->arena};
	struct pst_recorded recorded;
	struct pst_err err;

	read_request(&page);
	if (page.id == NULL && page.seen_s == 0)
		return say_not_found(&page);
	if (!find(&page, &err)) {
		pst_web_notice(html, err.text);
		return 200;
	}
	if (!page.is_found)
		return say_not_found(&page);
	if (!pst_recorded_read(page.arena, page.octets, request->site->config,
		&recorded, &err)) {
		pst_web_notice(html, err.text);
		return 200;
	}
	if (recorded.message.queue_id[0] != '\0')
		*title = pst_arena_printf(
		    page.arena, "Message %s", recorded.message.queue_id);
	show(&page, &recorded);
	return 200;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/message_rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "core/explained.h"
#include "core/print.h"
#include "web/page.h"

#define MAX_CELL 80 /* octets of a cell that the sender chose */

/*
 * Entries are written in the order of their times, give or take a few seconds: some
 * wait for a locked file. The next page begins so much earlier, and passes over
 * what was shown.
 */
#define SLACK_S 3

/* ---- words ---- */

const char *
pst_web_action_word(enum pst_action action)
{
	switch (action) {
	case PST_ACTION_ACCEPT:
		return "accepted";
	case PST_ACTION_TAG:
		return "tagged";
	case PST_ACTION_QUARANTINE:
		return "quarantined";
	case PST_ACTION_REJECT:
		return "refused";
	case PST_ACTION_TEMPFAIL:
		return "deferred";
	}
	return "handled";
}

static const char *
badge_class(enum pst_action action)
{
	switch (action) {
	case PST_ACTION_ACCEPT:
		return "badge good";
	case PST_ACTION_REJECT:
		return "badge bad";
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
	case PST_ACTION_TEMPFAIL:
		break;
	}
	return "badge warn";
}

void
pst_web_action(
    struct pst_html *html, enum pst_action action, enum pst_action would)
{
	pst_html_element(
	    html, "span", badge_class(action), pst_web_action_word(action));
	if (would == action)
		return;
	pst_html_markup(html, " ");
	pst_html_element(html, "span", "dim",
	    pst_arena_printf(
		html->arena, "would be %s", pst_web_action_word(would)));
}

/* ---- a row ---- */

const char *
pst_web_message_mark(
    struct pst_arena *arena, const struct pst_recorded *recorded)
{
	struct pst_str octets = pst_recorded_write_again(arena, recorded);

	return pst_arena_printf(
	    arena, "%016" PRIx64, pst_hash(PST_HASH_START, octets));
}

static const char *
from_cell(struct pst_arena *arena, const struct pst_from *from)
{
	const char *domain =
	    from->domain_count > 0 ? from->domains[0] : from->only_domain;

	if (domain == NULL)
		return pst_from_verdict_word(from->verdict);
	domain = pst_print_word(arena, pst_str(domain), MAX_CELL);
	if (from->domain_count < 2)
		return domain;
	return pst_arena_printf(
	    arena, "%s +%zu", domain, from->domain_count - 1);
}

/* An address without its angle brackets. */
static struct pst_str
bare(struct pst_str address)
{
	if (address.len > 1 && address.ptr[0] == '<' &&
	    address.ptr[address.len - 1] == '>')
		return pst_str_from(pst_str_first(address, address.len - 1), 1);
	return address;
}

static const char *
rcpts_cell(struct pst_arena *arena, const struct pst_message *message)
{
	const struct pst_rcpts *rcpts = &message->rcpts;
	const char *first;

	if (rcpts->count == 0)
		return message->rcpt_count == 0 ?
		    "-" :
		    pst_arena_printf(arena, "%zu", message->rcpt_count);
	first = pst_print_word(arena, bare(rcpts->items[0]), MAX_CELL);
	if (message->rcpt_count < 2)
		return first;
	return pst_arena_printf(
	    arena, "%s +%zu", first, message->rcpt_count - 1);
}

static void
make_row(struct pst_arena *arena, const struct pst_journals_found *found,
    struct pst_web_message *row)
{
	const struct pst_message *m = &found->recorded->message;
	char *ip = pst_arena_alloc(arena, PST_IP_TEXT_SIZE);
	bool failed = m->done.failed != NULL;

	*row = (struct pst_web_message){
	    .seen_s = found->seen_s,
	    .queue_id = pst_arena_strdup(arena, m->queue_id),
	    .from = from_cell(arena, &m->findings.from),
	    .client = m->client.family == PST_IP_NONE ?
		"local" :
		pst_ip_text(&m->client, ip),
	    .rcpts = rcpts_cell(arena, m),
	    .rule = failed ?
		PST_DONE_RULE :
		pst_print_word(arena, pst_str(m->decision.rule), MAX_CELL),
	    .action = m->done.action,
	    .would = failed ? m->done.action : m->decision.would,
	};
	if (m->queue_id[0] == '\0')
		row->mark = pst_web_message_mark(arena, found->recorded);
}

/* ---- searching ---- */

struct finding {
	struct pst_arena *arena;
	struct pst_web_search *search;
	int64_t deadline_ms;
	size_t matched; /* those that were passed over, too */
	int64_t *times; /* of the matched ones */
};

static bool
is_wanted(const struct pst_web_search *search, const struct pst_message *m)
{
	if (search->rule != NULL &&
	    strcmp(search->rule,
		m->done.failed != NULL ? PST_DONE_RULE : m->decision.rule) != 0)
		return false;
	switch (search->filter) {
	case PST_WEB_ANY_ACTION:
		break;
	case PST_WEB_ONE_ACTION:
		return m->done.action == search->action;
	case PST_WEB_NOT_ENFORCED:
		return m->done.failed == NULL &&
		    m->decision.would != m->done.action;
	}
	return true;
}

static bool
take(void *arg, const struct pst_journals_found *found)
{
	struct finding *finding = arg;
	struct pst_web_search *search = finding->search;

	if (search->count == PST_WEB_MAX_MESSAGES) {
		search->more = true;
		return false;
	}
	search->looked_s = found->seen_s;
	if (is_wanted(search, &found->recorded->message)) {
		finding->times[finding->matched++] = found->seen_s;
		if (finding->matched > search->skip)
			make_row(finding->arena, found,
			    &search->rows[search->count++]);
	}
	search->late = pst_clock_ms(&pst_clock_system) >= finding->deadline_ms;
	return !search->late;
}

/* Sets where the next page begins. */
static void
set_next(const struct finding *finding)
{
	struct pst_web_search *search = finding->search;
	int64_t until_s = search->looked_s + SLACK_S;
	size_t skip = 0;

	if (search->until_s != 0 && until_s > search->until_s)
		until_s = search->until_s;
	for (size_t i = 0; i < finding->matched; i++)
		skip += finding->times[i] <= until_s;
	/* So many in a few seconds, or none at all: go on behind them. */
	if (skip > PST_WEB_MAX_SKIP ||
	    (until_s == search->until_s && skip == search->skip)) {
		until_s = search->looked_s - 1;
		skip = 0;
	}
	search->more = until_s > 0 && until_s >= search->since_s;
	search->next_until_s = until_s;
	search->next_skip = skip;
}

bool
pst_web_search(struct pst_web_request *request, struct pst_journals *journals,
    struct pst_web_search *search, struct pst_err *err)
{
	const struct pst_journal_query query = {.keys = search->keys,
	    .key_count = search->key_count,
	    .since_s = search->since_s,
	    .until_s = search->until_s,
	    .others_only = !search->all};
	struct finding finding = {.arena = request->arena,
	    .search = search,
	    .deadline_ms = pst_clock_ms(&pst_clock_system) + search->limit_ms,
	    .times = pst_arena_array(request->arena,
		search->skip + PST_WEB_MAX_MESSAGES, sizeof(int64_t))};

	search->rows = pst_arena_array(
	    request->arena, PST_WEB_MAX_MESSAGES, sizeof(*search->rows));
	search->count = 0;
	search->more = search->late = false;
	if (!pst_journals_search(journals, &query,
		(struct pst_journals_visitor){take, &finding},
		&search->unreadable, err))
		return false;
	if (search->more || search->late)
		set_next(&finding);
	return true;
}

/* ---- the table ---- */

static const char *
address_of(
    const struct pst_web_request *request, const struct pst_web_message *row)
{
	struct pst_web_param params[3];
	size_t count = 0;

	if (row->queue_id[0] != '\0')
		params[count++] = (struct pst_web_param){"id", row->queue_id};
	params[count++] = (struct pst_web_param){
	    "seen", pst_arena_printf(request->arena, "%" PRId64, row->seen_s)};
	if (row->mark != NULL)
		params[count++] = (struct pst_web_param){"mark", row->mark};
	return pst_web_href(request, PST_WEB_MESSAGE, params, count);
}

/* A second line of a cell, for those who look closely. */
static void
add_below(struct pst_html *html, const char *class, const char *text)
{
	pst_html_markup(html, "<br>");
	pst_html_element(html, "span", class, text);
	pst_html_markup(html, "</td>");
}

static void
add_row(const struct pst_web_request *request, struct pst_html *html,
    const struct pst_web_message *row)
{
	pst_html_markup(html, "<tr><td class=\"wrap\">");
	pst_html_link(html, address_of(request, row),
	    pst_explained_time(html->arena, row->seen_s));
	add_below(html, "dim mono", pst_print_or_dash(row->queue_id));
	pst_html_markup(html, "<td class=\"wrap\">");
	pst_web_action(html, row->action, row->would);
	add_below(html, "dim", row->rule);
	pst_html_markup(html, "<td class=\"wrap\">");
	pst_html_text(html, row->from);
	add_below(html, "dim mono", row->client);
	pst_html_element(html, "td", "wrap", row->rcpts);
	pst_html_markup(html, "</tr>\n");
}

void
pst_web_message_table(const struct pst_web_request *request,
    struct pst_html *html, const char *caption,
    const struct pst_web_search *search)
{
	static const char *const columns[] = {"Time (UTC), queue id",
	    "What was done, by which rule", "From domain, client",
	    "Recipients"};

	pst_html_markup(html, "<div class=\"stacked\">");
	pst_web_table(html, caption, columns, PST_COUNT(columns));
	for (size_t i = 0; i < search->count; i++)
		add_row(request, html, &search->rows[i]);
	pst_web_table_end(html);
	pst_html_markup(html, "</div>\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/message_query.h"

#include <string.h>

#include "base/day.h"
#include "core/print.h"
#include "store/journal_entry.h"

#define MAX_ECHO 120

/* What a text is looked for as. */
static const struct pst_web_kind kinds[] = {
    {"id", PST_JOURNAL_QUEUE_ID, "queue id"},
    {"mid", PST_JOURNAL_MESSAGE_ID, "Message-ID"},
    {"from", PST_JOURNAL_FROM_DOMAIN, "From domain"},
    {"to", PST_JOURNAL_RCPT, "recipient's address"},
    {"to", PST_JOURNAL_RCPT_DOMAIN, "recipients' domain"},
    {"client", PST_JOURNAL_CLIENT, "client's address"},
};

const struct pst_web_choice pst_web_choices[PST_WEB_CHOICES] = {
    {"reject", "refused", PST_WEB_ONE_ACTION, PST_ACTION_REJECT},
    {"quarantine", "quarantined", PST_WEB_ONE_ACTION, PST_ACTION_QUARANTINE},
    {"tag", "tagged", PST_WEB_ONE_ACTION, PST_ACTION_TAG},
    {"tempfail", "deferred", PST_WEB_ONE_ACTION, PST_ACTION_TEMPFAIL},
    {"would", "not enforced", PST_WEB_NOT_ENFORCED, PST_ACTION_ACCEPT},
    {"accept", "accepted", PST_WEB_ONE_ACTION, PST_ACTION_ACCEPT},
};

/* Parameters that say what their value is. */
static const struct {
	const char *name, *in;
} short_forms[] = {{"domain", "from"}, {"client", "client"}};

/* ---- what is asked for ---- */

/* "2026-11-30", "2026-11-30T10:15" or "2026-11-30 10:15:20". */
static bool
parse_time(const char *text, bool is_end, int64_t *seen_s)
{
	static const uint64_t limits[] = {23, 59, 59};
	static const int64_t units[] = {3600, 60, 1};
	struct pst_str rest = pst_str_trim(pst_str(text));
	int64_t day;
	size_t part = 0;

	if (!pst_day_parse(pst_str_first(rest, 10), &day))
		return false;
	rest = pst_str_from(rest, 10);
	*seen_s = is_end ? pst_day_end(day) : pst_day_begin(day);
	if (rest.len == 0)
		return true;
	if (rest.ptr[0] != 'T' && rest.ptr[0] != ' ')
		return false;
	*seen_s = pst_day_begin(day);
	for (; rest.len >= 3 && part < PST_COUNT(limits); part++) {
		uint64_t number;

		if (part > 0 && rest.ptr[0] != ':')
			return false;
		if (!pst_str_to_u64(pst_str_first(pst_str_from(rest, 1), 2),
			limits[part], &number))
			return false;
		*seen_s += (int64_t)number * units[part];
		rest = pst_str_from(rest, 3);
	}
	/* A minute has an end, too. */
	if (is_end && part == 2)
		*seen_s += 59;
	return rest.len == 0 && part >= 2;
}

static int64_t
time_param(const struct pst_web_request *request, struct pst_web_query *query,
    const char *name, bool is_end)
{
	const char *text = pst_web_param(request, name);
	int64_t seen_s = 0;

	if (text == NULL || parse_time(text, is_end, &seen_s))
		return seen_s;
	query->fault = pst_arena_printf(request->arena,
	    "\"%s\" is not a time. Write it as 2026-11-30 or 2026-11-30T10:15, "
	    "in UTC.",
	    pst_print_word(request->arena, pst_str(text), MAX_ECHO));
	return 0;
}

static uint64_t
number_param(
    const struct pst_web_request *request, const char *name, uint64_t max)
{
	uint64_t number = 0;

	(void)pst_str_to_u64(
	    pst_str(pst_web_param(request, name)), max, &number);
	return number;
}

static const struct pst_web_choice *
find_choice(const char *word)
{
	for (size_t i = 0; word != NULL && i < PST_WEB_CHOICES; i++)
		if (strcmp(pst_web_choices[i].word, word) == 0)
			return &pst_web_choices[i];
	return NULL;
}

void
pst_web_query_read(
    const struct pst_web_request *request, struct pst_web_query *out)
{
	struct pst_web_search *search = &out->search;
	int64_t before_s = (int64_t)number_param(
	    request, "before", (uint64_t)request->now_s * 2);

	*out = (struct pst_web_query){
	    .search = {.limit_ms = pst_web_param(request, "before") == NULL ?
		    PST_WEB_SEARCH_MS :
		    PST_WEB_GO_ON_MS}};
	out->text = pst_web_param(request, "q");
	out->in = pst_web_param(request, "in");
	for (size_t i = 0; out->text == NULL && i < PST_COUNT(short_forms);
	     i++) {
		out->text = pst_web_param(request, short_forms[i].name);
		out->in = out->text == NULL ? NULL : short_forms[i].in;
	}
	out->choice = find_choice(pst_web_param(request, "action"));
	search->since_s = time_param(request, out, "since", false);
	search->until_s = time_param(request, out, "until", true);
	if (before_s > 0 &&
	    (search->until_s == 0 || before_s < search->until_s))
		search->until_s = before_s;
	search->rule = pst_web_param(request, "rule");
	search->skip = number_param(request, "skip", PST_WEB_MAX_SKIP);
	search->all = pst_web_param(request, "accepted") != NULL;
	if (out->choice == NULL)
		return;
	search->filter = out->choice->filter;
	search->action = out->choice->action;
	if (search->filter == PST_WEB_ONE_ACTION &&
	    search->action == PST_ACTION_ACCEPT)
		search->all = true;
}

/* ---- what a text may mean ---- */

static bool
has(const char *text, char c)
{
	return strchr(text, c) != NULL;
}

/* Whether it may be meant so, if the form does not say. */
static bool
may_be(const char *text, enum pst_journal_kind kind)
{
	struct pst_ip ip;

	if (pst_ip_parse(pst_str(text), &ip))
		return kind == PST_JOURNAL_CLIENT;
	switch (kind) {
	case PST_JOURNAL_QUEUE_ID:
		return !has(text, '@') && !has(text, '.');
	case PST_JOURNAL_FROM_DOMAIN:
	case PST_JOURNAL_RCPT_DOMAIN:
		return !has(text, '@') && has(text, '.');
	case PST_JOURNAL_RCPT:
		return has(text, '@');
	case PST_JOURNAL_CLIENT:
		return false;
	case PST_JOURNAL_MESSAGE_ID:
		break;
	}
	return true;
}

/* Finds what the text may be looked for as, in the order of trying. */
void
pst_web_query_ways(struct pst_arena *arena, struct pst_web_query *query,
    struct pst_web_ways *out)
{
	struct pst_str trimmed = pst_str_trim(pst_str(query->text));
	const char *text = pst_arena_memdup(arena, trimmed.ptr, trimmed.len);
	struct pst_err err = {""};

	out->count = 0;
	for (size_t i = 0;
	     i < PST_COUNT(kinds) && out->count < PST_WEB_MAX_WAYS; i++) {
		const struct pst_web_kind *kind = &kinds[i];
		bool asked =
		    query->in != NULL && strcmp(query->in, kind->word) == 0;

		/* A domain and an address have one choice in the form. */
		if (asked && kind->kind == PST_JOURNAL_RCPT)
			asked = has(text, '@');
		else if (asked && kind->kind == PST_JOURNAL_RCPT_DOMAIN)
			asked = !has(text, '@');
		if (query->in != NULL ? !asked : !may_be(text, kind->kind))
			continue;
		if (pst_journal_key_parse(
			arena, kind->kind, text, &out->keys[out->count], &err))
			out->kinds[out->count++] = kind;
	}
	if (out->count == 0)
		query->fault = pst_arena_printf(arena,
		    "%s. Write a queue id, a Message-ID, an address, a domain "
		    "or the address of a client.",
		    err.text[0] == '\0' ?
			"That cannot be looked for in this way" :
			pst_escaped(arena, pst_str(err.text)));
}

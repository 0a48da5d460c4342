/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log_line.h"

#include "base/json.h"
#include "base/macros.h"
#include "core/check.h"
#include "core/explain.h"
#include "core/own_domains.h"
#include "core/print.h"

#define MAX_HELO 255
#define MAX_MAIL_FROM 330
#define MAX_MESSAGE_ID 255

/*
 * What is left out first if a line is too long. In the text, all of these come
 * after the rule, and their values contain no blank.
 */
static const struct {
	const char *text; /* NULL: the text cannot be so long */
	const char *json;
} cut_first[] = {
    {" message-id=", "message_id"},
    {" helo=", "helo"},
    {" claims=", "claims"},
    {" unverified=", "unverified"},
    {" indirect=", "indirect"},
    {" networks=", "networks"},
    {" org=", "org"},
    {" arc=", "arc_sealer"},
    {" spf-helo=", "spf_helo_domain"},
    {" spf-record=", "spf_record"},
    {" dmarc-record=", "dmarc_record_domain"},
    {" mail-from=", "mail_from"},
    {" rcpt-domain=", "rcpt_domain"},
    {NULL, "spf_term"},
    {NULL, "dkim"},
    {NULL, "from"},
};

static const char *
word(struct pst_arena *arena, struct pst_str value, size_t max, bool *cut)
{
	const char *whole = pst_print_word(arena, value, 4 * value.len + 1);

	if (strlen(whole) <= max)
		return whole;
	*cut = true;
	return pst_print_word(arena, value, max);
}

void
pst_log_words(struct pst_arena *arena, const struct pst_message *message,
    struct pst_log_words *words)
{
	const struct pst_header_field *id =
	    pst_header_find(message->header, "Message-ID", 1);
	struct pst_path path;

	*words = (struct pst_log_words){.cut = false};
	words->helo = word(arena, pst_str_first(message->helo, MAX_HELO + 1),
	    MAX_HELO, &words->cut);
	words->mail_from =
	    word(arena, pst_str_first(message->mail_from, MAX_MAIL_FROM + 1),
		MAX_MAIL_FROM, &words->cut);
	if (message->rcpt.len > 0) {
		pst_reverse_path_parse(arena, message->rcpt, &path);
		words->rcpt_domain = path.domain;
	}
	if (id != NULL)
		words->message_id = word(arena,
		    pst_str_first(pst_str_trim(id->value), MAX_MESSAGE_ID + 1),
		    MAX_MESSAGE_ID, &words->cut);
}

/* Leaves out a word, which begins with a blank, of the line. */
static void
leave_out(struct pst_buf *line, const char *key)
{
	struct pst_str text = pst_buf_slice(line);
	struct pst_str name = pst_str(key);
	size_t at = text.len;
	size_t end;

	while (at > 0 && !pst_str_starts(pst_str_from(text, at), name))
		at--;
	if (at == 0)
		return;
	end = at + 1;
	while (end < text.len && text.ptr[end] != ' ')
		end++;
	memmove(line->ptr + at, line->ptr + end, text.len - end);
	pst_buf_cut(line, text.len - (end - at));
}

const char *
pst_log_shorten(struct pst_buf *line)
{
	struct pst_str whole = pst_str(PST_LOG_CUT);
	struct pst_str text = pst_buf_slice(line);

	if (text.len <= PST_LOG_LINE_MAX)
		return pst_arena_memdup(line->arena, text.ptr, text.len);
	leave_out(line, PST_LOG_CUT);
	for (size_t i = 0; i < PST_COUNT(cut_first); i++) {
		if (line->len + whole.len <= PST_LOG_LINE_MAX)
			break;
		if (cut_first[i].text != NULL)
			leave_out(line, cut_first[i].text);
	}
	text = pst_str_first(pst_buf_slice(line), PST_LOG_LINE_MAX - whole.len);
	return pst_arena_printf(
	    line->arena, "%.*s%s", PST_STR_ARG(text), whole.ptr);
}

static void
add_from(struct pst_json *json, const struct pst_from *from)
{
	struct pst_print_list list = {0};
	size_t i;

	pst_json_open_array(json, "from");
	if (from->only_domain != NULL)
		pst_json_text(json, NULL, from->only_domain);
	for (i = 0; i < from->domain_count; i++) {
		if (!pst_print_list_fits(&list, strlen(from->domains[i]) + 1))
			break;
		pst_json_text(json, NULL, from->domains[i]);
	}
	pst_json_close(json);
	if (i < from->domain_count)
		pst_json_number(json, "from_more", from->domain_count - i);
	pst_json_text(
	    json, "from_verdict", pst_from_verdict_word(from->verdict));
}

static void
add_action(struct pst_json *json, const struct pst_message *message)
{
	const struct pst_decision *d = &message->decision;
	const struct pst_done *done = &message->done;

	if (done->failed != NULL) {
		pst_json_text(json, "action", pst_action_word(done->action));
		pst_json_text(json, "rule", PST_DONE_RULE);
		pst_json_text(json, "decided", pst_action_word(d->action));
		return;
	}
	pst_json_text(json, "action", pst_action_word(d->action));
	pst_json_text(json, "rule", d->rule);
	if (d->titled)
		pst_json_bool(json, "titled", true);
	if (d->undecided)
		pst_json_bool(json, "undecided", true);
	if (d->would != d->action)
		pst_json_text(json, "would", pst_action_word(d->would));
	if (d->mixed != NULL)
		pst_json_text(json, "mixed", d->mixed);
}

static void
add_envelope(struct pst_json *json, const struct pst_message *message,
    const struct pst_log_words *words)
{
	char ip[PST_IP_TEXT_SIZE];

	pst_json_number(json, "dns", pst_dns_count(message->dns));
	pst_json_number(json, "time_ms", message->elapsed_ms);
	pst_json_text(json, "client",
	    message->client.family == PST_IP_NONE ?
		NULL :
		pst_ip_text(&message->client, ip));
	if (message->via.family != PST_IP_NONE)
		pst_json_text(json, "via", pst_ip_text(&message->via, ip));
	pst_json_text(json, "helo", words->helo);
	pst_json_text(json, "mail_from", words->mail_from);
	pst_json_number(json, "rcpts", message->rcpt_count);
	pst_json_text(json, "rcpt_domain", words->rcpt_domain);
	pst_json_text(json, "message_id", words->message_id);
}

/* Room for "level", which base/log adds. */
#define MAX_JSON (PST_LOG_LINE_MAX - 20)

const char *
pst_explain_line_json(
    struct pst_arena *arena, const struct pst_message *message)
{
	const struct pst_findings *f = &message->findings;
	struct pst_json *json = pst_json_new(arena);
	struct pst_log_words words;
	bool cut;

	pst_log_words(arena, message, &words);
	pst_json_open_object(json, NULL);
	pst_json_text(json, "event", "message");
	pst_json_text(json, "queue_id",
	    message->queue_id[0] == '\0' ? NULL : message->queue_id);
	add_from(json, &f->from);
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->log_json != NULL)
			pst_checks[i]->log_json(f, pst_check_state(f, i), json);
	}
	add_action(json, message);
	if (message->is_test)
		pst_json_bool(json, "test", true);
	pst_print_if_set(
	    json, "header", pst_header_fault_word(f->header_fault));
	if (message->decision.stripped > 0 && message->done.edited)
		pst_json_number(json, "stripped", message->decision.stripped);
	if (f->own != NULL)
		pst_print_if_set(
		    json, "display_name", pst_own_shown_word(f->own->shown));
	pst_print_if_set(json, "indirect", f->indirect);
	pst_print_if_set(json, "unverified", f->unverified);
	pst_print_if_set(json, "claims", f->claims);
	pst_print_if_set(
	    json, "networks", pst_client_nets_text(arena, f->client_nets));
	add_envelope(json, message, &words);
	cut = words.cut;
	for (size_t i = 0; i < PST_COUNT(cut_first); i++) {
		if (pst_json_len(json) <= MAX_JSON)
			break;
		pst_json_drop(json, cut_first[i].json);
		cut = true;
	}
	if (cut)
		pst_json_bool(json, "cut", true);
	pst_json_close(json);
	return pst_json_end(json);
}

/* Octets of a sentence that fit, with a queue id that is escaped throughout. */
#define MAX_SENTENCE 1000

const char *
pst_explain_event_json(struct pst_arena *arena,
    const struct pst_message *message, const char *event, const char *sentence)
{
	struct pst_json *json = pst_json_new(arena);
	struct pst_str whole = pst_str(sentence);
	struct pst_str part = pst_str_first(whole, MAX_SENTENCE);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "event", event);
	pst_json_text(json, "queue_id",
	    message->queue_id[0] == '\0' ? NULL : message->queue_id);
	pst_json_text(
	    json, "message", pst_arena_memdup(arena, part.ptr, part.len));
	if (part.len < whole.len)
		pst_json_bool(json, "cut", true);
	while (pst_json_len(json) > MAX_JSON) {
		part.len = part.len / 2;
		pst_json_text(json, "message",
		    pst_arena_memdup(arena, part.ptr, part.len));
		pst_json_bool(json, "cut", true);
	}
	pst_json_close(json);
	return pst_json_end(json);
}

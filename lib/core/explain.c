/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explain.h"

#include "base/buf.h"
#include "core/check.h"
#include "core/log_line.h"
#include "core/own_domains.h"
#include "core/print.h"

#define MAX_TEXT (1024 * 1024)

const char *
pst_explain_reply(struct pst_arena *arena, const struct pst_decision *decision)
{
	if (decision->code == 0)
		return NULL;
	return pst_arena_printf(
	    arena, "%u %s %s", decision->code, decision->xcode, decision->text);
}

static void
add_from(struct pst_buf *buf, const struct pst_from *from)
{
	struct pst_print_list list = {0};

	if (from->domain_count == 0)
		pst_buf_add_text(buf, pst_from_verdict_word(from->verdict));
	if (from->only_domain != NULL)
		pst_buf_printf(buf, ":%s", from->only_domain);
	for (size_t i = 0; i < from->domain_count; i++) {
		if (!pst_print_list_fits(&list, strlen(from->domains[i]) + 1))
			break;
		pst_buf_printf(
		    buf, "%s%s", i == 0 ? "" : ",", from->domains[i]);
	}
	pst_print_list_end(buf, &list, from->domain_count);
}

/* Adds what was done, and what was decided if that could not be done. */
static void
add_action(struct pst_buf *buf, const struct pst_message *message)
{
	const struct pst_decision *d = &message->decision;
	const struct pst_done *done = &message->done;
	const char *quote = d->titled ? "\"" : "";

	if (done->failed != NULL) {
		pst_buf_printf(buf,
		    " action=%s rule=" PST_DONE_RULE " decided=%s",
		    pst_action_word(done->action), pst_action_word(d->action));
		return;
	}
	pst_buf_printf(buf, " action=%s rule=%s%s%s",
	    pst_action_word(d->action), quote, d->rule, quote);
	if (d->would != d->action)
		pst_buf_printf(buf, " would=%s", pst_action_word(d->would));
	if (d->undecided)
		pst_buf_add_text(buf, " undecided=yes");
	if (d->mixed != NULL)
		pst_buf_printf(buf, " mixed=%s", d->mixed);
}

static void
add_envelope(struct pst_buf *buf, const struct pst_message *message)
{
	struct pst_log_words words;

	pst_log_words(buf->arena, message, &words);
	pst_buf_printf(buf, " helo=%s mail-from=%s rcpts=%zu rcpt-domain=%s",
	    words.helo, words.mail_from, message->rcpt_count,
	    pst_print_or_dash(words.rcpt_domain));
	pst_buf_printf(
	    buf, " message-id=%s", pst_print_or_dash(words.message_id));
	if (words.cut)
		pst_buf_add_text(buf, PST_LOG_CUT);
}

static void
add_details(struct pst_buf *buf, const struct pst_findings *f, bool extra)
{
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->is_extra == extra &&
		    pst_checks[i]->log_detail != NULL)
			pst_checks[i]->log_detail(
			    f, pst_check_state(f, i), buf);
	}
}

static void
add_header(struct pst_buf *buf, const struct pst_message *message)
{
	const char *fault =
	    pst_header_fault_word(message->findings.header_fault);

	if (fault != NULL)
		pst_buf_printf(buf, " header=%s", fault);
	if (message->decision.stripped > 0 && message->done.edited)
		pst_buf_printf(
		    buf, " stripped=%zu", message->decision.stripped);
}

/* The networks of SPF records that the client is in, or may be in. */
static void
add_networks(struct pst_buf *buf, const struct pst_findings *f)
{
	const char *text = pst_client_nets_text(buf->arena, f->client_nets);

	if (text != NULL)
		pst_buf_printf(buf, " networks=%s", text);
}

const char *
pst_explain_line(struct pst_arena *arena, const struct pst_message *message)
{
	const struct pst_findings *f = &message->findings;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	pst_buf_printf(&buf, "%s: from=",
	    message->queue_id[0] == '\0' ? "NOQUEUE" : message->queue_id);
	add_from(&buf, &f->from);
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->log != NULL)
			pst_checks[i]->log(f, pst_check_state(f, i), &buf);
	}
	add_action(&buf, message);
	if (message->is_test)
		pst_buf_add_text(&buf, " test=yes");
	add_details(&buf, f, false);
	add_header(&buf, message);
	if (f->own != NULL && f->own->shown != PST_SHOWN_NOTHING)
		pst_buf_printf(&buf, " display-name=%s",
		    pst_own_shown_word(f->own->shown));
	if (f->indirect != NULL)
		pst_buf_printf(&buf, " indirect=%s", f->indirect);
	if (f->unverified != NULL)
		pst_buf_printf(&buf, " unverified=%s", f->unverified);
	if (f->claims != NULL)
		pst_buf_printf(&buf, " claims=%s", f->claims);
	add_networks(&buf, f);
	add_details(&buf, f, true);
	pst_buf_printf(&buf, " dns=%zu time=%ums client=%s",
	    pst_dns_count(message->dns), message->elapsed_ms,
	    pst_print_or_dash(pst_ip_text(&message->client, ip)));
	if (message->via.family != PST_IP_NONE)
		pst_buf_printf(&buf, " via=%s", pst_ip_text(&message->via, ip));
	add_envelope(&buf, message);
	return pst_log_shorten(&buf);
}

static void
text_envelope(struct pst_buf *buf, const struct pst_message *m)
{
	char ip[PST_IP_TEXT_SIZE];

	pst_print_label(buf, "client");
	pst_buf_add_text(buf, pst_print_or_dash(pst_ip_text(&m->client, ip)));
	if (m->client_name[0] != '\0')
		pst_buf_printf(buf, " (%s)", m->client_name);
	if (m->via.family != PST_IP_NONE)
		pst_buf_printf(buf, " via relay %s", pst_ip_text(&m->via, ip));
	pst_buf_add_text(buf, "\n");
	pst_print_label(buf, "helo");
	pst_buf_add_escaped(buf, m->helo);
	pst_buf_add_text(buf, "\n");
	pst_print_label(buf, "mail from");
	pst_buf_add_escaped(buf, m->mail_from);
	pst_buf_add_text(buf, "\n");
	pst_print_label(buf, "from");
	add_from(buf, &m->findings.from);
	if (m->findings.from.why != NULL)
		pst_buf_printf(buf, " (%s)", m->findings.from.why);
	pst_buf_add_text(buf, "\n");
}

static void
text_networks(struct pst_buf *buf, const struct pst_findings *f)
{
	const char *text = pst_client_nets_text(buf->arena, f->client_nets);

	if (text == NULL)
		return;
	pst_print_label(buf, "networks");
	pst_buf_printf(buf, "client is in the SPF record of: %s\n", text);
}

static void
text_own(struct pst_buf *buf, const struct pst_own_findings *own)
{
	if (own == NULL)
		return;
	if (own->domain != NULL || own->hidden) {
		pst_print_label(buf, "own");
		pst_buf_printf(buf, "the From field names %s\n",
		    own->domain != NULL ? own->domain :
					  "what is too large to be read");
	}
	if (own->shown == PST_SHOWN_NOTHING)
		return;
	pst_print_label(buf, "shows");
	pst_buf_printf(
	    buf, "%s, in a display name:", pst_own_shown_word(own->shown));
	for (size_t i = 0; i < own->names.count; i++) {
		pst_buf_add_text(buf, i == 0 ? " \"" : ", \"");
		pst_buf_add_escaped(buf, pst_str(own->names.names[i]));
		pst_buf_add_char(buf, '"');
	}
	pst_buf_add_text(buf, own->names.cut ? ", and more\n" : "\n");
}

static void
text_findings(struct pst_buf *buf, const struct pst_findings *f)
{
	if (f->exempt != PST_EXEMPT_NO) {
		pst_print_label(buf, "checks");
		pst_buf_printf(buf, "none: client is exempt (%s)\n",
		    pst_exempt_word(f->exempt));
		return;
	}
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->text != NULL)
			pst_checks[i]->text(f, pst_check_state(f, i), buf);
	}
	if (f->header_fault != PST_HEADER_NO_FAULT) {
		pst_print_label(buf, "header");
		pst_buf_printf(
		    buf, "has %s\n", pst_header_fault_text(f->header_fault));
	}
	text_own(buf, f->own);
	if (f->indirect != NULL) {
		pst_print_label(buf, "indirect");
		pst_buf_printf(buf, "yes, evidence: %s\n", f->indirect);
	}
	if (f->unverified != NULL) {
		pst_print_label(buf, "limits");
		pst_buf_printf(
		    buf, "kept a signature from passing: %s\n", f->unverified);
	}
	if (f->claims != NULL) {
		pst_print_label(buf, "claims");
		pst_buf_printf(buf, "do not count: %s\n", f->claims);
	}
	text_networks(buf, f);
}

/* Escapes the value: it may contain UTF-8 that the sender chose. */
static void
text_edit(struct pst_buf *buf, const struct pst_edit *edit)
{
	struct pst_str rest = pst_str(edit->value);
	struct pst_str line;
	bool more = true;

	pst_print_label(buf, edit->op == PST_EDIT_DELETE ? "delete" : "insert");
	if (edit->op == PST_EDIT_DELETE) {
		pst_buf_printf(buf, "%s #%zu\n", edit->name, edit->index);
		return;
	}
	pst_buf_printf(buf, "%s: ", edit->name);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		pst_buf_add_escaped(buf, pst_str_trim(line));
		pst_buf_add_text(buf, more ? "\n\t" : "\n");
	}
}

static void
text_decision(
    struct pst_buf *buf, struct pst_arena *arena, const struct pst_decision *d)
{
	const char *quote = d->titled ? "\"" : "";

	pst_print_label(buf, "action");
	pst_buf_printf(buf, "%s, by rule %s%s%s", pst_action_word(d->action),
	    quote, d->rule, quote);
	if (d->would != d->action)
		pst_buf_printf(
		    buf, "; would %s if enforced", pst_action_word(d->would));
	if (d->undecided)
		pst_buf_add_text(buf, "; a look-up failed (temperror = match)");
	if (d->skip)
		pst_buf_add_text(buf, "; the message is not changed");
	if (d->unsure)
		pst_buf_add_text(buf,
		    "; or only logged, if enforce-percent leaves it out: its "
		    "secret cannot be read here");
	if (d->reason != PST_REASON_NONE)
		pst_buf_printf(
		    buf, "\n%-10s%s", "override", pst_reason_word(d->reason));
	if (d->comment != NULL)
		pst_buf_printf(buf, " (%s)", d->comment);
	pst_buf_add_text(buf, "\n");
	if (d->code != 0) {
		pst_print_label(buf, "reply");
		pst_buf_printf(buf, "%s\n", pst_explain_reply(arena, d));
	}
	for (size_t i = 0; i < d->edit_count; i++)
		text_edit(buf, &d->edits[i]);
}

static void
text_record(struct pst_buf *buf, const struct pst_dns_entry *entry,
    const struct pst_dns_record *record)
{
	char ip[PST_IP_TEXT_SIZE];

	pst_buf_add_text(buf, "            ");
	switch (entry->type) {
	case PST_DNS_A:
	case PST_DNS_AAAA:
		pst_buf_add_text(buf, pst_ip_text(&record->ip, ip));
		break;
	case PST_DNS_MX:
		pst_buf_printf(buf, "%u ", record->preference);
		pst_buf_add_escaped(buf, record->data);
		break;
	case PST_DNS_TXT:
	case PST_DNS_PTR:
	case PST_DNS_CNAME:
		pst_buf_add_escaped(buf, record->data);
		break;
	}
	pst_buf_add_text(buf, "\n");
}

static void
text_dns(struct pst_buf *buf, const struct pst_dns *dns, bool labelled)
{
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (labelled)
			pst_print_label(buf, "dns");
		pst_buf_printf(buf, "%-4s ", pst_dns_type_word(entry->type));
		pst_buf_add_escaped(
		    buf, (struct pst_str){entry->name, entry->name_len});
		if (entry->answer == NULL) {
			pst_buf_add_text(buf, "  not waited for\n");
			continue;
		}
		pst_buf_printf(
		    buf, "  %s", pst_dns_status_word(entry->answer->status));
		/* A failure has none. */
		if (labelled || entry->answer->ttl > 0)
			pst_buf_printf(buf, " ttl %u", entry->answer->ttl);
		if (entry->answer->authentic)
			pst_buf_add_text(buf, " dnssec");
		pst_buf_add_text(buf, "\n");
		for (size_t n = 0; n < entry->answer->count; n++)
			text_record(buf, entry, &entry->answer->records[n]);
	}
}

/* Returns what was added to the buffer. */
static const char *
text_of(const struct pst_buf *buf)
{
	struct pst_str text = pst_buf_slice(buf);

	return pst_arena_memdup(buf->arena, text.ptr, text.len);
}

const char *
pst_explain_findings(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	text_findings(&buf, &message->findings);
	return text_of(&buf);
}

const char *
pst_explain_decision(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	text_decision(&buf, arena, &message->decision);
	return text_of(&buf);
}

const char *
pst_explain_dns(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	text_dns(&buf, message->dns, false);
	return text_of(&buf);
}

const char *
pst_explain_text(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	text_envelope(&buf, message);
	text_findings(&buf, &message->findings);
	text_decision(&buf, arena, &message->decision);
	text_dns(&buf, message->dns, true);
	return text_of(&buf);
}

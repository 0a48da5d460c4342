/* SPDX-License-Identifier: BSD-2-Clause */

/* One message from the journal, as a page for a person and as JSON. */

#include "tools/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/explain.h"
#include "core/print.h"
#include "core/remedy.h"
#include "tools/ui.h"

#define MAX_PAGE ((size_t)1024 * 1024)
#define MAX_WIDTH 80
#define INDENT 2
#define LABEL 12      /* columns of the indent and a label */
#define MAX_NAMED 5   /* recipients that the page names */
#define MAX_SHOWN 200 /* octets of a value that the sender chose */
#define RULE_INDENT "    "

const char *
pst_explained_time(struct pst_arena *arena, int64_t seen_s)
{
	char text[40];
	time_t when = (time_t)seen_s;
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0)
		return "?";
	return pst_arena_strdup(arena, text);
}

const char *
pst_explained_action(struct pst_arena *arena, const struct pst_message *message)
{
	const struct pst_decision *d = &message->decision;

	if (message->done.failed != NULL || d->would == d->action)
		return pst_action_word(message->done.action);
	return pst_arena_printf(arena, "%s (%s)",
	    pst_action_word(message->done.action), pst_action_word(d->would));
}

/* ---- printing ---- */

static unsigned
page_width(void)
{
	unsigned width = pst_ui_width(STDOUT_FILENO);

	return isatty(STDOUT_FILENO) != 1 || width > MAX_WIDTH ? MAX_WIDTH :
								 width;
}

/* Prints wrapped text in that tone. */
static void
print(enum pst_ui_tone tone, const char *text, unsigned indent)
{
	char *wrapped = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&wrapped, &len);

	if (out == NULL)
		abort();
	pst_ui_wrap(out, text, page_width(), indent);
	if (fclose(out) != 0)
		abort();
	pst_ui_print(tone, wrapped);
	free(wrapped);
}

/* Adds a line; a word that is longer than a line of the page is broken. */
static void
add_words(struct pst_buf *buf, struct pst_str line, int indent)
{
	size_t room = page_width() - (size_t)indent;

	while (line.len > 0) {
		size_t blank = pst_str_find(line, ' ');
		size_t len = blank < line.len ? blank + 1 : line.len;

		if (blank > room && buf->len > 0 &&
		    buf->ptr[buf->len - 1] == ' ')
			pst_buf_cut(buf, buf->len - 1);
		if (blank > room)
			pst_buf_printf(buf, "\n%*s", indent, "");
		for (; blank > room; blank -= room, len -= room) {
			pst_buf_add(buf, pst_str_first(line, room));
			pst_buf_printf(buf, "\n%*s", indent, "");
			line = pst_str_from(line, room);
		}
		pst_buf_add(buf, pst_str_first(line, len));
		line = pst_str_from(line, len);
	}
	pst_buf_add_char(buf, '\n');
}

/*
 * Adds lines with an indent. A line that continues one begins with a tab: it is
 * indented as far as values are.
 */
static void
add_indented(struct pst_buf *buf, const char *lines)
{
	struct pst_str rest = pst_str(lines), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		bool goes_on = line.len > 0 && line.ptr[0] == '\t';

		if (line.len == 0)
			continue;
		pst_buf_printf(buf, "%*s", goes_on ? LABEL : INDENT, "");
		add_words(buf, pst_str_from(line, goes_on ? 1 : 0), LABEL);
	}
}

static void
print_section(struct pst_arena *arena, const char *title, const char *lines,
    enum pst_ui_tone tone)
{
	struct pst_buf buf;

	if (lines[0] == '\0')
		return;
	printf("\n%s\n", title);
	pst_buf_init(&buf, arena, MAX_PAGE);
	add_indented(&buf, lines);
	print(tone, pst_buf_str(&buf), LABEL);
}

/* ---- the first sentence ---- */

/* What is done to a message by an action: "was refused". */
static const char *
deed(enum pst_action action)
{
	switch (action) {
	case PST_ACTION_ACCEPT:
		return "accepted";
	case PST_ACTION_TAG:
		return "accepted and marked as suspicious";
	case PST_ACTION_QUARANTINE:
		return "held in the quarantine";
	case PST_ACTION_REJECT:
		return "refused";
	case PST_ACTION_TEMPFAIL:
		return "deferred, so that the client tries again";
	}
	return "handled";
}

static enum pst_ui_tone
tone_of(const struct pst_message *m)
{
	switch (m->done.action) {
	case PST_ACTION_ACCEPT:
		return m->decision.would == PST_ACTION_ACCEPT ? PST_UI_GOOD :
								PST_UI_WARN;
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
	case PST_ACTION_TEMPFAIL:
		return PST_UI_WARN;
	case PST_ACTION_REJECT:
		break;
	}
	return PST_UI_BAD;
}

static void
add_from(struct pst_buf *buf, const struct pst_from *from)
{
	for (size_t i = 0; i < from->domain_count && i < MAX_NAMED; i++)
		pst_buf_printf(
		    buf, "%s%s", i == 0 ? "" : ", ", from->domains[i]);
	if (from->domain_count > MAX_NAMED)
		pst_buf_printf(
		    buf, " and %zu others", from->domain_count - MAX_NAMED);
	if (from->domain_count == 0 && from->only_domain != NULL)
		pst_buf_printf(
		    buf, "%s (in a malformed field)", from->only_domain);
	else if (from->domain_count == 0)
		pst_buf_printf(buf, "- (%s)",
		    from->why == NULL ? pst_from_verdict_word(from->verdict) :
					from->why);
}

static void
add_rcpts(struct pst_buf *buf, const struct pst_explained *one, size_t max)
{
	const struct pst_message *m = &one->recorded->message;
	size_t shown = 0;

	if (one->recorded->rcpts == PST_RECORDED_RCPTS_NONE) {
		pst_buf_printf(buf, "%zu recipient%s", m->rcpt_count,
		    m->rcpt_count == 1 ? "" : "s");
		return;
	}
	for (; shown < m->rcpts.count && shown < max; shown++)
		pst_buf_printf(buf, "%s%s", shown == 0 ? "" : ", ",
		    pst_print_word(
			buf->arena, m->rcpts.items[shown], MAX_SHOWN));
	if (m->rcpt_count > shown)
		pst_buf_printf(buf, "%s%zu other%s", shown == 0 ? "" : " and ",
		    m->rcpt_count - shown,
		    m->rcpt_count - shown == 1 ? "" : "s");
}

/* The reply, and what would have been done. */
static void
add_reply(struct pst_buf *buf, const struct pst_message *m)
{
	const struct pst_decision *d = &m->decision;
	const char *reply = pst_explain_reply(buf->arena, d);

	if (m->done.failed != NULL) {
		pst_buf_printf(buf,
		    "The MTA did not carry out what was decided (%s failed).",
		    m->done.failed);
		return;
	}
	if (d->would != d->action && m->done.action == PST_ACTION_ACCEPT)
		pst_buf_printf(buf,
		    "This was not enforced; it would have been %s.",
		    deed(d->would));
	else if (reply != NULL)
		pst_buf_printf(buf, "The client got the reply \"%s\".", reply);
	else
		pst_buf_add_text(buf, "The reply was the MTA's own.");
}

static const char *
sentence(struct pst_arena *arena, const struct pst_explained *one)
{
	const struct pst_message *m = &one->recorded->message;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_PAGE);
	pst_buf_printf(&buf, "On %s UTC, a message",
	    pst_explained_time(arena, one->seen_s));
	if (m->findings.from.domain_count > 0) {
		pst_buf_add_text(&buf, " from ");
		add_from(&buf, &m->findings.from);
	} else {
		pst_buf_add_text(&buf, " without a valid From domain");
	}
	pst_buf_printf(&buf, ", sent by %s to ",
	    m->client.family == PST_IP_NONE ? "a local client" :
					      pst_ip_text(&m->client, ip));
	add_rcpts(&buf, one, 1);
	pst_buf_printf(&buf, ", was %s. ", deed(m->done.action));
	add_reply(&buf, m);
	pst_buf_add_char(&buf, '\n');
	return pst_buf_str(&buf);
}

/* ---- the sections ---- */

static void
add_line(struct pst_buf *buf, const char *label, const char *value)
{
	pst_print_label(buf, label);
	pst_buf_printf(buf, "%s\n", pst_print_or_dash(value));
}

static const char *
message_id(struct pst_arena *arena, const struct pst_message *m)
{
	const struct pst_header_field *field =
	    pst_header_find(m->header, "Message-ID", 1);

	return field == NULL ? NULL :
			       pst_print_word(arena, pst_str_trim(field->value),
				   PST_RECORDED_MAX_MESSAGE_ID);
}

static const char *
identifiers(struct pst_arena *arena, const struct pst_explained *one)
{
	const struct pst_message *m = &one->recorded->message;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_PAGE);
	add_line(&buf, "queue id", m->queue_id);
	add_line(&buf, "message", message_id(arena, m));
	pst_print_label(&buf, "from");
	add_from(&buf, &m->findings.from);
	pst_buf_add_text(&buf, "\n");
	add_line(
	    &buf, "mail from", pst_print_word(arena, m->mail_from, MAX_SHOWN));
	pst_print_label(&buf, "to");
	add_rcpts(&buf, one, MAX_NAMED);
	pst_buf_add_text(&buf, "\n");
	pst_print_label(&buf, "client");
	pst_buf_add_text(&buf, pst_print_or_dash(pst_ip_text(&m->client, ip)));
	/* Without a name, an MTA gives the address once more. */
	if (m->client_name[0] != '\0' && m->client_name[0] != '[')
		pst_buf_printf(&buf, " (%s)", m->client_name);
	if (m->via.family != PST_IP_NONE)
		pst_buf_printf(&buf, " by way of %s", pst_ip_text(&m->via, ip));
	pst_buf_add_text(&buf, "\n");
	add_line(&buf, "helo", pst_print_word(arena, m->helo, MAX_SHOWN));
	if (one->gateway != NULL)
		add_line(
		    &buf, "gateway", pst_escaped(arena, pst_str(one->gateway)));
	return pst_buf_str(&buf);
}

static const char *
spf_relation(const struct pst_spf *spf, const struct pst_dmarc *dmarc)
{
	if (dmarc->spf_aligned)
		return "aligned";
	if (dmarc->spf_undecided || dmarc->spf_may_align)
		return "not known";
	return spf->result == PST_RESULT_PASS ? "not aligned" :
						"does not count";
}

static const char *
sig_relation(const struct pst_dkim_sig *sig)
{
	if (sig->may_align)
		return "not known";
	if (sig->result == PST_RESULT_PASS)
		return sig->aligned ? "aligned" : "not aligned";
	return sig->aligned ? "aligned, but does not count" : "does not count";
}

/* Which identifiers are the author's. DMARC is about these only. */
static const char *
alignment(struct pst_arena *arena, const struct pst_message *m)
{
	const struct pst_findings *f = &m->findings;
	const struct pst_dmarc *dmarc =
	    f->dmarc.only == NULL ? &f->dmarc : f->dmarc.only;
	struct pst_buf buf;

	if (f->exempt != PST_EXEMPT_NO || dmarc->author_domain == NULL)
		return "";
	pst_buf_init(&buf, arena, MAX_PAGE);
	pst_print_label(&buf, "from");
	pst_buf_add_text(&buf, dmarc->author_domain);
	if (dmarc->org_domain != NULL)
		pst_buf_printf(
		    &buf, " (organizational domain %s)", dmarc->org_domain);
	pst_buf_add_text(&buf, "\n");
	pst_print_label(&buf, "spf");
	pst_buf_printf(&buf, "%s: %s, %s\n", pst_print_or_dash(f->spf.domain),
	    pst_result_word(f->spf.result), spf_relation(&f->spf, dmarc));
	for (size_t i = 0; i < f->dkim.count && i < MAX_NAMED; i++) {
		const struct pst_dkim_sig *sig = &f->dkim.sigs[i];

		pst_print_label(&buf, "dkim");
		pst_buf_printf(&buf, "%s: %s, %s\n",
		    pst_print_or_dash(sig->domain),
		    pst_result_word(sig->result), sig_relation(sig));
	}
	return pst_buf_str(&buf);
}

/* Prints a paragraph below the title of a section. */
static void
print_text(struct pst_arena *arena, const char *text)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_PAGE);
	pst_buf_printf(&buf, "%*s", INDENT, "");
	add_words(&buf, pst_str(text), INDENT);
	print(PST_UI_PLAIN, pst_buf_str(&buf), INDENT);
}

static void
print_rule(
    struct pst_arena *arena, const struct pst_remedy *remedy, const char *file)
{
	struct pst_str rest = pst_str(remedy->rule);

	print_text(arena, remedy->basis);
	puts("");
	while (rest.len > 0) {
		size_t end = pst_str_find(rest, '\n');

		printf(RULE_INDENT "%.*s\n", (int)end, rest.ptr);
		rest = pst_str_from(rest, end + 1);
	}
	puts("");
	print_text(arena,
	    pst_arena_printf(arena,
		"Paste it into %s above all other rules, then run \"postern "
		"config test\" and \"postern reload\".",
		file == NULL ? PST_CONFIG_DEFAULT_FILE :
			       pst_escaped(arena, pst_str(file))));
}

static void
print_remedy(struct pst_arena *arena, const struct pst_message *m,
    const struct pst_config *config)
{
	struct pst_remedy remedy;

	pst_remedy_of(arena, m, &remedy);
	if (remedy.sender == NULL)
		return;
	puts("\nWhat the sender has to change");
	print_text(arena, remedy.sender);
	puts("\nTo let it in meanwhile");
	if (remedy.rule == NULL)
		print_text(arena, remedy.instead);
	else
		print_rule(arena, &remedy, pst_config_file(config));
}

void
pst_explained_print(struct pst_arena *arena, const struct pst_explained *one,
    const struct pst_config *config)
{
	const struct pst_message *m = &one->recorded->message;

	print(tone_of(m), sentence(arena, one), 0);
	print_section(
	    arena, "Identifiers", identifiers(arena, one), PST_UI_PLAIN);
	print_section(
	    arena, "Checks", pst_explain_findings(arena, m), PST_UI_PLAIN);
	print_section(arena, "Alignment", alignment(arena, m), PST_UI_PLAIN);
	print_section(
	    arena, "DNS records", pst_explain_dns(arena, m), PST_UI_DIM);
	if (one->recorded->dns_cut)
		puts("  (some were too long to be kept)");
	print_section(
	    arena, "Decision", pst_explain_decision(arena, m), PST_UI_PLAIN);
	if (one->recorded->cut)
		puts("  (some of it was too long to be kept)");
	print_remedy(arena, m, config);
}

/* ---- JSON ---- */

struct members {
	struct pst_arena *arena;
	const struct pst_explained *one;
};

static void
json_rcpts(struct pst_json *json, const struct pst_explained *one)
{
	const struct pst_message *m = &one->recorded->message;

	pst_json_number(json, "rcpt_count", m->rcpt_count);
	pst_json_open_array(json, "rcpts");
	if (one->recorded->rcpts != PST_RECORDED_RCPTS_NONE) {
		for (size_t i = 0; i < m->rcpts.count; i++)
			pst_json_octets(json, NULL, m->rcpts.items[i]);
	}
	pst_json_close(json);
}

static void
json_remedy(struct pst_json *json, const struct members *members)
{
	struct pst_remedy remedy;

	pst_remedy_of(
	    members->arena, &members->one->recorded->message, &remedy);
	if (remedy.sender == NULL) {
		pst_json_null(json, "remedy");
		return;
	}
	pst_json_open_object(json, "remedy");
	pst_json_text(json, "sender", remedy.sender);
	pst_json_text(json, "rule", remedy.rule);
	pst_json_text(json, "basis", remedy.basis);
	pst_json_text(json, "instead", remedy.instead);
	pst_json_close(json);
}

static void
add_members(const void *arg, struct pst_json *json)
{
	const struct members *members = arg;
	const struct pst_explained *one = members->one;
	const struct pst_message *m = &one->recorded->message;

	pst_json_number(
	    json, "time", one->seen_s < 0 ? 0 : (uint64_t)one->seen_s);
	pst_json_text(json, "queue_id", m->queue_id);
	pst_json_text(json, "message_id", message_id(members->arena, m));
	if (one->gateway != NULL)
		pst_json_octets(json, "gateway", pst_str(one->gateway));
	json_rcpts(json, one);
	pst_json_text(json, "done", pst_action_word(m->done.action));
	pst_print_if_set(json, "failed", m->done.failed);
	pst_json_bool(
	    json, "cut", one->recorded->cut || one->recorded->dns_cut);
	json_remedy(json, members);
}

const char *
pst_explained_json(struct pst_arena *arena, const struct pst_explained *one)
{
	const struct members members = {arena, one};
	const struct pst_explain_source source = {
	    .add = add_members, .arg = &members};

	return pst_explain_saved_json(arena, &one->recorded->message, &source);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explained.h"

#include <time.h>

#include "base/buf.h"
#include "core/explain.h"
#include "core/print.h"

#define MAX_TEXT ((size_t)1024 * 1024)
/* The section for those who look closely. */
static const char dns_records[] = "DNS records";

#define MAX_NAMED 5   /* recipients that the page names */
#define MAX_SHOWN 200 /* octets of a value that the sender chose */

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

const char *
pst_explained_message_id(struct pst_arena *arena, const struct pst_message *m)
{
	const struct pst_header_field *field =
	    pst_header_find(m->header, "Message-ID", 1);

	return field == NULL ? NULL :
			       pst_print_word(arena, pst_str_trim(field->value),
				   PST_RECORDED_MAX_MESSAGE_ID);
}

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

static enum pst_explained_tone
tone_of(const struct pst_message *m)
{
	switch (m->done.action) {
	case PST_ACTION_ACCEPT:
		return m->decision.would == PST_ACTION_ACCEPT ?
		    PST_EXPLAINED_GOOD :
		    PST_EXPLAINED_WARN;
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
	case PST_ACTION_TEMPFAIL:
		return PST_EXPLAINED_WARN;
	case PST_ACTION_REJECT:
		break;
	}
	return PST_EXPLAINED_BAD;
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

	pst_buf_init(&buf, arena, MAX_TEXT);
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
identifiers(struct pst_arena *arena, const struct pst_explained *one)
{
	const struct pst_message *m = &one->recorded->message;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	add_line(&buf, "queue id", m->queue_id);
	add_line(&buf, "message", pst_explained_message_id(arena, m));
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
	pst_buf_init(&buf, arena, MAX_TEXT);
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

static void
add_section(struct pst_explained_page *page, const char *title,
    const char *lines, const char *note)
{
	if (lines[0] != '\0')
		page->sections[page->count++] = (struct pst_explained_section){
		    title, lines, note, title == dns_records};
}

static const char *
where(struct pst_arena *arena, const struct pst_config *config)
{
	const char *file = pst_config_file(config);

	return pst_arena_printf(arena,
	    "Paste it into %s above all other rules, then run \"postern config "
	    "test\" and \"postern reload\".",
	    file == NULL ? PST_CONFIG_DEFAULT_FILE :
			   pst_escaped(arena, pst_str(file)));
}

void
pst_explained_page(struct pst_arena *arena, const struct pst_explained *one,
    const struct pst_config *config, struct pst_explained_page *out)
{
	const struct pst_message *m = &one->recorded->message;

	*out = (struct pst_explained_page){
	    .tone = tone_of(m), .sentence = sentence(arena, one)};
	add_section(out, "Identifiers", identifiers(arena, one), NULL);
	add_section(out, "Checks", pst_explain_findings(arena, m), NULL);
	add_section(out, "Alignment", alignment(arena, m), NULL);
	add_section(out, dns_records, pst_explain_dns(arena, m),
	    one->recorded->dns_cut ? "some were too long to be kept" : NULL);
	add_section(out, "Decision", pst_explain_decision(arena, m),
	    one->recorded->cut ? "some of it was too long to be kept" : NULL);
	pst_remedy_of(arena, m, &out->remedy);
	if (out->remedy.rule != NULL)
		out->where = where(arena, config);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explain.h"

#include "base/buf.h"

#define MAX_LINE 1900
#define MAX_TEXT (1024 * 1024)

const char *
pst_explain_reply(struct pst_arena *arena, const struct pst_decision *decision)
{
	if (decision->code == 0)
		return NULL;
	return pst_arena_printf(
	    arena, "%u %s %s", decision->code, decision->xcode, decision->text);
}

static const char *
or_dash(const char *text)
{
	return text == NULL || *text == '\0' ? "-" : text;
}

/*
 * A list in the line ends after this many items or octets: the sender chooses
 * the names, and long ones must not push the action out of the line.
 */
#define LIST_MAX_ITEMS 4
#define LIST_MAX_BYTES 128

static bool
list_goes_on(const struct pst_buf *buf, size_t begin, size_t i, size_t count)
{
	return i < count && i < LIST_MAX_ITEMS &&
	    buf->len - begin < LIST_MAX_BYTES;
}

static void
list_end(struct pst_buf *buf, size_t i, size_t count)
{
	if (i < count)
		pst_buf_printf(buf, ",+%zu", count - i);
}

static void
add_from(struct pst_buf *buf, const struct pst_from *from)
{
	size_t begin = buf->len;
	size_t i;

	if (from->domain_count == 0)
		pst_buf_add_text(buf, pst_from_verdict_word(from->verdict));
	for (i = 0; list_goes_on(buf, begin, i, from->domain_count); i++)
		pst_buf_printf(
		    buf, "%s%s", i == 0 ? "" : ",", from->domains[i]);
	list_end(buf, i, from->domain_count);
}

/* "pass:example.com" for each signature. */
static void
add_dkim(struct pst_buf *buf, const struct pst_dkim *dkim)
{
	size_t begin = buf->len;
	size_t i;

	if (dkim->count == 0)
		pst_buf_add_text(buf, "none");
	for (i = 0; list_goes_on(buf, begin, i, dkim->count); i++) {
		pst_buf_printf(buf, "%s%s:%s", i == 0 ? "" : ",",
		    pst_result_word(dkim->sigs[i].result),
		    or_dash(dkim->sigs[i].domain));
	}
	list_end(buf, i, dkim->count);
}

static void
add_checks(struct pst_buf *buf, const struct pst_findings *f)
{
	const struct pst_dmarc *dmarc = &f->dmarc;

	if (f->exempt != PST_EXEMPT_NO) {
		pst_buf_add_text(buf, " spf=- dkim=- dmarc=- policy=-");
		return;
	}
	pst_buf_printf(buf, " spf=%s:%s dkim=", pst_result_word(f->spf.result),
	    or_dash(f->spf.domain));
	add_dkim(buf, &f->dkim);
	pst_buf_printf(buf, " dmarc=%s", pst_result_word(dmarc->result));
	if (dmarc->policy_domain == NULL)
		pst_buf_add_text(buf, " policy=-");
	else if (dmarc->tag == NULL)
		pst_buf_printf(buf, " policy=%s:-", dmarc->policy_domain);
	else
		pst_buf_printf(buf, " policy=%s:%s=%s", dmarc->policy_domain,
		    dmarc->tag, pst_dmarc_policy_word(dmarc->effective));
}

static void
add_decision(struct pst_buf *buf, const struct pst_decision *d)
{
	const char *quote = d->titled ? "\"" : "";

	pst_buf_printf(buf, " action=%s rule=%s%s%s",
	    pst_action_word(d->action), quote, d->rule, quote);
	if (d->would != d->action)
		pst_buf_printf(buf, " would=%s", pst_action_word(d->would));
}

/* Escapes blanks, too: a sender could otherwise add fields to the line. */
static void
add_envelope(struct pst_buf *buf, const char *label, struct pst_str value)
{
	struct pst_str word;
	bool more = true;
	bool first = true;

	pst_buf_printf(buf, " %s=", label);
	while (pst_str_split(&value, ' ', &word, &more)) {
		if (!first)
			pst_buf_add_text(buf, "\\x20");
		pst_buf_add_escaped(buf, word);
		first = false;
	}
}

const char *
pst_explain_line(struct pst_arena *arena, const struct pst_message *message)
{
	const struct pst_findings *f = &message->findings;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;
	struct pst_str line;

	pst_buf_init(&buf, arena, MAX_LINE);
	pst_buf_printf(&buf, "%s: from=",
	    message->queue_id[0] == '\0' ? "NOQUEUE" : message->queue_id);
	add_from(&buf, &f->from);
	add_checks(&buf, f);
	add_decision(&buf, &message->decision);
	if (f->dmarc.org_domain != NULL)
		pst_buf_printf(&buf, " org=%s", f->dmarc.org_domain);
	if (f->indirect != NULL)
		pst_buf_printf(&buf, " indirect=%s", f->indirect);
	if (f->has_iprev)
		pst_buf_printf(
		    &buf, " iprev=%s", pst_result_word(f->iprev.result));
	if (f->has_arc)
		pst_buf_printf(&buf, " arc=%s:%s",
		    pst_result_word(f->arc.result), or_dash(f->arc.sealer));
	pst_buf_printf(&buf, " dns=%zu time=%ums client=%s",
	    pst_dns_count(message->dns), message->elapsed_ms,
	    or_dash(pst_ip_text(&message->client, ip)));
	if (message->via.family != PST_IP_NONE)
		pst_buf_printf(&buf, " via=%s", pst_ip_text(&message->via, ip));
	add_envelope(&buf, "helo", pst_str_first(message->helo, 255));
	add_envelope(&buf, "mail-from", pst_str_first(message->mail_from, 320));
	/* If a hostile envelope makes the line too long, its end is cut. */
	line = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, line.ptr, line.len);
}

static void
row(struct pst_buf *buf, const char *label)
{
	pst_buf_printf(buf, "%-10s", label);
}

static void
text_envelope(struct pst_buf *buf, const struct pst_message *m)
{
	char ip[PST_IP_TEXT_SIZE];

	row(buf, "client");
	pst_buf_add_text(buf, or_dash(pst_ip_text(&m->client, ip)));
	if (m->client_name[0] != '\0')
		pst_buf_printf(buf, " (%s)", m->client_name);
	if (m->via.family != PST_IP_NONE)
		pst_buf_printf(buf, " via relay %s", pst_ip_text(&m->via, ip));
	pst_buf_add_text(buf, "\n");
	row(buf, "helo");
	pst_buf_add_escaped(buf, m->helo);
	pst_buf_add_text(buf, "\n");
	row(buf, "mail from");
	pst_buf_add_escaped(buf, m->mail_from);
	pst_buf_add_text(buf, "\n");
	row(buf, "from");
	add_from(buf, &m->findings.from);
	if (m->findings.from.why != NULL)
		pst_buf_printf(buf, " (%s)", m->findings.from.why);
	pst_buf_add_text(buf, "\n");
}

static void
text_sig(struct pst_buf *buf, const struct pst_dkim_sig *sig)
{
	row(buf, "dkim");
	pst_buf_printf(buf, "%s d=%s s=%s %s", pst_result_word(sig->result),
	    or_dash(sig->domain), or_dash(sig->selector),
	    or_dash(sig->algorithm));
	if (sig->bits != 0)
		pst_buf_printf(buf, " %u bits", sig->bits);
	if (sig->reason != NULL)
		pst_buf_printf(buf, ": %s", sig->reason);
	pst_buf_add_text(buf, sig->aligned ? ", aligned\n" : "\n");
}

static void
text_dmarc(struct pst_buf *buf, const struct pst_dmarc *dmarc)
{
	row(buf, "dmarc");
	pst_buf_add_text(buf, pst_result_word(dmarc->result));
	if (dmarc->tag != NULL) {
		pst_buf_printf(buf,
		    ": %s=%s at %s (organizational domain %s, %s)", dmarc->tag,
		    pst_dmarc_policy_word(dmarc->published),
		    dmarc->policy_domain, or_dash(dmarc->org_domain),
		    dmarc->discovery);
		if (dmarc->effective != dmarc->published)
			pst_buf_printf(buf, ", t=y lowers it to %s",
			    pst_dmarc_policy_word(dmarc->effective));
		pst_buf_printf(buf, "; aligned: %s%s%s",
		    dmarc->spf_aligned ? "spf" : "",
		    dmarc->spf_aligned && dmarc->dkim_aligned ? ", " : "",
		    dmarc->dkim_aligned    ? "dkim" :
			dmarc->spf_aligned ? "" :
					     "none");
	} else if (dmarc->policy_domain != NULL) {
		pst_buf_printf(
		    buf, ": no usable policy at %s", dmarc->policy_domain);
	}
	if (dmarc->fault != NULL)
		pst_buf_printf(buf, " (%s)", dmarc->fault);
	pst_buf_add_text(buf, "\n");
}

static void
text_arc(struct pst_buf *buf, const struct pst_arc *arc)
{
	row(buf, "arc");
	pst_buf_add_text(buf, pst_result_word(arc->result));
	if (arc->sealer != NULL)
		pst_buf_printf(buf, " by %s, sets %u, oldest pass %u",
		    arc->sealer, arc->sets, arc->oldest_pass);
	if (arc->reason != NULL)
		pst_buf_printf(buf, ": %s", arc->reason);
	pst_buf_add_text(buf, "\n");
}

static void
text_findings(struct pst_buf *buf, const struct pst_findings *f)
{
	if (f->exempt != PST_EXEMPT_NO) {
		row(buf, "checks");
		pst_buf_printf(buf, "none: client is exempt (%s)\n",
		    pst_exempt_word(f->exempt));
		return;
	}
	if (f->has_iprev) {
		row(buf, "iprev");
		pst_buf_printf(buf, "%s\n", pst_result_word(f->iprev.result));
	}
	row(buf, "spf");
	pst_buf_printf(buf, "%s for %s%s%s%s\n", pst_result_word(f->spf.result),
	    or_dash(f->spf.domain), f->spf.why == NULL ? "" : " (",
	    f->spf.why == NULL ? "" : f->spf.why,
	    f->spf.why == NULL ? "" : ")");
	for (size_t i = 0; i < f->dkim.count; i++)
		text_sig(buf, &f->dkim.sigs[i]);
	if (f->dkim.count == 0) {
		row(buf, "dkim");
		pst_buf_add_text(buf, "none\n");
	}
	text_dmarc(buf, &f->dmarc);
	if (f->has_arc)
		text_arc(buf, &f->arc);
	if (f->indirect != NULL) {
		row(buf, "indirect");
		pst_buf_printf(buf, "yes, signs: %s\n", f->indirect);
	}
}

/* Escapes the value: it may contain UTF-8 that the sender chose. */
static void
text_edit(struct pst_buf *buf, const struct pst_edit *edit)
{
	struct pst_str rest = pst_str(edit->value);
	struct pst_str line;
	bool more = true;

	row(buf, edit->op == PST_EDIT_DELETE ? "delete" : "insert");
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

	row(buf, "action");
	pst_buf_printf(buf, "%s, by rule %s%s%s", pst_action_word(d->action),
	    quote, d->rule, quote);
	if (d->would != d->action)
		pst_buf_printf(
		    buf, "; would %s if enforced", pst_action_word(d->would));
	if (d->skip)
		pst_buf_add_text(buf, "; the message is not changed");
	if (d->reason != PST_REASON_NONE)
		pst_buf_printf(
		    buf, "\n%-10s%s", "override", pst_reason_word(d->reason));
	if (d->comment != NULL)
		pst_buf_printf(buf, " (%s)", d->comment);
	pst_buf_add_text(buf, "\n");
	if (d->code != 0) {
		row(buf, "reply");
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
		pst_buf_add_escaped(buf, record->data);
		break;
	}
	pst_buf_add_text(buf, "\n");
}

static void
text_dns(struct pst_buf *buf, const struct pst_dns *dns)
{
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		row(buf, "dns");
		pst_buf_printf(buf, "%-4s ", pst_dns_type_word(entry->type));
		pst_buf_add_escaped(
		    buf, (struct pst_str){entry->name, entry->name_len});
		if (entry->answer == NULL) {
			pst_buf_add_text(buf, "  not waited for\n");
			continue;
		}
		pst_buf_printf(buf, "  %s ttl %u\n",
		    pst_dns_status_word(entry->answer->status),
		    entry->answer->ttl);
		for (size_t n = 0; n < entry->answer->count; n++)
			text_record(buf, entry, &entry->answer->records[n]);
	}
}

const char *
pst_explain_text(struct pst_arena *arena, const struct pst_message *message)
{
	struct pst_buf buf;
	struct pst_str text;

	pst_buf_init(&buf, arena, MAX_TEXT);
	text_envelope(&buf, message);
	text_findings(&buf, &message->findings);
	text_decision(&buf, arena, &message->decision);
	text_dns(&buf, message->dns);
	text = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, text.ptr, text.len);
}

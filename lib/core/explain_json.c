/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explain.h"

#include "base/buf.h"
#include "base/json.h"

static void
add_texts(struct pst_json *json, const char *key, const char *const *items,
    size_t count)
{
	pst_json_open_array(json, key);
	for (size_t i = 0; i < count; i++)
		pst_json_text(json, NULL, items[i]);
	pst_json_close(json);
}

/* For members that only some messages have. */
static void
add_if_set(struct pst_json *json, const char *key, const char *text)
{
	if (text != NULL)
		pst_json_text(json, key, text);
}

static void
add_client(struct pst_json *json, const struct pst_message *m)
{
	char ip[PST_IP_TEXT_SIZE];

	pst_json_open_object(json, "client");
	pst_json_text(json, "ip",
	    m->client.family == PST_IP_NONE ? NULL :
					      pst_ip_text(&m->client, ip));
	pst_json_text(json, "name", m->client_name);
	if (m->via.family != PST_IP_NONE)
		pst_json_text(json, "via", pst_ip_text(&m->via, ip));
	pst_json_close(json);
}

static void
add_from(struct pst_json *json, const struct pst_from *from)
{
	pst_json_open_object(json, "from");
	pst_json_text(json, "verdict", pst_from_verdict_word(from->verdict));
	add_texts(json, "domains", from->domains, from->domain_count);
	add_if_set(json, "why", from->why);
	pst_json_close(json);
}

static void
add_iprev(struct pst_json *json, const struct pst_iprev *iprev)
{
	pst_json_open_object(json, "iprev");
	pst_json_text(json, "result", pst_result_word(iprev->result));
	pst_json_text(json, "name", iprev->name);
	pst_json_close(json);
}

static void
add_spf(struct pst_json *json, const struct pst_spf *spf)
{
	pst_json_open_object(json, "spf");
	pst_json_text(json, "result", pst_result_word(spf->result));
	pst_json_text(json, "domain", spf->domain);
	pst_json_text(json, "identity",
	    spf->identity == PST_SPF_HELO ? "helo" : "mailfrom");
	pst_json_number(json, "lookups", spf->lookups);
	pst_json_number(json, "voids", spf->voids);
	add_if_set(json, "why", spf->why);
	add_if_set(json, "explanation", spf->explanation);
	pst_json_close(json);
}

static void
add_sig(struct pst_json *json, const struct pst_dkim_sig *sig)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "result", pst_result_word(sig->result));
	pst_json_text(json, "domain", sig->domain);
	pst_json_text(json, "selector", sig->selector);
	pst_json_text(json, "algorithm", sig->algorithm);
	pst_json_number(json, "bits", sig->bits);
	pst_json_text(json, "reason", sig->reason);
	pst_json_bool(json, "aligned", sig->aligned);
	pst_json_close(json);
}

/* Adds members to the object that is open. */
static void
add_published(struct pst_json *json, const struct pst_dmarc_record *r)
{
	pst_json_text(json, "p", pst_dmarc_policy_word(r->p));
	pst_json_text(json, "sp", pst_dmarc_policy_word(r->sp));
	pst_json_text(json, "np", pst_dmarc_policy_word(r->np));
	pst_json_text(json, "adkim", r->adkim_strict ? "s" : "r");
	pst_json_text(json, "aspf", r->aspf_strict ? "s" : "r");
	pst_json_text(json, "psd", pst_dmarc_psd_word(r->psd));
	pst_json_text(json, "t", r->test ? "y" : "n");
	pst_json_text(json, "fo", r->fo);
	add_texts(json, "rua", r->rua, r->rua_count);
	add_texts(json, "ruf", r->ruf, r->ruf_count);
	pst_json_octets(json, "record", r->text);
}

static void
add_dmarc(struct pst_json *json, const struct pst_dmarc *dmarc)
{
	bool applies = dmarc->policy_domain != NULL;

	pst_json_open_object(json, "dmarc");
	pst_json_text(json, "result", pst_result_word(dmarc->result));
	pst_json_text(json, "policy_domain", dmarc->policy_domain);
	pst_json_text(json, "org_domain", dmarc->org_domain);
	pst_json_open_object(json, "published");
	if (applies)
		add_published(json, &dmarc->record);
	pst_json_close(json);
	pst_json_text(json, "tag", applies ? dmarc->tag : NULL);
	pst_json_text(json, "effective",
	    pst_dmarc_policy_word(applies ? dmarc->effective : PST_DMARC_NONE));
	pst_json_open_array(json, "aligned_by");
	if (dmarc->spf_aligned)
		pst_json_text(json, NULL, "spf");
	if (dmarc->dkim_aligned)
		pst_json_text(json, NULL, "dkim");
	pst_json_close(json);
	pst_json_text(json, "discovery", dmarc->discovery);
	add_if_set(json, "fault", dmarc->fault);
	pst_json_close(json);
}

static void
add_arc(struct pst_json *json, const struct pst_arc *arc)
{
	pst_json_open_object(json, "arc");
	pst_json_text(json, "result", pst_result_word(arc->result));
	pst_json_text(json, "sealer", arc->sealer);
	pst_json_number(json, "sets", arc->sets);
	pst_json_number(json, "oldest_pass", arc->oldest_pass);
	pst_json_text(json, "reason", arc->reason);
	pst_json_close(json);
}

static void
add_checks(struct pst_json *json, const struct pst_findings *f)
{
	bool evaluated = f->exempt == PST_EXEMPT_NO;

	add_from(json, &f->from);
	if (evaluated && f->has_iprev)
		add_iprev(json, &f->iprev);
	else
		pst_json_null(json, "iprev");
	if (evaluated)
		add_spf(json, &f->spf);
	else
		pst_json_null(json, "spf");
	pst_json_open_array(json, "dkim");
	for (size_t i = 0; evaluated && i < f->dkim.count; i++)
		add_sig(json, &f->dkim.sigs[i]);
	pst_json_close(json);
	if (evaluated)
		add_dmarc(json, &f->dmarc);
	else
		pst_json_null(json, "dmarc");
	if (evaluated && f->has_arc)
		add_arc(json, &f->arc);
	else
		pst_json_null(json, "arc");
	pst_json_text(json, "indirect", f->indirect);
}

static void
add_edits(struct pst_json *json, const struct pst_decision *d)
{
	pst_json_open_array(json, "headers");
	for (size_t i = 0; i < d->edit_count; i++) {
		const struct pst_edit *edit = &d->edits[i];
		bool insert = edit->op == PST_EDIT_INSERT;

		pst_json_open_object(json, NULL);
		pst_json_text(json, "op", insert ? "insert" : "delete");
		pst_json_number(json, "index", edit->index);
		pst_json_text(json, "name", edit->name);
		pst_json_text(json, "value", insert ? edit->value : NULL);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
add_record(struct pst_json *json, struct pst_arena *arena,
    enum pst_dns_type type, const struct pst_dns_record *record)
{
	char ip[PST_IP_TEXT_SIZE];

	switch (type) {
	case PST_DNS_A:
	case PST_DNS_AAAA:
		pst_json_text(json, NULL, pst_ip_text(&record->ip, ip));
		return;
	case PST_DNS_MX:
		pst_json_text(json, NULL,
		    pst_arena_printf(arena, "%u %s", record->preference,
			pst_escaped(arena, record->data)));
		return;
	case PST_DNS_TXT:
	case PST_DNS_PTR:
		pst_json_octets(json, NULL, record->data);
		return;
	}
}

static void
add_entry(struct pst_json *json, struct pst_arena *arena,
    const struct pst_dns_entry *entry)
{
	const struct pst_dns_answer *answer = entry->answer;

	pst_json_open_object(json, NULL);
	pst_json_octets(
	    json, "name", (struct pst_str){entry->name, entry->name_len});
	pst_json_text(json, "type", pst_dns_type_word(entry->type));
	pst_json_text(json, "status",
	    answer == NULL ? "PENDING" : pst_dns_status_word(answer->status));
	pst_json_number(json, "ttl", answer == NULL ? 0 : answer->ttl);
	pst_json_open_array(json, "records");
	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		add_record(json, arena, entry->type, &answer->records[i]);
	pst_json_close(json);
	pst_json_close(json);
}

static void
add_dns(
    struct pst_json *json, struct pst_arena *arena, const struct pst_dns *dns)
{
	pst_json_open_array(json, "dns");
	for (size_t i = 0; i < pst_dns_count(dns); i++)
		add_entry(json, arena, pst_dns_at(dns, i));
	pst_json_close(json);
}

const char *
pst_explain_json(struct pst_arena *arena, const struct pst_message *message,
    const char *file_name, const char *envelope_source)
{
	const struct pst_decision *d = &message->decision;
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	if (file_name != NULL)
		pst_json_octets(json, "file", pst_str(file_name));
	add_client(json, message);
	pst_json_octets(json, "helo", message->helo);
	pst_json_octets(json, "mail_from", message->mail_from);
	add_if_set(json, "envelope_source", envelope_source);
	add_checks(json, &message->findings);
	pst_json_text(json, "action", pst_action_word(d->action));
	pst_json_text(json, "would", pst_action_word(d->would));
	pst_json_text(json, "rule", d->rule);
	pst_json_bool(json, "titled", d->titled);
	pst_json_text(json, "reason",
	    d->reason == PST_REASON_NONE ? NULL : pst_reason_word(d->reason));
	pst_json_text(json, "comment", d->comment);
	pst_json_text(json, "reply", pst_explain_reply(arena, d));
	pst_json_text(json, "quarantine", d->quarantine_reason);
	add_edits(json, d);
	add_dns(json, arena, message->dns);
	pst_json_close(json);
	return pst_json_end(json);
}
